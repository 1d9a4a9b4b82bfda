/* Arrays of float for tests of kernels: made of a seed, compared value by value. */
#ifndef LUNGO_TESTS_SUPPORT_ARRAYS_H
#define LUNGO_TESTS_SUPPORT_ARRAYS_H

#include <stddef.h>

/* `count` values in [-1, 1), always the same for the same seed; or all `value`. For free(). */
float *lungo_random_array(size_t count, unsigned seed);
float *lungo_constant_array(size_t count, float value);

/* Fails the test at the first value farther than 1e-5 + 1e-4 |want| from what is wanted. */
void lungo_check_array(const char *what, size_t count, const float *got, const float *want);

/* Fails the test unless |got - want| <= tolerance |want| + floor, as vectors. `what` of `name`. */
void lungo_check_near(const char *what, const char *name, const float *got, const float *want,
                      size_t count, double tolerance, double floor);

#endif
