#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define LOSS(x, t)                                                                                 \
    "force_backward: true " INPUT("x", x)                                                          \
        INPUT("t", t) "layer { name: 'cost' type: 'MultinomialLogisticLoss' bottom: 'x' bottom: "  \
                      "'t' top: 'loss' }"

START_TEST(gradient) {
    lungo_check_gradient(&(lungo_gradient_check){.net = LOSS("dim: 4 dim: 3", "dim: 4"),
                                                 .inputs = {{"x", 0.2f, 1, 0}, {"t", 0, 3, 1}},
                                                 .step = 1e-3f});
}
END_TEST

START_TEST(probabilities_of_zero_have_a_floor) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, LOSS("dim: 1 dim: 2", "dim: 1"));
    lungo_set_data(net, "x", (float[]){0, 1}, 2);
    lungo_set_data(net, "t", (float[]){0}, 1);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "loss", (float[]){46.0517019f}, 1); /* -log(1e-20) */
    lungo_set_data(net, "t", (float[]){2}, 1);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "label out of range: bottom 't', item 0");
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(LOSS("dim: 4 dim: 3", "dim: 4 dim: 2"), LUNGO_ERR_CONFIG,
                       "bottom 't': expected 4 labels");
}
END_TEST

Suite *lungo_suite_multinomial_logistic_loss(void);
Suite *lungo_suite_multinomial_logistic_loss(void) {
    return lungo_suite_of("multinomial_logistic_loss",
                          (const TTest *const[]){gradient, probabilities_of_zero_have_a_floor,
                                                 what_does_not_fit_is_refused, NULL});
}
