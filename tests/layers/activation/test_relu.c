#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "ReLU", "x", "y", "relu_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "ReLU", "h", "h", "relu_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        APART(""),    APART("negative_slope: 0.3"),    APART("negative_slope: -0.5"),
        IN_PLACE(""), IN_PLACE("negative_slope: 0.3"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .kink_range = 0.02f});
}
END_TEST

/* The output's sign no longer says which side the input was on. */
START_TEST(a_falling_slope_is_refused_in_place) {
    lungo_test_refused(IN_PLACE("negative_slope: -0.5"), LUNGO_ERR_CONFIG,
                       "negative_slope -0.5: a slope below 0 has no gradient in place");
}
END_TEST

Suite *lungo_suite_relu(void);
Suite *lungo_suite_relu(void) {
    return lungo_suite_of(
        "relu", (const TTest *const[]){gradients, a_falling_slope_is_refused_in_place, NULL});
}
