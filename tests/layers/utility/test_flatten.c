#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define FLATTEN(settings)                                                                          \
    "force_backward: true " INPUT("x", "dim: 2 dim: 3 dim: 4 dim: 2")                              \
        LEAD LAYER1("layer", "Flatten", "h", "y", "flatten_param { " settings " }")

static void check_shape(const char *text, lungo_shape expected) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    lungo_test_shape(net, "y", &expected);
    lungo_net_free(net);
}

START_TEST(shapes) {
    check_shape(FLATTEN(""), (lungo_shape){2, {2, 24}});
    check_shape(FLATTEN("axis: 0"), (lungo_shape){1, {48}});
    check_shape(FLATTEN("axis: -3 end_axis: -2"), (lungo_shape){3, {2, 12, 2}});
    check_shape(FLATTEN("axis: 2 end_axis: 1"), (lungo_shape){5, {2, 3, 1, 4, 2}});
}
END_TEST

START_TEST(gradient) {
    lungo_check_gradient(&(lungo_gradient_check){.net = FLATTEN("end_axis: 2")});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(FLATTEN("axis: 4"), LUNGO_ERR_CONFIG,
                       "axis: expected an axis from -4 to 3 of shape 2x3x4x2, got 4");
    lungo_test_refused(FLATTEN("axis: 3 end_axis: 1"), LUNGO_ERR_CONFIG,
                       "end_axis: expected axis 3 of shape 2x3x4x2 or later, got 1");
    lungo_test_refused(INPUT("x", "dim: 2 dim: 3") LAYER1("layer", "Flatten", "x", "x", ""),
                       LUNGO_ERR_CONFIG, "cannot work in place");
}
END_TEST

Suite *lungo_suite_flatten(void);
Suite *lungo_suite_flatten(void) {
    return lungo_suite_of(
        "flatten", (const TTest *const[]){shapes, gradient, what_does_not_fit_is_refused, NULL});
}
