#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define REDUCTION(settings)                                                                        \
    "force_backward: true " INPUT("x", "dim: 2 dim: 3 dim: 2")                                     \
        LAYER1("layer", "Reduction", "x", "y", "reduction_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        REDUCTION(""),
        REDUCTION("operation: MEAN axis: 1 coeff: 2"),
        REDUCTION("operation: ASUM axis: -1"),
        REDUCTION("operation: SUMSQ axis: 2 coeff: -0.5"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .kink_range = 0.02f});
}
END_TEST

static void check(const char *text, const lungo_shape *shape, const float *expected) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    lungo_set_data(net, "x", (float[]){1, -2, 3, -4, 5, -6, 0, 0, 1, 1, 2, 2}, 12);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_shape(net, "y", shape);
    lungo_test_values(net, "y", expected, lungo_shape_count(shape));
    lungo_net_free(net);
}

START_TEST(operations) {
    check(REDUCTION(""), &lungo_scalar_shape, (float[]){3});
    check(REDUCTION("axis: 1"), &LUNGO_SHAPE(2), (float[]){-3, 6});
    check(REDUCTION("operation: MEAN axis: 1"), &LUNGO_SHAPE(2), (float[]){-0.5f, 1});
    check(REDUCTION("operation: ASUM axis: 1 coeff: 2"), &LUNGO_SHAPE(2), (float[]){42, 12});
    check(REDUCTION("operation: SUMSQ axis: -1"), &LUNGO_SHAPE(2, 3),
          (float[]){5, 25, 61, 0, 2, 8});
}
END_TEST

START_TEST(axes_that_are_not_there_are_refused) {
    lungo_test_refused(REDUCTION("axis: 3"), LUNGO_ERR_CONFIG,
                       "axis: expected an axis from -3 to 2");
}
END_TEST

Suite *lungo_suite_reduction(void);
Suite *lungo_suite_reduction(void) {
    return lungo_suite_of(
        "reduction",
        (const TTest *const[]){gradients, operations, axes_that_are_not_there_are_refused, NULL});
}
