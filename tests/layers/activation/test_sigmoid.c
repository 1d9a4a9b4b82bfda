#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

START_TEST(gradient) {
    lungo_check_gradient(
        &(lungo_gradient_check){.net = "force_backward: true " INPUT("x", "dim: 3 dim: 4")
                                    LAYER1("layer", "Sigmoid", "x", "y", "")});
}
END_TEST

START_TEST(gradient_in_place) {
    lungo_check_gradient(
        &(lungo_gradient_check){.net = "force_backward: true " INPUT("x", "dim: 3 dim: 4")
                                    LEAD LAYER1("layer", "Sigmoid", "h", "h", "")});
}
END_TEST

Suite *lungo_suite_sigmoid(void);
Suite *lungo_suite_sigmoid(void) {
    return lungo_suite_of("sigmoid", (const TTest *const[]){gradient, gradient_in_place, NULL});
}
