/* Tests of what a build may lack. */
#ifndef LUNGO_TESTS_SUPPORT_STORES_H
#define LUNGO_TESTS_SUPPORT_STORES_H

#include <check.h>

/* The tests, or in a build without HDF5 (LevelDB) one which sees that it says so. */
const TTest *const *lungo_tests_with_hdf5(const TTest *const *tests);
const TTest *const *lungo_tests_with_leveldb(const TTest *const *tests);

#endif
