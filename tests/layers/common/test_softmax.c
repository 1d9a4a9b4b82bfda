#include <string.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define X INPUT("x", "dim: 2 dim: 3 dim: 4")
#define SOFTMAX(bottom, top, settings)                                                             \
    LAYER1("prob", "Softmax", bottom, top, "softmax_param { " settings " }")
#define SCORES                                                                                     \
    LAYER1("ip", "InnerProduct", "x", "y",                                                         \
           "inner_product_param { num_output: 5 weight_filler { type: 'xavier' } }")

START_TEST(gradients) {
    lungo_check_gradient(
        &(lungo_gradient_check){.net = "force_backward: true\n" X SOFTMAX("x", "y", "axis: -1")});
    lungo_check_gradient(
        &(lungo_gradient_check){.net = "force_backward: true\n" X SCORES SOFTMAX("y", "y", "")});
}
END_TEST

START_TEST(an_axis_the_bottom_lacks_is_refused) {
    ck_fails(lungo_try_net(LUNGO_TEST, X SOFTMAX("x", "y", "axis: 3")), LUNGO_ERR_CONFIG,
             "softmax_param.axis: expected an axis from -3 to 2 of shape 2x3x4, got 3\n"
             "  in layer 'prob' (Softmax), net.prototxt:2");
}
END_TEST

Suite *lungo_suite_softmax(void);
Suite *lungo_suite_softmax(void) {
    return lungo_suite_of(
        "softmax", (const TTest *const[]){gradients, an_axis_the_bottom_lacks_is_refused, NULL});
}
