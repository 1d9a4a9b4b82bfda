/* Comparing HDF5 files. */
#ifndef LUNGO_TESTS_SUPPORT_HDF5_COMPARE_H
#define LUNGO_TESTS_SUPPORT_HDF5_COMPARE_H

#include <stddef.h>

typedef struct lungo_hdf5_judge {
    void *user;
    void (*values)(void *user, const char *dataset, const float *expected, size_t expected_count,
                   const float *got, size_t got_count);
    void (*differ)(void *user, const char *text); /* anything else */
    const char *const *own; /* what the second file may have more, at its root: names up to a NULL;
                               or NULL */
} lungo_hdf5_judge;

/* Group by group: the same names in both, strings equal, shapes equal, values judged. */
void lungo_compare_hdf5(const char *expected, const char *got, const lungo_hdf5_judge *judge);

#endif
