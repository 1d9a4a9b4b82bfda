/* The pages of an LMDB file, read with every offset checked.
 *
 * liblmdb trusts what it maps: one damaged page, and it reads anywhere. So it only keeps the lock
 * and the transaction, which hold the pages of a snapshot still and for which it looks at the two
 * header pages alone; the way through the tree to the records is here. A page is checked each time
 * that the cursor comes to it, and nothing is read before: opening costs the same for any size. */
#ifndef LUNGO_STORE_LMDB_PAGES_H
#define LUNGO_STORE_LMDB_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

enum { LUNGO_LMDB_DEEPEST = 32 }; /* levels of a tree: liblmdb's own limit */

typedef struct lungo_lmdb_pages {
    const unsigned char *map;
    size_t size, page_size;
    uint64_t page_count;
    uint64_t root, entries;
    int depth; /* levels of the tree; 0: it is empty */

    /* The cursor: the page and the place in it on each level; and how many records it has passed
     * since it was set, so that pages that lead in a circle come to an end. */
    bool set;
    uint64_t at[LUNGO_LMDB_DEEPEST];
    unsigned index[LUNGO_LMDB_DEEPEST];
    uint64_t passed;
    lungo_bytes key, value; /* of the record it is at; they stay until the pages are closed */
} lungo_lmdb_pages;

/* Whether the header of `folder`'s data.mdb is one that liblmdb may be given. */
lungo_status lungo_lmdb_check_header(const char *folder);

/* The pages as of a transaction that is open on the file; `folder` is for errors. */
lungo_status lungo_lmdb_pages_open(lungo_lmdb_pages *pages, int file, uint64_t transaction,
                                   const char *folder);
void lungo_lmdb_pages_close(lungo_lmdb_pages *pages);

/* As the moves of store/database.h. */
lungo_status lungo_lmdb_pages_first(lungo_lmdb_pages *pages, bool *found);
lungo_status lungo_lmdb_pages_last(lungo_lmdb_pages *pages, bool *found);
lungo_status lungo_lmdb_pages_next(lungo_lmdb_pages *pages, bool *found);
lungo_status lungo_lmdb_pages_seek(lungo_lmdb_pages *pages, lungo_bytes key, bool *found);

#endif
