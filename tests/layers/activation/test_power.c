#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "Power", "x", "y", "power_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "Power", "h", "h", "power_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        APART("power: 3 scale: 0.7 shift: 0.3"),
        APART("power: 2 scale: -2 shift: 0.5"),
        APART("scale: -1.5 shift: 2"),
        APART("power: -0.5 scale: 0.3 shift: 1.5"),
        APART("power: 0 shift: 2"),
        APART("scale: 0 shift: 2 power: 3"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

/* Caffe's gradient is wrong here: it reads x where y has taken its place. */
START_TEST(gradients_in_place) {
    static const char *const nets[] = {
        IN_PLACE("power: 3 scale: 0.7 shift: 0.3"),
        IN_PLACE("power: 2 scale: -2 shift: 0.5"),
        IN_PLACE("scale: -1.5 shift: 2"),
        IN_PLACE("power: -0.5 scale: 0.3 shift: 1.5"),
        IN_PLACE("power: 0 shift: 2"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

/* y / x, which Caffe multiplies with, is 0 / 0 there. */
START_TEST(the_gradient_at_zero_is_a_number) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN, "force_backward: true " INPUT("x", "dim: 3") LAYER1(
                         "layer", "Power", "x", "y", "loss_weight: 1 power_param { power: 3 }"));
    lungo_set_data(net, "x", (float[]){0, 1, -2}, 3);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "y", (float[]){0, 1, -8}, 3);
    lungo_test_diffs(net, "x", (float[]){0, 3, 12}, 3);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_power(void);
Suite *lungo_suite_power(void) {
    return lungo_suite_of("power", (const TTest *const[]){gradients, gradients_in_place,
                                                          the_gradient_at_zero_is_a_number, NULL});
}
