/* What this build knows: the layer types, from the same tables that build the nets. */
#ifndef LUNGO_CATALOG_H
#define LUNGO_CATALOG_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lungo_catalog_entry {
    const char *name;        /* "InnerProduct" */
    const char *family;      /* "common" */
    const char *brief;       /* one sentence */
    int bottoms[2], tops[2]; /* least and most; -1: any number */
    const char *params[4];   /* LayerParameter fields it reads, NULL-terminated */
} lungo_catalog_entry;

/* In alphabetical order, capitals first. */
size_t lungo_catalog_count(void);
lungo_catalog_entry lungo_catalog_get(size_t index);

/* The fields of a params[] message one by one: name, type ("float", "enum PoolMethod",
 * "FillerParameter", "repeated uint32"), default as text ("" when it has none). Returns 0 beyond
 * the last. */
typedef struct lungo_catalog_field {
    char name[64], type[96], fallback[96];
} lungo_catalog_field;
int lungo_catalog_field_get(lungo_catalog_field *out, const char *param, size_t index);

#ifdef __cplusplus
}
#endif
#endif
