#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define LOSS(a, b)                                                                                 \
    "force_backward: true " INPUT("a", a)                                                          \
        INPUT("b", b) "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'a' bottom: 'b' "        \
                      "top: 'loss' loss_weight: 3 }"

START_TEST(gradient) {
    lungo_check_gradient(
        &(lungo_gradient_check){.net = LOSS("dim: 4 dim: 3", "dim: 4 dim: 1 dim: 3")});
}
END_TEST

START_TEST(half_the_mean_square) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, LOSS("dim: 2 dim: 2", "dim: 2 dim: 2"));
    lungo_set_data(net, "a", (float[]){1, 2, 3, 4}, 4);
    lungo_set_data(net, "b", (float[]){0, 0, 3, 6}, 4);
    float loss = 0;
    ck_ok(lungo_net_forward(net, &loss));
    lungo_test_values(net, "loss", (float[]){9.0f / 4}, 1);
    ck_assert_float_eq_tol(loss, 27.0f / 4, 1e-5);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(
        LOSS("dim: 4 dim: 3", "dim: 3 dim: 4"), LUNGO_ERR_CONFIG,
        "expected as many items (axis 0) in bottom 'b' as in bottom 'a', got shapes 3x4 "
        "and 4x3");
    lungo_test_refused(
        LOSS("dim: 4 dim: 3", "dim: 4 dim: 4"), LUNGO_ERR_CONFIG,
        "expected as many values per item in bottom 'b' as in bottom 'a', got shapes 4x4 "
        "and 4x3");
    lungo_test_refused(LOSS("", ""), LUNGO_ERR_CONFIG, "got shapes () and ()");
}
END_TEST

Suite *lungo_suite_euclidean_loss(void);
Suite *lungo_suite_euclidean_loss(void) {
    return lungo_suite_of(
        "euclidean_loss",
        (const TTest *const[]){gradient, half_the_mean_square, what_does_not_fit_is_refused, NULL});
}
