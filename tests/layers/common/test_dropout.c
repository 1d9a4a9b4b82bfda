#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X INPUT("x", "dim: 4 dim: 5")
#define DROPOUT(ratio)                                                                             \
    X LAYER1("layer", "Dropout", "x", "y", "dropout_param { dropout_ratio: " ratio " }")

static float values[20];

static lungo_net *forward(const char *text, lungo_phase phase) {
    lungo_net *net = lungo_test_net(phase, text);
    for (int i = 0; i < 20; i++)
        values[i] = (float)(i + 1);
    lungo_set_data(net, "x", values, 20);
    ck_ok(lungo_net_forward(net, NULL));
    return net;
}

START_TEST(testing_is_the_identity) {
    lungo_net *net = forward(DROPOUT("0.5"), LUNGO_TEST);
    lungo_test_values(net, "y", values, 20);
    lungo_net_free(net);
    lungo_check_gradient(&(lungo_gradient_check){
        .net = "force_backward: true " X LEAD LAYER1("layer", "Dropout", "h", "h", ""),
        .phase = LUNGO_TEST});
}
END_TEST

START_TEST(training_drops_or_scales) {
    lungo_net *net =
        forward("force_backward: true " X LAYER1("layer", "Dropout", "x", "y", "loss_weight: 1"),
                LUNGO_TRAIN);
    ck_ok(lungo_net_backward(net));
    const float *y = lungo_data(lungo_net_blob(net, "y"));
    const float *dx = lungo_diff(lungo_net_blob(net, "x"));
    int kept = 0;
    for (int i = 0; i < 20; i++) {
        ck_assert(y[i] == 0 || y[i] == 2 * values[i]);
        ck_assert(dx[i] == (y[i] == 0 ? 0 : 2)); /* the same mask, and x itself is not touched */
        kept += y[i] != 0;
    }
    ck_assert_int_gt(kept, 0);
    ck_assert_int_lt(kept, 20);
    lungo_net_free(net);
}
END_TEST

START_TEST(ratio_zero_keeps_everything) {
    lungo_net *net = forward(DROPOUT("0"), LUNGO_TRAIN);
    lungo_test_values(net, "y", values, 20);
    lungo_net_free(net);
}
END_TEST

START_TEST(ratios_outside_are_refused) {
    lungo_test_refused(DROPOUT("1"), LUNGO_ERR_CONFIG,
                       "dropout_ratio: expected at least 0 and less than 1, got 1");
    lungo_test_refused(DROPOUT("-0.1"), LUNGO_ERR_CONFIG, "got -0.1");
    lungo_test_refused(DROPOUT("nan"), LUNGO_ERR_CONFIG, "got nan");
}
END_TEST

Suite *lungo_suite_dropout(void);
Suite *lungo_suite_dropout(void) {
    return lungo_suite_of("dropout",
                          (const TTest *const[]){testing_is_the_identity, training_drops_or_scales,
                                                 ratio_zero_keeps_everything,
                                                 ratios_outside_are_refused, NULL});
}
