/* LMDB: a reader is a walk through the pages (lmdb_pages.h) that a read-only transaction keeps; a
 * writer gathers puts and writes them in one transaction per commit, so that it can do so again
 * when the memory map turns out too small. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/backend.h"
#include "store/lmdb_env.h"

/* ---- reading ---- */

typedef struct reader {
    lungo_database base;
    lungo_lmdb_env *env;
    MDB_txn *txn;
    lungo_lmdb_pages pages;
} reader;

static void close_reader(lungo_database *database) {
    reader *self = (reader *)database;
    lungo_lmdb_pages_close(&self->pages);
    if (self->txn) mdb_txn_abort(self->txn);
    if (self->env) lungo_lmdb_env_release(self->env);
    free(self);
}

static lungo_status count_records(lungo_database *database, size_t *count) {
    *count = ((reader *)database)->pages.entries;
    return LUNGO_OK;
}

static lungo_status open_parts(reader *self, const char *path) {
    LUNGO_TRY(lungo_lmdb_env_acquire(&self->env, path));
    LUNGO_TRY(lungo_lmdb_begin_reading(&self->txn, &self->pages, self->env, path));
    if (self->pages.entries > 0) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_DATA, "LMDB is empty: expected at least one record, got none");
}

static lungo_status open_reader(lungo_database **out, const char *path) {
    reader *self = calloc(1, sizeof *self);
    if (!self) return lungo_fail_memory("a reader of LMDB", sizeof *self);
    lungo_status status = open_parts(self, path);
    if (status) {
        close_reader(&self->base);
        return lungo_trail("in database '%s'", path);
    }
    *out = &self->base;
    return LUNGO_OK;
}

static lungo_status move_pages(lungo_lmdb_pages *pages, lungo_database_move how, lungo_bytes key,
                               bool *found) {
    switch (how) {
    case LUNGO_MOVE_FIRST:
        return lungo_lmdb_pages_first(pages, found);
    case LUNGO_MOVE_NEXT:
        return lungo_lmdb_pages_next(pages, found);
    case LUNGO_MOVE_LAST:
        return lungo_lmdb_pages_last(pages, found);
    default:
        return lungo_lmdb_pages_seek(pages, key, found);
    }
}

static lungo_status move_reader(lungo_database *database, lungo_database_move how, lungo_bytes at,
                                bool *found) {
    reader *self = (reader *)database;
    LUNGO_TRY(move_pages(&self->pages, how, at, found));
    if (!*found) return LUNGO_OK;
    database->key = self->pages.key;
    database->value = self->pages.value;
    return LUNGO_OK;
}

/* ---- writing ---- */

typedef struct writer {
    lungo_database_writer base;
    MDB_env *env;
    lungo_buffer pending; /* of each put: the two sizes, the key, the value */
} writer;

typedef struct sizes {
    size_t key, value;
} sizes;

static void discard_writer(lungo_database_writer *base) {
    writer *self = (writer *)base;
    if (self->env) mdb_env_close(self->env);
    lungo_buffer_dispose(&self->pending);
    free(self);
}

/* NOSYNC: a store that a crash left unfinished is thrown away anyhow; sync_writer makes it last. */
static lungo_status open_for_writing(writer *self, const char *path) {
    LUNGO_TRY(lungo_lmdb_check(mdb_env_create(&self->env), "create it"));
    return lungo_lmdb_check(mdb_env_open(self->env, path, MDB_NOSYNC, 0664), "create it");
}

static lungo_status create_writer(lungo_database_writer **out, const char *path) {
    writer *self = calloc(1, sizeof *self);
    if (!self) return lungo_fail_memory("a writer of LMDB", sizeof *self);
    lungo_status status = open_for_writing(self, path);
    if (status) {
        discard_writer(&self->base);
        return status;
    }
    *out = &self->base;
    return LUNGO_OK;
}

static lungo_status put(lungo_database_writer *base, lungo_bytes key, lungo_bytes value) {
    writer *self = (writer *)base;
    size_t longest = (size_t)mdb_env_get_maxkeysize(self->env);
    if (key.size < 1 || key.size > longest)
        return lungo_fail(LUNGO_ERR_USAGE,
                          "LMDB: expected a key of 1 to %zu bytes, got %zu: '%.*s'", longest,
                          key.size, (int)(key.size < 600 ? key.size : 600), (const char *)key.data);
    if (value.size > UINT32_MAX)
        return lungo_fail(LUNGO_ERR_USAGE, "LMDB: expected a value of at most %u bytes, got %zu",
                          UINT32_MAX, value.size);
    sizes header = {key.size, value.size};
    lungo_buffer_append(&self->pending, &header, sizeof header);
    lungo_buffer_append(&self->pending, key.data, key.size);
    lungo_buffer_append(&self->pending, value.data, value.size);
    if (!self->pending.failed) return LUNGO_OK;
    return lungo_fail_memory("records that wait to be written", self->pending.length);
}

static int put_pending(MDB_txn *txn, const lungo_buffer *pending) {
    MDB_dbi dbi;
    int code = mdb_dbi_open(txn, NULL, 0, &dbi);
    for (char *at = pending->bytes, *end = at + pending->length; !code && at < end;) {
        sizes header;
        memcpy(&header, at, sizeof header);
        at += sizeof header;
        MDB_val key = {header.key, at}, value = {header.value, at + header.key};
        code = mdb_put(txn, dbi, &key, &value, 0);
        at += header.key + header.value;
    }
    return code;
}

static int write_pending(writer *self) {
    MDB_txn *txn;
    int code = mdb_txn_begin(self->env, NULL, 0, &txn);
    if (code) return code;
    code = put_pending(txn, &self->pending);
    if (!code) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return code;
}

static int double_map(MDB_env *env) {
    MDB_envinfo info;
    int code = mdb_env_info(env, &info);
    if (code) return code;
    if (info.me_mapsize > SIZE_MAX / 2) return ENOMEM;
    return mdb_env_set_mapsize(env, info.me_mapsize * 2);
}

static lungo_status commit(lungo_database_writer *base) {
    writer *self = (writer *)base;
    if (self->pending.length == 0) return LUNGO_OK;
    int code;
    while ((code = write_pending(self)) == MDB_MAP_FULL)
        LUNGO_TRY(lungo_lmdb_check(double_map(self->env), "make its memory map larger"));
    lungo_buffer_clear(&self->pending);
    return lungo_lmdb_check(code, "write records");
}

static lungo_status sync_writer(lungo_database_writer *base) {
    return lungo_lmdb_check(mdb_env_sync(((writer *)base)->env, 1), "sync it");
}

const lungo_backend_type lungo_backend_lmdb = {
    .name = "lmdb",
    .title = "LMDB",
    .marker = "data.mdb",
    .log_file = "db_lmdb.cpp",
    .log_line = 35,
    .counts = true,
    .lasting = true,
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
