#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define LOSS(x, t, settings)                                                                       \
    "force_backward: true " INPUT("x", x) INPUT(                                                   \
        "t",                                                                                       \
        t) "layer { name: 'cost' type: 'HingeLoss' bottom: 'x' bottom: 't' top: 'loss' " settings  \
           " }"
#define L2 "hinge_loss_param { norm: L2 }"

START_TEST(gradients) {
    static const char *const nets[] = {
        LOSS("dim: 4 dim: 3", "dim: 4", ""),
        LOSS("dim: 4 dim: 3", "dim: 4", L2),
        LOSS("dim: 4 dim: 1 dim: 3", "dim: 4 dim: 1", L2 " loss_weight: 0.5"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i],
                                                     .inputs = {{"x", -2, 2, 0}, {"t", 0, 3, 1}},
                                                     .kink = 1,
                                                     .kink_range = 0.02f});
}
END_TEST

START_TEST(margins) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, LOSS("dim: 2 dim: 2", "dim: 2", ""));
    lungo_set_data(net, "x", (float[]){2, -3, 0.5f, 1}, 4);
    lungo_set_data(net, "t", (float[]){0, 1}, 2);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "loss", (float[]){0.75f}, 1);
    lungo_test_diffs(net, "x", (float[]){0, 0, 0.5f, 0}, 4); /* on the margin: 0 */
    lungo_set_data(net, "t", (float[]){0, 2}, 2);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "label out of range: bottom 't', item 1: expected 0 to 1 for the 2 classes of bottom "
             "'x', got 2");
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(LOSS("dim: 4 dim: 3", "dim: 4 dim: 2", ""), LUNGO_ERR_CONFIG,
                       "bottom 't': expected 4 labels");
}
END_TEST

Suite *lungo_suite_hinge_loss(void);
Suite *lungo_suite_hinge_loss(void) {
    return lungo_suite_of("hinge_loss", (const TTest *const[]){gradients, margins,
                                                               what_does_not_fit_is_refused, NULL});
}
