/* Stores of which a process may have only one open per place: found by the identity of a file or
 * folder, counted, closed after the last user. */
#ifndef LUNGO_STORE_SHARED_H
#define LUNGO_STORE_SHARED_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/error.h"

/* The beginning of whatever is shared; all but `close` is set by lungo_shared_acquire. */
typedef struct lungo_shared {
    dev_t device;
    ino_t inode;
    size_t users;
    struct lungo_shared *next;
    void (*close)(struct lungo_shared *); /* also frees it */
} lungo_shared;

typedef lungo_status lungo_shared_open(lungo_shared **out, const struct stat *info,
                                       const char *path);

/* The one that belongs to the file `identity`, or a new one by open(&new, its stat, path). */
lungo_status lungo_shared_acquire(lungo_shared **out, const char *identity, lungo_shared_open *open,
                                  const char *path);
void lungo_shared_release(lungo_shared *shared);

#endif
