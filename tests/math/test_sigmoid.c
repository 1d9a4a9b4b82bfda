#include "math/sigmoid.h"

#include <math.h>

#include "support/suites.h"

START_TEST(values_are_those_of_the_c_library) {
    for (float x = -87; x < 88; x += 0.0371f) {
        double exact = exp((double)x);
        ck_assert_msg(fabs(lungo_exp(x) / exact - 1) < 2e-7, "exp(%g) is %g", x, lungo_exp(x));
        ck_assert_double_eq_tol(lungo_sigmoid(x), 1 / (1 + exp(-(double)x)), 2e-7);
        ck_assert_double_eq_tol(lungo_tanh(x), tanh((double)x), 2e-7);
    }
}
END_TEST

START_TEST(ends_and_what_is_not_a_number) {
    ck_assert_float_eq(lungo_exp(0), 1);
    ck_assert_float_eq(lungo_sigmoid(INFINITY), 1);
    ck_assert_float_eq_tol(lungo_sigmoid(-INFINITY), 0, 1e-37f);
    ck_assert_float_eq(lungo_tanh(1e30f), 1);
    ck_assert_float_eq(lungo_tanh(-1e30f), -1);
    ck_assert_float_eq(lungo_tanh(0), 0);
    ck_assert(isnan(lungo_exp(NAN)) && isnan(lungo_sigmoid(NAN)) && isnan(lungo_tanh(NAN)));
}
END_TEST

Suite *lungo_suite_sigmoid_math(void);
Suite *lungo_suite_sigmoid_math(void) {
    return lungo_suite_of("sigmoid_math",
                          (const TTest *const[]){values_are_those_of_the_c_library,
                                                 ends_and_what_is_not_a_number, NULL});
}
