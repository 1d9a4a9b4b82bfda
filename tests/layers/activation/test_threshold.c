#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

START_TEST(above_and_not_at) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, INPUT("x", "dim: 3") LAYER1("layer", "Threshold", "x", "y",
                                                               "threshold_param { threshold: 1 }"));
    lungo_set_data(net, "x", (float[]){0.5f, 1, 1.5f}, 3);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "y", (float[]){0, 0, 1}, 3);
    lungo_net_free(net);
}
END_TEST

START_TEST(no_gradient_passes) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, "force_backward: true " INPUT("x", "dim: 3")
                                                     LAYER1("layer", "Threshold", "x", "y", ""));
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_threshold(void);
Suite *lungo_suite_threshold(void) {
    return lungo_suite_of("threshold",
                          (const TTest *const[]){above_and_not_at, no_gradient_passes, NULL});
}
