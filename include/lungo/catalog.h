/* What this build knows: the layer types, from the same tables that build the nets; the
 * stores; the BLAS. */
#ifndef LUNGO_CATALOG_H
#define LUNGO_CATALOG_H

#include <stdbool.h>
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
    bool in_place;           /* a top may be the bottom of the same index */
    const char *page;        /* what it computes, its bottoms, tops, weights and gradients: text */
    const char *differences; /* from Caffe: text; "" when there are none */
    const char *example;     /* a prototxt; its comments `# x: 2 3` are the shapes of its bottoms */
} lungo_catalog_entry;

/* In alphabetical order, capitals first. */
size_t lungo_catalog_count(void);
lungo_catalog_entry lungo_catalog_get(size_t index);

/* The fields of a params[] message one by one: name, type ("float", "enum PoolMethod",
 * "FillerParameter", "repeated uint32"), default as text ("" when it has none), and what it is for
 * ("" where the schema says nothing). Returns 0 beyond the last. */
typedef struct lungo_catalog_field {
    char name[64], type[96], fallback[96];
    char values[160]; /* of an enum: its names, "MAX, AVE, STOCHASTIC" */
    const char *note;
} lungo_catalog_field;
int lungo_catalog_field_get(lungo_catalog_field *out, const char *param, size_t index);

/* LevelDB, LMDB, HDF5 one by one, and whether this build reads and writes them; name NULL: beyond
 * the last. */
typedef struct lungo_catalog_store {
    const char *name;
    int available;
} lungo_catalog_store;
lungo_catalog_store lungo_catalog_store_get(size_t index);

/* What multiplies matrices, as it describes itself: "OpenBLAS 0.3.21 ... USE_OPENMP Haswell
 * MAX_THREADS=64", with the processor that its kernels are for. */
const char *lungo_catalog_blas(void);

#ifdef __cplusplus
}
#endif
#endif
