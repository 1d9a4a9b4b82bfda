/* Storage: the memory under blobs. Several blobs may stand on one; the last one to leave frees it.
 */
#ifndef LUNGO_BLOB_STORAGE_H
#define LUNGO_BLOB_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct lungo_storage {
    float *values;   /* 64-byte aligned; NULL before lungo_storage_allocate */
    size_t needed;   /* floats that the largest blob on it wants */
    size_t capacity; /* floats that are there */
    uint64_t
        version;    /* grows with every access that may write: copies derived from it check this */
    unsigned users; /* blobs that stand on it */
    bool lent;      /* `values` belong to somebody else, e.g. to a net's parameter block */
    bool stale;     /* counts as zeros whatever it holds: the next writer overwrites it */
} lungo_storage;

lungo_status lungo_storage_new(lungo_storage **out);
lungo_storage *
lungo_storage_share(lungo_storage *storage);      /* one user more; returns its argument */
void lungo_storage_leave(lungo_storage *storage); /* one user less; NULL is fine */

/* Room for `needed` floats; new memory is zeroed, old contents are void when it grows. */
lungo_status lungo_storage_allocate(lungo_storage *storage, const char *name);

/* Stand on `values` (room for `needed`) that somebody else owns. */
void lungo_storage_lend(lungo_storage *storage, float *values);

/* 64-byte aligned zeroed floats for free(); NULL when out of memory. */
float *lungo_new_floats(size_t count);

#endif
