/* LevelDB, through its C API: a reader is an iterator, which sees the records of the moment it was
 * made; a writer gathers puts in a batch and writes it at the commit.
 *
 * LevelDB lets one process open a database, and that once: readers within this process share it
 * (store/shared.h). Opening writes, too: logs are turned into tables. A database that this process
 * may not write, or that another one has, is read through leveldb_view.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <leveldb/c.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/backend.h"
#include "store/leveldb_view.h"
#include "store/shared.h"

/* The call's text in a lungo_status; frees it. */
static lungo_status check(char *reason, const char *action) {
    if (!reason) return LUNGO_OK;
    bool damaged = strstr(reason, "Corruption") != NULL;
    lungo_status status = lungo_fail(damaged ? LUNGO_ERR_FORMAT : LUNGO_ERR_FILE,
                                     "LevelDB: cannot %s: %s", action, reason);
    leveldb_free(reason);
    return status;
}

/* It may not be written, or another process has it open. */
static bool is_barred(const char *reason) {
    return strstr(reason, "lock") || strstr(reason, "LOCK") || strstr(reason, "ermission denied") ||
           strstr(reason, "ead-only");
}

/* Caffe's settings; and damage is an error instead of records that are silently left out. */
static leveldb_options_t *make_options(bool create) {
    leveldb_options_t *options = leveldb_options_create();
    leveldb_options_set_block_size(options, 65536);
    leveldb_options_set_write_buffer_size(options, 268435456);
    leveldb_options_set_max_open_files(options, 100);
    leveldb_options_set_compression(options, leveldb_snappy_compression);
    leveldb_options_set_create_if_missing(options, create);
    leveldb_options_set_error_if_exists(options, create);
    leveldb_options_set_paranoid_checks(options, 1);
    return options;
}

static char *open_at(leveldb_t **out, const char *path, bool create) {
    char *reason = NULL;
    leveldb_options_t *options = make_options(create);
    *out = leveldb_open(options, path, &reason);
    leveldb_options_destroy(options);
    return reason;
}

/* ---- reading ---- */

typedef struct shared_db {
    lungo_shared shared; /* by the identity of the folder */
    leveldb_t *db;
    char *view; /* what is open in its place; NULL: itself */
} shared_db;

typedef struct reader {
    lungo_database base;
    shared_db *db;
    leveldb_iterator_t *iterator;
    bool placed; /* the iterator stands on a record */
} reader;

static void close_db(lungo_shared *shared) {
    shared_db *db = (shared_db *)shared;
    if (db->db) leveldb_close(db->db);
    lungo_leveldb_view_remove(db->view);
    free(db);
}

static lungo_status open_view(shared_db *db, char *barred, const char *path) {
    lungo_note("%s; '%s' is read through a folder of links", barred, path);
    leveldb_free(barred);
    LUNGO_TRY(lungo_leveldb_view_make(&db->view, path));
    return check(open_at(&db->db, db->view, false), "open it");
}

static lungo_status open_db(lungo_shared **out, const struct stat *folder, const char *path) {
    (void)folder;
    shared_db *db = calloc(1, sizeof *db);
    if (!db) return lungo_fail_memory("a LevelDB", sizeof *db);
    db->shared.close = close_db;
    char *reason = open_at(&db->db, path, false);
    lungo_status status =
        reason && is_barred(reason) ? open_view(db, reason, path) : check(reason, "open it");
    if (status) {
        close_db(&db->shared);
        return status;
    }
    *out = &db->shared;
    return LUNGO_OK;
}

static leveldb_iterator_t *new_iterator(const reader *self, bool keep) {
    leveldb_readoptions_t *options = leveldb_readoptions_create();
    leveldb_readoptions_set_verify_checksums(options, 1);
    leveldb_readoptions_set_fill_cache(options, keep);
    leveldb_iterator_t *iterator = leveldb_create_iterator(self->db->db, options);
    leveldb_readoptions_destroy(options);
    return iterator;
}

static lungo_status check_iterator(const leveldb_iterator_t *iterator) {
    char *reason = NULL;
    leveldb_iter_get_error(iterator, &reason);
    return check(reason, "read a record");
}

static void close_reader(lungo_database *database) {
    reader *self = (reader *)database;
    if (self->iterator) leveldb_iter_destroy(self->iterator);
    if (self->db) lungo_shared_release(&self->db->shared);
    free(self);
}

static lungo_status open_parts(reader *self, const char *path) {
    lungo_shared *shared;
    LUNGO_TRY(lungo_shared_acquire(&shared, path, open_db, path));
    self->db = (shared_db *)shared;
    self->iterator = new_iterator(self, true);
    leveldb_iter_seek_to_first(self->iterator);
    LUNGO_TRY(check_iterator(self->iterator));
    if (leveldb_iter_valid(self->iterator)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA, "LevelDB is empty: expected at least one record, got none");
}

static lungo_status open_reader(lungo_database **out, const char *path) {
    reader *self = calloc(1, sizeof *self);
    if (!self) return lungo_fail_memory("a reader of LevelDB", sizeof *self);
    lungo_status status = open_parts(self, path);
    if (status) {
        close_reader(&self->base);
        return lungo_trail("in database '%s'", path);
    }
    *out = &self->base;
    return LUNGO_OK;
}

static void move_iterator(reader *self, lungo_database_move how, lungo_bytes at) {
    if (how == LUNGO_MOVE_SEEK)
        leveldb_iter_seek(self->iterator, at.data, at.size);
    else if (how == LUNGO_MOVE_LAST)
        leveldb_iter_seek_to_last(self->iterator);
    else if (how == LUNGO_MOVE_FIRST || !self->placed)
        leveldb_iter_seek_to_first(self->iterator);
    else
        leveldb_iter_next(self->iterator);
}

static lungo_status move_reader(lungo_database *database, lungo_database_move how, lungo_bytes at,
                                bool *found) {
    reader *self = (reader *)database;
    move_iterator(self, how, at);
    *found = self->placed = leveldb_iter_valid(self->iterator);
    if (!*found) return check_iterator(self->iterator);
    database->key.data = leveldb_iter_key(self->iterator, &database->key.size);
    database->value.data = leveldb_iter_value(self->iterator, &database->value.size);
    return LUNGO_OK;
}

/* LevelDB keeps no count: this reads it from end to end. */
static lungo_status count_records(lungo_database *database, size_t *count) {
    leveldb_iterator_t *iterator = new_iterator((reader *)database, false);
    *count = 0;
    for (leveldb_iter_seek_to_first(iterator); leveldb_iter_valid(iterator);
         leveldb_iter_next(iterator))
        ++*count;
    lungo_status status = check_iterator(iterator);
    leveldb_iter_destroy(iterator);
    return status;
}

/* ---- writing ---- */

typedef struct writer {
    lungo_database_writer base;
    leveldb_t *db;
    leveldb_writebatch_t *pending;
} writer;

static void discard_writer(lungo_database_writer *base) {
    writer *self = (writer *)base;
    if (self->pending) leveldb_writebatch_destroy(self->pending);
    if (self->db) leveldb_close(self->db);
    free(self);
}

static lungo_status create_writer(lungo_database_writer **out, const char *path) {
    writer *self = calloc(1, sizeof *self);
    if (!self) return lungo_fail_memory("a writer of LevelDB", sizeof *self);
    lungo_status status = check(open_at(&self->db, path, true), "create it");
    if (status) {
        discard_writer(&self->base);
        return status;
    }
    self->pending = leveldb_writebatch_create();
    *out = &self->base;
    return LUNGO_OK;
}

/* Sizes are 32-bit numbers in LevelDB's files. */
static lungo_status put(lungo_database_writer *base, lungo_bytes key, lungo_bytes value) {
    writer *self = (writer *)base;
    if (key.size < 1 || key.size > INT_MAX || value.size > INT_MAX)
        return lungo_fail(
            LUNGO_ERR_USAGE,
            "LevelDB: expected a key of 1 to %d bytes and a value of at most as many, "
            "got %zu and %zu",
            INT_MAX, key.size, value.size);
    leveldb_writebatch_put(self->pending, key.data, key.size, value.data, value.size);
    return LUNGO_OK;
}

static lungo_status commit(lungo_database_writer *base) {
    writer *self = (writer *)base;
    char *reason = NULL;
    leveldb_writeoptions_t *options = leveldb_writeoptions_create();
    leveldb_write(self->db, options, self->pending, &reason);
    leveldb_writeoptions_destroy(options);
    leveldb_writebatch_clear(self->pending);
    return check(reason, "write records");
}

static lungo_status sync_file(int folder, const char *name) {
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fsync(file)) {
        lungo_status status = lungo_fail_errno("sync", name);
        if (file >= 0) close(file);
        return status;
    }
    close(file);
    return LUNGO_OK;
}

/* Closing waits for LevelDB's own thread, so that nothing is written after what is synced here. */
static lungo_status sync_writer(lungo_database_writer *base) {
    writer *self = (writer *)base;
    leveldb_close(self->db);
    self->db = NULL;
    lungo_status status = LUNGO_OK;
    rewinddir(base->folder);
    for (struct dirent *entry; !status && (entry = readdir(base->folder));)
        if (entry->d_name[0] != '.') status = sync_file(dirfd(base->folder), entry->d_name);
    return status;
}

const lungo_backend_type lungo_backend_leveldb = {
    .name = "leveldb",
    .title = "LevelDB",
    .marker = "CURRENT",
    .log_file = "db_leveldb.cpp",
    .log_line = 18,
    .open = open_reader,
    .move = move_reader,
    .count = count_records,
    .close = close_reader,
    .create = create_writer,
    .put = put,
    .commit = commit,
    .sync = sync_writer,
    .discard = discard_writer,
};
