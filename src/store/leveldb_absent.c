/* In a build without LevelDB. */
#include "store/backend.h"

const lungo_backend_type lungo_backend_leveldb = {
    .name = "leveldb",
    .title = "LevelDB",
    .marker = "CURRENT",
    .advice = "this build has no LevelDB: install it (Debian: libleveldb-dev) and build again, or "
              "write the data as LMDB (the tools that make databases do with --backend=lmdb) and "
              "say `backend: LMDB`",
};
