#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define RESHAPE(settings)                                                                          \
    "force_backward: true " INPUT("x", "dim: 2 dim: 3 dim: 4")                                     \
        LEAD LAYER1("layer", "Reshape", "h", "y", "reshape_param { " settings " }")

static void check_shape(const char *text, lungo_shape expected) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    lungo_test_shape(net, "y", &expected);
    ck_assert_ptr_eq(lungo_data(lungo_net_blob(net, "y")), lungo_data(lungo_net_blob(net, "h")));
    lungo_net_free(net);
}

START_TEST(shapes) {
    check_shape(RESHAPE("shape { dim: 0 dim: -1 }"), (lungo_shape){2, {2, 12}});
    check_shape(RESHAPE("shape { dim: 4 dim: 6 }"), (lungo_shape){2, {4, 6}});
    check_shape(RESHAPE("shape { dim: 2 dim: -1 dim: 2 } axis: 1"), (lungo_shape){4, {2, 2, 3, 2}});
    check_shape(RESHAPE("shape { dim: 1 } axis: -1"), (lungo_shape){4, {2, 3, 4, 1}});
    check_shape(RESHAPE("shape { dim: 1 } axis: 0 num_axes: 0"), (lungo_shape){4, {1, 2, 3, 4}});
    check_shape(RESHAPE("shape { dim: 6 } num_axes: 2"), (lungo_shape){2, {6, 4}});
}
END_TEST

START_TEST(gradient) {
    lungo_check_gradient(&(lungo_gradient_check){.net = RESHAPE("shape { dim: 0 dim: -1 }")});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(RESHAPE("shape { dim: 5 dim: 5 }"), LUNGO_ERR_CONFIG,
                       "shape: expected 24 values, as bottom 'h' of shape 2x3x4 has, got 25");
    lungo_test_refused(
        RESHAPE("shape { dim: 5 dim: -1 }"), LUNGO_ERR_CONFIG,
        "shape: expected a divisor of 24 values, as bottom 'h' of shape 2x3x4 has, got 5");
    lungo_test_refused(RESHAPE(""), LUNGO_ERR_CONFIG, "got 1");
    lungo_test_refused(RESHAPE("shape { dim: -1 dim: -1 }"), LUNGO_ERR_CONFIG,
                       "shape: expected at most one dim of -1, got 2");
    lungo_test_refused(RESHAPE("shape { dim: -2 }"), LUNGO_ERR_CONFIG,
                       "shape: dim 0: expected -1 to 2147483647, got -2");
    lungo_test_refused(RESHAPE("shape { dim: 2 dim: 3 dim: 4 dim: 0 }"), LUNGO_ERR_CONFIG,
                       "shape: a dim of 0 copies axis 3, but bottom 'h' has shape 2x3x4");
    lungo_test_refused(RESHAPE("shape { dim: 2 } axis: 4"), LUNGO_ERR_CONFIG,
                       "axis: expected -4 to 3 for shape 2x3x4, got 4");
    lungo_test_refused(RESHAPE("shape { dim: 2 } axis: 1 num_axes: 3"), LUNGO_ERR_CONFIG,
                       "num_axes: expected -1 to 2 from axis 1 of shape 2x3x4 on, got 3");
    lungo_test_refused(RESHAPE("shape { dim: 70000 dim: 70000 }"), LUNGO_ERR_MEMORY, "70000x70000");
}
END_TEST

Suite *lungo_suite_reshape(void);
Suite *lungo_suite_reshape(void) {
    return lungo_suite_of(
        "reshape", (const TTest *const[]){shapes, gradient, what_does_not_fit_is_refused, NULL});
}
