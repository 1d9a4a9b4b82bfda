/* LMDB's rule: a process must not open one environment twice at a time, for closing either drops
 * the file locks of both. A train net and its test nets may well read the same data, so
 * environments are shared (store/shared.h). */
#include "store/lmdb_env.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/log.h"
#include "store/shared.h"

struct lungo_lmdb_env {
    lungo_shared shared; /* by the identity of data.mdb */
    MDB_env *env;
};

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
    return lungo_lmdb_check(code, "open it for reading");
}

static void close_env(lungo_shared *shared) {
    lungo_lmdb_env *env = (lungo_lmdb_env *)shared;
    if (env->env) mdb_env_close(env->env);
    free(env);
}

static lungo_status open_env(lungo_shared **out, const struct stat *file, const char *path) {
    (void)file;
    lungo_lmdb_env *env = calloc(1, sizeof *env);
    if (!env) return lungo_fail_memory("an LMDB environment", sizeof *env);
    env->shared.close = close_env;
    lungo_status status = lungo_lmdb_check_header(path);
    if (!status) status = open_for_reading(&env->env, path);
    if (status) {
        close_env(&env->shared);
        return status;
    }
    *out = &env->shared;
    return LUNGO_OK;
}

lungo_status lungo_lmdb_env_acquire(lungo_lmdb_env **out, const char *path) {
    lungo_buffer data_file = {0};
    lungo_shared *shared = NULL;
    lungo_buffer_printf(&data_file, "%s/data.mdb", path);
    lungo_status status = data_file.failed
                              ? lungo_fail_memory("a path", data_file.length)
                              : lungo_shared_acquire(&shared, data_file.bytes, open_env, path);
    lungo_buffer_dispose(&data_file);
    *out = (lungo_lmdb_env *)shared;
    return status;
}

void lungo_lmdb_env_release(lungo_lmdb_env *env) {
    lungo_shared_release(&env->shared);
}

static lungo_status open_pages(lungo_lmdb_pages *pages, MDB_env *env, MDB_txn *txn,
                               const char *path) {
    mdb_filehandle_t file;
    LUNGO_TRY(lungo_lmdb_check(mdb_env_get_fd(env, &file), "find its file"));
    return lungo_lmdb_pages_open(pages, file, mdb_txn_id(txn), path);
}

lungo_status lungo_lmdb_begin_reading(MDB_txn **out, lungo_lmdb_pages *pages, lungo_lmdb_env *env,
                                      const char *path) {
    MDB_txn *txn;
    LUNGO_TRY(lungo_lmdb_check(mdb_txn_begin(env->env, NULL, MDB_RDONLY, &txn), "begin to read"));
    lungo_status status = open_pages(pages, env->env, txn, path);
    if (status)
        mdb_txn_abort(txn);
    else
        *out = txn;
    return status;
}
