/* What a backend of database.h provides. Its own structs begin with the ones here. */
#ifndef LUNGO_STORE_BACKEND_H
#define LUNGO_STORE_BACKEND_H

#include <dirent.h>

#include "store/database.h"

typedef enum lungo_database_move {
    LUNGO_MOVE_FIRST,
    LUNGO_MOVE_NEXT,
    LUNGO_MOVE_LAST,
    LUNGO_MOVE_SEEK
} lungo_database_move;

typedef struct lungo_backend_type {
    const char *name, *title; /* "lmdb" as in --backend=, "LMDB" as people write it */
    const char *marker;       /* a file that each store of this kind has in its folder */
    const char *log_file;     /* where Caffe says that it opened one */
    int log_line;
    bool counts;        /* knows how many records it has without reading them */
    bool lasting;       /* keys and values stay where they are until the reader is closed */
    const char *advice; /* NULL; or why this build lacks it and what to do: no functions   */

    lungo_status (*open)(lungo_database **out, const char *path);
    /* Sets base.key and base.value when *found. `key` is given for seek. */
    lungo_status (*move)(lungo_database *, lungo_database_move, lungo_bytes key, bool *found);
    lungo_status (*count)(lungo_database *, size_t *count);
    void (*close)(lungo_database *);

    /* `path` is an empty folder. Sync makes last what was committed, and nothing but discard
     * follows; discard closes. */
    lungo_status (*create)(lungo_database_writer **out, const char *path);
    lungo_status (*put)(lungo_database_writer *, lungo_bytes key, lungo_bytes value);
    lungo_status (*commit)(lungo_database_writer *);
    lungo_status (*sync)(lungo_database_writer *);
    void (*discard)(lungo_database_writer *);
} lungo_backend_type;

extern const lungo_backend_type lungo_backend_lmdb, lungo_backend_leveldb;

struct lungo_database {
    const lungo_backend_type *type; /* this and path: set by database.c after open */
    char *path;
    lungo_bytes key, value;
};

struct lungo_database_writer {
    const lungo_backend_type *type; /* all of it: set by database.c after create */
    char *path, *temporary;
    DIR *folder; /* the temporary one: held open, it can be emptied when nothing can be opened */
};

#endif
