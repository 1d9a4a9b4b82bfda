#include "support/arrays.h"

#include <math.h>
#include <stdlib.h>

#include "support/suites.h"

float *lungo_constant_array(size_t count, float value) {
    float *array = malloc((count + 1) * sizeof *array);
    ck_assert_ptr_nonnull(array);
    for (size_t i = 0; i < count; i++)
        array[i] = value;
    return array;
}

float *lungo_random_array(size_t count, unsigned seed) {
    float *array = lungo_constant_array(count, 0);
    unsigned state = seed * 2654435761u + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        array[i] = (float)(state >> 8) / (float)(1 << 23) - 1.0f;
    }
    return array;
}

void lungo_check_array(const char *what, size_t count, const float *got, const float *want) {
    for (size_t i = 0; i < count; i++) {
        double bound = 1e-5 + 1e-4 * fabs((double)want[i]);
        ck_assert_msg(fabs((double)got[i] - (double)want[i]) <= bound,
                      "%s: value %zu of %zu: expected %.9g, got %.9g", what, i, count,
                      (double)want[i], (double)got[i]);
    }
}

void lungo_check_near(const char *what, const char *name, const float *got, const float *want,
                      size_t count, double tolerance, double floor) {
    double distance = 0, length = 0;
    for (size_t i = 0; i < count; i++) {
        distance += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        length += (double)want[i] * want[i];
    }
    ck_assert_msg(sqrt(distance) <= tolerance * sqrt(length) + floor,
                  "%s of '%s': |got - want| %g, |want| %g", what, name, sqrt(distance),
                  sqrt(length));
}
