/* The table of backends, and what all of them share: whether a path can be what it should be,
 * texts, and a writer's temporary name. */
#include "store/database.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "store/backend.h"

static const lungo_backend_type *const backends[] = {
    [LUNGO_LEVELDB] = &lungo_backend_leveldb,
    [LUNGO_LMDB] = &lungo_backend_lmdb,
};
enum { BACKENDS = sizeof backends / sizeof *backends };

lungo_status lungo_backend_find(lungo_backend *out, const char *name) {
    for (int i = 0; i < BACKENDS; i++) {
        if (strcmp(backends[i]->name, name)) continue;
        *out = (lungo_backend)i;
        return LUNGO_OK;
    }
    return lungo_fail(LUNGO_ERR_USAGE, "unknown backend '%s': expected lmdb or leveldb", name);
}

const char *lungo_backend_title(size_t backend) {
    return backend < BACKENDS ? backends[backend]->title : NULL;
}

lungo_status lungo_backend_check(size_t backend) {
    const lungo_backend_type *type = backends[backend];
    return type->advice ? lungo_fail(LUNGO_ERR_UNSUPPORTED, "%s", type->advice) : LUNGO_OK;
}

/* A binary message may hold any number. */
static lungo_status type_of(const lungo_backend_type **out, lungo_backend backend) {
    if ((unsigned)backend >= BACKENDS)
        return lungo_fail(LUNGO_ERR_CONFIG, "unknown backend %d: expected 0 (LEVELDB) or 1 (LMDB)",
                          (int)backend);
    *out = backends[backend];
    return LUNGO_OK;
}

static lungo_status look_for(bool *found, const char *folder, const char *name) {
    lungo_buffer path = {0};
    lungo_buffer_printf(&path, "%s/%s", folder, name);
    lungo_status status = path.failed ? lungo_fail_memory("a path", path.length) : LUNGO_OK;
    if (!status) *found = lungo_file_exists(path.bytes);
    lungo_buffer_dispose(&path);
    return status;
}

/* The backend whose marker the folder has; BACKENDS: none. */
static lungo_status find_marked(int *out, const char *folder) {
    bool found = false;
    for (*out = 0; *out < BACKENDS; ++*out) {
        LUNGO_TRY(look_for(&found, folder, backends[*out]->marker));
        if (found) break;
    }
    return LUNGO_OK;
}

lungo_status lungo_backend_detect(lungo_backend *out, const char *path) {
    struct stat info;
    int marked;
    if (stat(path, &info)) return lungo_fail_errno("open database", path);
    LUNGO_TRY(find_marked(&marked, path));
    *out = (lungo_backend)marked;
    if (marked < BACKENDS) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FILE,
                      "cannot open database '%s': expected a folder of LMDB (with a file %s) or of "
                      "LevelDB (with a file %s)",
                      path, backends[LUNGO_LMDB]->marker, backends[LUNGO_LEVELDB]->marker);
}

/* ---- reading ---- */

/* DataParameter's default backend is LEVELDB, so a mismatch is often just a forgotten line. */
static lungo_status check_folder(const lungo_backend_type *type, const char *path) {
    struct stat info;
    bool found = false;
    int marked;
    if (stat(path, &info)) {
        (void)lungo_fail_errno("open database", path);
        return lungo_trail("convert_imageset, convert_mnist_data and convert_cifar_data make "
                           "databases");
    }
    if (!S_ISDIR(info.st_mode))
        return lungo_fail(LUNGO_ERR_FILE,
                          "cannot open database '%s': expected a folder with a file %s, got a file",
                          path, type->marker);
    LUNGO_TRY(look_for(&found, path, type->marker));
    if (found) return LUNGO_OK;
    LUNGO_TRY(find_marked(&marked, path));
    if (marked < BACKENDS)
        return lungo_fail(LUNGO_ERR_FILE,
                          "cannot open database '%s': expected backend %s, got a folder of backend "
                          "%s; say so in `backend`",
                          path, type->name, backends[marked]->name);
    return lungo_fail(
        LUNGO_ERR_FILE,
        "cannot open database '%s': expected a folder with a file %s, got one without", path,
        type->marker);
}

lungo_status lungo_database_open(lungo_database **out, lungo_backend backend, const char *path) {
    const lungo_backend_type *type;
    LUNGO_TRY(type_of(&type, backend));
    LUNGO_TRY(check_folder(type, path));
    if (lungo_backend_check((size_t)backend)) return lungo_trail("for database '%s'", path);
    char *copy = strdup(path);
    if (!copy) return lungo_fail_memory("a database's path", strlen(path));
    lungo_database *database;
    lungo_status status = type->open(&database, path);
    if (status) {
        free(copy);
        return status;
    }
    lungo_log_info(type->log_file, type->log_line, "Opened %s %s", type->name, path);
    database->type = type;
    database->path = copy;
    *out = database;
    return LUNGO_OK;
}

void lungo_database_close(lungo_database *database) {
    if (!database) return;
    free(database->path);
    database->type->close(database);
}

static lungo_status move(lungo_database *database, lungo_database_move how, lungo_bytes key,
                         bool *found) {
    bool there = false;
    lungo_status status = database->type->move(database, how, key, &there);
    if (status || !there) database->key = database->value = (lungo_bytes){NULL, 0};
    if (status) return lungo_trail("in database '%s'", database->path);
    *found = there;
    return LUNGO_OK;
}

lungo_status lungo_database_first(lungo_database *database, bool *found) {
    return move(database, LUNGO_MOVE_FIRST, (lungo_bytes){NULL, 0}, found);
}

lungo_status lungo_database_next(lungo_database *database, bool *found) {
    return move(database, LUNGO_MOVE_NEXT, (lungo_bytes){NULL, 0}, found);
}

lungo_status lungo_database_last(lungo_database *database, bool *found) {
    return move(database, LUNGO_MOVE_LAST, (lungo_bytes){NULL, 0}, found);
}

lungo_status lungo_database_seek(lungo_database *database, const void *key, size_t size,
                                 bool *found) {
    return move(database, LUNGO_MOVE_SEEK, (lungo_bytes){key, size}, found);
}

lungo_bytes lungo_database_key(const lungo_database *database) {
    return database->key;
}

lungo_bytes lungo_database_value(const lungo_database *database) {
    return database->value;
}

lungo_status lungo_database_hold(const lungo_database *database, lungo_buffer *memory,
                                 lungo_bytes *key, lungo_bytes *value) {
    *key = database->key;
    *value = database->value;
    if (database->type->lasting) return LUNGO_OK;
    lungo_buffer_clear(memory);
    lungo_buffer_append(memory, value->data, value->size);
    lungo_buffer_append(memory, key->data, key->size);
    if (memory->failed) return lungo_fail_memory("a record", value->size);
    value->data = memory->bytes;
    key->data = memory->bytes + value->size;
    return LUNGO_OK;
}

const char *lungo_database_path(const lungo_database *database) {
    return database->path;
}

bool lungo_database_counts(const lungo_database *database) {
    return database->type->counts;
}

lungo_status lungo_database_count(lungo_database *database, size_t *count) {
    return database->type->count(database, count);
}

/* ---- writing ---- */

/* The folder and the files in it; stores have no folders inside. */
static void remove_folder(DIR *folder, const char *path) {
    rewinddir(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        unlinkat(dirfd(folder), entry->d_name, 0); /* refuses "." and ".." */
    rmdir(path);
}

/* Mode 0744 as in Caffe. Names left by runs that were killed are passed over. */
static lungo_status make_temporary(DIR **out, char *temporary, size_t room, const char *path) {
    int made = -1;
    for (int i = 0; made && i < 1000; i++) {
        snprintf(temporary, room, "%s.tmp.%d", path, i);
        made = mkdir(temporary, 0744);
        if (made && errno != EEXIST) break;
    }
    *out = made ? NULL : opendir(temporary);
    if (*out) return LUNGO_OK;
    lungo_status status = lungo_fail_errno("create database", path);
    if (!made) rmdir(temporary);
    return status;
}

static lungo_status check_path(const char *path) {
    struct stat info;
    if (!*path) return lungo_fail(LUNGO_ERR_USAGE, "database: expected a path, got an empty one");
    if (lstat(path, &info)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FILE,
                      "cannot create database '%s': expected a new name, got one that exists; "
                      "remove it first",
                      path);
}

static lungo_status create(lungo_database_writer **out, const lungo_backend_type *type, char *path,
                           char *temporary, size_t room) {
    DIR *folder;
    LUNGO_TRY(check_path(path));
    LUNGO_TRY(make_temporary(&folder, temporary, room, path));
    lungo_database_writer *writer;
    lungo_status status = type->create(&writer, temporary);
    if (status) {
        remove_folder(folder, temporary);
        closedir(folder);
        return lungo_trail("in database '%s'", path);
    }
    lungo_log_info(type->log_file, type->log_line, "Opened %s %s", type->name, path);
    writer->type = type;
    writer->path = path;
    writer->temporary = temporary;
    writer->folder = folder;
    *out = writer;
    return LUNGO_OK;
}

lungo_status lungo_database_create(lungo_database_writer **out, lungo_backend backend,
                                   const char *path) {
    const lungo_backend_type *type;
    LUNGO_TRY(type_of(&type, backend));
    if (lungo_backend_check((size_t)backend)) return lungo_trail("for database '%s'", path);
    size_t length = strlen(path), room;
    while (length > 1 && path[length - 1] == '/') /* the temporary name goes beside, not inside */
        length--;
    room = length + sizeof ".tmp.999";
    char *own_path = strndup(path, length), *temporary = malloc(room);
    lungo_status status = own_path && temporary ? create(out, type, own_path, temporary, room)
                                                : lungo_fail_memory("a database's path", room);
    if (status) {
        free(own_path);
        free(temporary);
    }
    return status; /* NOLINT(clang-analyzer-unix.Malloc): the writer has both */
}

lungo_status lungo_database_put(lungo_database_writer *writer, const void *key, size_t key_size,
                                const void *value, size_t value_size) {
    lungo_status status =
        writer->type->put(writer, (lungo_bytes){key, key_size}, (lungo_bytes){value, value_size});
    return status ? lungo_trail("in database '%s'", writer->path) : LUNGO_OK;
}

lungo_status lungo_database_commit(lungo_database_writer *writer) {
    lungo_status status = writer->type->commit(writer);
    return status ? lungo_trail("in database '%s'", writer->path) : LUNGO_OK;
}

/* Removes the folder of an unfinished one, but not while the store may still write there. */
static void free_writer(lungo_database_writer *writer, bool finished) {
    char *path = writer->path, *temporary = writer->temporary;
    DIR *folder = writer->folder;
    writer->type->discard(writer);
    if (!finished) remove_folder(folder, temporary);
    closedir(folder);
    free(path);
    free(temporary);
}

/* The names of its files, too, are on the disk before it gets its own. */
static lungo_status sync_writer(lungo_database_writer *writer) {
    if (writer->type->sync(writer)) return lungo_trail("in database '%s'", writer->path);
    if (fsync(dirfd(writer->folder)) && errno == EIO)
        return lungo_fail_errno("sync database", writer->path);
    return LUNGO_OK;
}

lungo_status lungo_database_finish(lungo_database_writer *writer) {
    lungo_status status = lungo_database_commit(writer);
    if (!status) status = sync_writer(writer);
    if (!status && rename(writer->temporary, writer->path))
        status = lungo_fail_errno("rename a finished database to", writer->path);
    bool finished = status == LUNGO_OK;
    if (finished) status = lungo_file_sync_folder_of(writer->path);
    free_writer(writer, finished);
    return status;
}

void lungo_database_abandon(lungo_database_writer *writer) {
    if (writer) free_writer(writer, false);
}
