/* Ordered key/value stores on disk, as Caffe's Data layer reads and its tools write them. A table
 * in database.c has an entry per backend; one that this build lacks answers with what to do. */
#ifndef LUNGO_STORE_DATABASE_H
#define LUNGO_STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"

/* Numbered as DataParameter.DB. */
typedef enum lungo_backend { LUNGO_LEVELDB = 0, LUNGO_LMDB = 1 } lungo_backend;

/* "lmdb", "leveldb". */
lungo_status lungo_backend_find(lungo_backend *out, const char *name);

/* Which one a folder holds, by its files. */
lungo_status lungo_backend_detect(lungo_backend *out, const char *path);

/* "LevelDB", "LMDB"; NULL beyond the last. An OK check: this build has it. */
const char *lungo_backend_title(size_t backend);
lungo_status lungo_backend_check(size_t backend);

typedef struct lungo_bytes {
    const void *data;
    size_t size;
} lungo_bytes;

/* ---- reading ---- */

/* A reader stands on one record or on none. It sees the store as it was when opened. One thread at
 * a time may use it; several readers, also of one path, do not disturb each other. */
typedef struct lungo_database lungo_database;

/* Stands on no record yet. An empty store is an error: nothing can be made of it. */
lungo_status lungo_database_open(lungo_database **out, lungo_backend backend, const char *path);
void lungo_database_close(lungo_database *database);

/* Records come in the order of their keys, byte by byte. *found: the move led to a record. Seek
 * goes to the first record whose key is not before `key`. From none, next goes to the first. */
lungo_status lungo_database_first(lungo_database *database, bool *found);
lungo_status lungo_database_next(lungo_database *database, bool *found);
lungo_status lungo_database_last(lungo_database *database, bool *found);
lungo_status lungo_database_seek(lungo_database *database, const void *key, size_t size,
                                 bool *found);

/* The record it stands on, until the next move; empty on none. */
lungo_bytes lungo_database_key(const lungo_database *database);
lungo_bytes lungo_database_value(const lungo_database *database);

/* Key and value of the record it stands on, which stay although the reader moves on: where they lie
 * in the store, or a copy in `memory`. */
lungo_status lungo_database_hold(const lungo_database *database, lungo_buffer *memory,
                                 lungo_bytes *key, lungo_bytes *value);

const char *lungo_database_path(const lungo_database *database);
lungo_status lungo_database_count(lungo_database *database, size_t *count);
/* Whether that is known without reading all records. */
bool lungo_database_counts(const lungo_database *database);

/* ---- writing ---- */

/* A new store grows under a temporary name beside `path` and takes that name when finished, so that
 * whatever happens on the way leaves no half-made store to be trained on. */
typedef struct lungo_database_writer lungo_database_writer;

/* Fails when anything exists at `path`. */
lungo_status lungo_database_create(lungo_database_writer **out, lungo_backend backend,
                                   const char *path);

/* A key that is there already gets the new value. Puts wait in memory for the next commit. */
lungo_status lungo_database_put(lungo_database_writer *writer, const void *key, size_t key_size,
                                const void *value, size_t value_size);
lungo_status lungo_database_commit(lungo_database_writer *writer);

/* Commits, makes it last, gives it its name; frees the writer, also on failure, which leaves
 * nothing; or all of it, if it is the folder around it that cannot be synced. */
lungo_status lungo_database_finish(lungo_database_writer *writer);
void lungo_database_abandon(lungo_database_writer *writer);

#endif
