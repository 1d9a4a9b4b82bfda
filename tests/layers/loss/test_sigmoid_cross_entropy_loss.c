#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define LOSS(x, t, settings)                                                                       \
    "force_backward: true " INPUT("x", x)                                                          \
        INPUT("t", t) "layer { name: 'loss' type: 'SigmoidCrossEntropyLoss' bottom: 'x' "          \
                      "bottom: 't' top: 'loss' "                                                   \
                      "loss_param { " settings " } }"
#define X "dim: 3 dim: 4"

START_TEST(gradients) {
    static const char *const nets[] = {
        LOSS(X, X, ""),
        LOSS(X, X, "normalization: VALID ignore_label: 1"),
        LOSS(X, X, "normalization: NONE"),
        LOSS(X, "dim: 3 dim: 2 dim: 2", "normalize: true"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(
            &(lungo_gradient_check){.net = nets[i], .inputs = {{"x", -3, 3, 0}, {"t", 0, 2, 1}}});
}
END_TEST

START_TEST(divides_by_the_items_unless_told_otherwise) {
    static const struct {
        const char *text;
        float loss; /* 12 values of log 2 */
    } cases[] = {{LOSS(X, X, ""), 4},
                 {LOSS(X, X, "normalization: VALID"), 1},
                 {LOSS(X, X, "normalization: FULL"), 1},
                 {LOSS(X, X, "normalize: true"), 1},
                 {LOSS(X, X, "normalize: false"), 4},
                 {LOSS(X, X, "normalize: true normalization: NONE"), 12}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lungo_net *net = lungo_test_net(LUNGO_TRAIN, cases[i].text);
        ck_ok(lungo_net_forward(net, NULL));
        lungo_test_values(net, "loss", (float[]){cases[i].loss * 0.6931472f}, 1);
        lungo_net_free(net);
    }
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(
        LOSS("dim: 3 dim: 4", "dim: 3 dim: 5", ""), LUNGO_ERR_CONFIG,
        "bottom 't': expected 12 targets, as many as values in bottom 'x' (shape 3x4), "
        "got 15 (shape 3x5)");
}
END_TEST

Suite *lungo_suite_sigmoid_cross_entropy_loss(void);
Suite *lungo_suite_sigmoid_cross_entropy_loss(void) {
    return lungo_suite_of("sigmoid_cross_entropy_loss",
                          (const TTest *const[]){gradients,
                                                 divides_by_the_items_unless_told_otherwise,
                                                 what_does_not_fit_is_refused, NULL});
}
