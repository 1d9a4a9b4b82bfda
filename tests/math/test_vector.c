#include "math/vector.h"

#include <float.h>
#include <math.h>

#include "support/suites.h"

START_TEST(squares_of_any_count) {
    float x[37] = {0};
    double expected = 0;
    for (size_t i = 0; i < 37; i++) {
        ck_assert(fabs(lungo_squares(i, x) - expected) <= 1e-6 * expected);
        x[i] = 0.37f * (float)i - 3;
        expected += (double)x[i] * x[i];
    }
}
END_TEST

START_TEST(squares_beyond_the_range_of_float) {
    float large[9], small[9];
    for (int i = 0; i < 9; i++)
        large[i] = -FLT_MAX, small[i] = 1e-18f;
    ck_assert_double_eq_tol(lungo_squares(9, large) / FLT_MAX / FLT_MAX, 9, 1e-6);
    ck_assert_double_eq_tol(lungo_squares(9, small) * 1e36, 9, 1e-5);
}
END_TEST

START_TEST(one_bad_value_shows) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 23; i++) {
            float x[23] = {1, 2, FLT_MAX};
            x[i] = bad[k];
            ck_assert(!isfinite(lungo_squares(23, x)));
        }
}
END_TEST

Suite *lungo_suite_vector(void);
Suite *lungo_suite_vector(void) {
    return lungo_suite_of("vector", (const TTest *const[]){squares_of_any_count,
                                                           squares_beyond_the_range_of_float,
                                                           one_bad_value_shows, NULL});
}
