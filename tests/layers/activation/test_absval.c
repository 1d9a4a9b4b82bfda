#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X        "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART    X LAYER1("layer", "AbsVal", "x", "y", "")
#define IN_PLACE X LEAD LAYER1("layer", "AbsVal", "h", "h", "")

START_TEST(gradient) {
    lungo_check_gradient(&(lungo_gradient_check){.net = APART, .kink_range = 0.02f});
}
END_TEST

START_TEST(the_gradient_at_zero_is_zero) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, "force_backward: true " INPUT("x", "dim: 3")
                                        LAYER1("layer", "AbsVal", "x", "y", "loss_weight: 1"));
    lungo_set_data(net, "x", (float[]){-2, 0, 3}, 3);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "y", (float[]){2, 0, 3}, 3);
    lungo_test_diffs(net, "x", (float[]){-1, 0, 1}, 3);
    lungo_net_free(net);
}
END_TEST

START_TEST(in_place_is_refused) {
    lungo_test_refused(IN_PLACE, LUNGO_ERR_CONFIG, "cannot work in place");
}
END_TEST

Suite *lungo_suite_absval(void);
Suite *lungo_suite_absval(void) {
    return lungo_suite_of("absval", (const TTest *const[]){gradient, the_gradient_at_zero_is_zero,
                                                           in_place_is_refused, NULL});
}
