/* Storage: the memory under blobs. Several blobs may stand on one; the last one to leave frees it.
 *
 * Values are row-major. A storage may hold them a second time, blocked by channels, for steps that
 * compute in that layout. Whoever writes one of the two makes the other stale, and a stale one is
 * remade when somebody reads it; so everyone sees the same values in the layout they ask for, and
 * values that only such steps touch are never laid out row by row.
 */
#ifndef LUNGO_BLOB_STORAGE_H
#define LUNGO_BLOB_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "kernels/blocked.h"

typedef struct lungo_storage {
    float *values;   /* 64-byte aligned; NULL before lungo_storage_allocate */
    size_t needed;   /* floats that the largest blob on it wants */
    size_t capacity; /* floats that are there */
    uint64_t
        version;    /* grows with every access that may write: copies derived from it check this */
    unsigned users; /* blobs that stand on it */
    bool lent;      /* `values` belong to somebody else, e.g. to a net's parameter block */
    bool stale;     /* counts as zeros whatever it holds: the next writer overwrites it */
    bool pinned;    /* somebody may look at any time: plan/memory.c leaves it alone */

    lungo_blocked layout; /* of `blocked`; lanes 0: there is none */
    float *blocked;       /* 64-byte aligned */
    size_t blocked_capacity;
    bool blocked_lent;
    bool values_stale, blocked_stale; /* the other one is newer; never both */
    bool values_used, blocked_used;   /* somebody has asked for them: their pages take memory */
} lungo_storage;

/* Read; or write all (what was there is void); or read and write. */
typedef enum lungo_access { LUNGO_READ, LUNGO_OVERWRITE, LUNGO_UPDATE } lungo_access;

lungo_status lungo_storage_new(lungo_storage **out);
lungo_storage *
lungo_storage_share(lungo_storage *storage);      /* one user more; returns its argument */
void lungo_storage_leave(lungo_storage *storage); /* one user less; NULL is fine */

/* Room for `needed` floats; new memory is zeroed, old contents are void when it grows. */
lungo_status lungo_storage_allocate(lungo_storage *storage, const char *name);

/* Stand on `values` (room for `needed`) that somebody else owns. */
void lungo_storage_lend(lungo_storage *storage, float *values);

/* The same for both layouts, which then hold nothing: the next access has to overwrite. NULL for a
 * layout that has no memory. */
void lungo_storage_lend_both(lungo_storage *storage, float *values, float *blocked);

/* Memory of its own, with void contents, in place of what was lent. */
lungo_status lungo_storage_own(lungo_storage *storage, const char *name);

/* Room for the values in this layout, too. Another layout than before: what it held is kept. */
lungo_status lungo_storage_block(lungo_storage *storage, const lungo_blocked *layout,
                                 const char *name);

/* The values in either layout. NULL when nothing is allocated. */
float *lungo_storage_values(lungo_storage *storage, lungo_access access);
float *lungo_storage_blocked(lungo_storage *storage, lungo_access access);

/* 64-byte aligned zeroed floats for lungo_free_floats; NULL when out of memory. Pages of a large
 * array take no memory before somebody touches them. */
float *lungo_new_floats(size_t count);
void lungo_free_floats(float *values); /* NULL is fine */

#endif
