/* LMDB's rule: a process must not open one environment twice at a time, for closing either drops
 * the file locks of both. A train net and its test nets may well read the same data, so
 * environments are kept in a list of the process, found by the identity of their data file, and
 * counted. */
#include "store/lmdb_env.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/log.h"

struct lungo_lmdb_env {
    MDB_env *env;
    MDB_dbi dbi;
    dev_t device; /* of data.mdb */
    ino_t inode;
    size_t users;
    lungo_lmdb_env *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the list and all counts */
static lungo_lmdb_env *environments;

lungo_status lungo_lmdb_check(int code, const char *action) {
    if (code == 0) return LUNGO_OK;
    lungo_status status = LUNGO_ERR_FILE;
    if (code == ENOMEM) status = LUNGO_ERR_MEMORY;
    if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_INVALID ||
        code == MDB_VERSION_MISMATCH || code == MDB_INCOMPATIBLE)
        status = LUNGO_ERR_FORMAT;
    return lungo_fail(status, "LMDB: cannot %s: %s", action, mdb_strerror(code));
}

/* ---- opening ---- */

static int open_with(MDB_env **out, const char *path, unsigned flags) {
    MDB_env *env;
    int code = mdb_env_create(&env);
    if (code) return code;
    code = mdb_env_open(env, path, flags, 0664);
    if (code)
        mdb_env_close(env);
    else
        *out = env;
    return code;
}

/* NOTLS: transactions belong to their readers, not to threads, so that a reader may be opened in
 * one thread and used in another. Where no lock file can be made or written, as in a shared
 * read-only folder, NOLOCK does without: nothing then keeps others from changing the data under the
 * reader, but data that only others may write is rarely written to while it is trained on. */
static lungo_status open_for_reading(MDB_env **out, const char *path) {
    int code = open_with(out, path, MDB_RDONLY | MDB_NOTLS);
    if (code == EACCES || code == EROFS) {
        code = open_with(out, path, MDB_RDONLY | MDB_NOTLS | MDB_NOLOCK);
        if (!code) lungo_note("no lock file can be written in '%s': reading without one", path);
    }
    /* EBADF: a file of no bytes, which LMDB then wants to begin. */
    if (code == EBADF || code == MDB_INVALID || code == MDB_VERSION_MISMATCH)
        return lungo_fail(
            LUNGO_ERR_FORMAT,
            "'%s/data.mdb' is not an LMDB file, or one of another version or word size", path);
    return lungo_lmdb_check(code, "open it for reading");
}

/* LMDB maps the file and trusts it: reading a page beyond its end would kill the process. */
static lungo_status check_whole(MDB_env *env, off_t size, const char *path) {
    MDB_envinfo info;
    MDB_stat stat;
    LUNGO_TRY(lungo_lmdb_check(mdb_env_info(env, &info), "read its header"));
    LUNGO_TRY(lungo_lmdb_check(mdb_env_stat(env, &stat), "read its header"));
    unsigned long long pages = info.me_last_pgno + 1ull,
                       have = (unsigned long long)size / stat.ms_psize;
    if (have >= pages) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "'%s/data.mdb' is cut: expected %llu pages of %u bytes, got %llu; copy it "
                      "again (`mdb_copy -c` makes a whole copy of one that was edited)",
                      path, pages, stat.ms_psize, have);
}

/* Once per environment: opening the handle writes to what its transactions share. */
static lungo_status open_handle(MDB_dbi *dbi, MDB_env *env) {
    MDB_txn *txn;
    LUNGO_TRY(lungo_lmdb_check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "begin to read"));
    int code = mdb_dbi_open(txn, NULL, 0, dbi);
    if (!code) return lungo_lmdb_check(mdb_txn_commit(txn), "open its database");
    mdb_txn_abort(txn);
    return lungo_lmdb_check(code, "open its database");
}

static lungo_status open_new(lungo_lmdb_env **out, const struct stat *file, const char *path) {
    lungo_lmdb_env *env = calloc(1, sizeof *env);
    if (!env) return lungo_fail_memory("an LMDB environment", sizeof *env);
    lungo_status status = open_for_reading(&env->env, path);
    if (!status) {
        status = check_whole(env->env, file->st_size, path);
        if (!status) status = open_handle(&env->dbi, env->env);
        if (status) mdb_env_close(env->env);
    }
    if (status) {
        free(env);
        return status;
    }
    env->device = file->st_dev;
    env->inode = file->st_ino;
    *out = env;
    return LUNGO_OK;
}

static lungo_status stat_data_file(struct stat *info, const char *path) {
    lungo_buffer name = {0};
    lungo_buffer_printf(&name, "%s/data.mdb", path);
    lungo_status status = LUNGO_OK;
    if (name.failed)
        status = lungo_fail_memory("a path", sizeof "/data.mdb");
    else if (stat(name.bytes, info))
        status = lungo_fail_errno("open", name.bytes);
    lungo_buffer_dispose(&name);
    return status;
}

static lungo_status find_or_open(lungo_lmdb_env **out, const struct stat *file, const char *path) {
    for (lungo_lmdb_env *env = environments; env; env = env->next) {
        if (env->device != file->st_dev || env->inode != file->st_ino) continue;
        *out = env;
        return LUNGO_OK;
    }
    lungo_lmdb_env *env = NULL;
    LUNGO_TRY(open_new(&env, file, path));
    env->next = environments;
    environments = env;
    *out = env;
    return LUNGO_OK;
}

lungo_status lungo_lmdb_env_acquire(lungo_lmdb_env **out, const char *path) {
    struct stat file;
    LUNGO_TRY(stat_data_file(&file, path));
    pthread_mutex_lock(&mutex);
    lungo_status status = find_or_open(out, &file, path);
    if (!status) (*out)->users++;
    pthread_mutex_unlock(&mutex);
    return status;
}

void lungo_lmdb_env_release(lungo_lmdb_env *env) {
    pthread_mutex_lock(&mutex);
    if (--env->users == 0) {
        lungo_lmdb_env **link = &environments;
        while (*link != env)
            link = &(*link)->next;
        *link = env->next;
        mdb_env_close(env->env);
        free(env);
    }
    pthread_mutex_unlock(&mutex);
}

lungo_status lungo_lmdb_begin_reading(MDB_txn **txn, MDB_dbi *dbi, lungo_lmdb_env *env) {
    *dbi = env->dbi;
    return lungo_lmdb_check(mdb_txn_begin(env->env, NULL, MDB_RDONLY, txn), "begin to read");
}
