/* Environments of LMDB for reading, shared by the readers of one process; and LMDB's errors. */
#ifndef LUNGO_STORE_LMDB_ENV_H
#define LUNGO_STORE_LMDB_ENV_H

#include <lmdb.h>

#include "base/error.h"
#include "store/lmdb_pages.h"

typedef struct lungo_lmdb_env lungo_lmdb_env;

/* The environment of a folder that has a data.mdb, opened by the first who asks for it. */
lungo_status lungo_lmdb_env_acquire(lungo_lmdb_env **out, const char *path);

/* Closes it after the last reader. All transactions of the caller have ended. */
void lungo_lmdb_env_release(lungo_lmdb_env *env);

/* A transaction that sees the records of now, and the pages where they are. */
lungo_status lungo_lmdb_begin_reading(MDB_txn **out, lungo_lmdb_pages *pages, lungo_lmdb_env *env,
                                      const char *path);

/* "LMDB: cannot <action>: <LMDB's text>", unless the code is 0. */
lungo_status lungo_lmdb_check(int code, const char *action);

#endif
