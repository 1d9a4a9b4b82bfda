#include "support/stores.h"

#include <string.h>

#include "store/database.h"
#include "store/hdf5.h"
#include "support/suites.h"

START_TEST(hdf5_has_to_be_installed) {
    ck_fails(lungo_hdf5_check(), LUNGO_ERR_UNSUPPORTED, "this build has no HDF5: install it");
}
END_TEST

START_TEST(leveldb_has_to_be_installed) {
    ck_fails(lungo_backend_check(LUNGO_LEVELDB), LUNGO_ERR_UNSUPPORTED,
             "this build has no LevelDB: install it");
}
END_TEST

const TTest *const *lungo_tests_with_hdf5(const TTest *const *tests) {
    static const TTest *without[2];
    without[0] = hdf5_has_to_be_installed;
    return lungo_hdf5_check() ? without : tests;
}

const TTest *const *lungo_tests_with_leveldb(const TTest *const *tests) {
    static const TTest *without[2];
    without[0] = leveldb_has_to_be_installed;
    return lungo_backend_check(LUNGO_LEVELDB) ? without : tests;
}
