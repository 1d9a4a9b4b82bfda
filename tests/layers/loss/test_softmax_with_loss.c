#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define LOSS(x, t, tops, settings)                                                                 \
    "force_backward: true " INPUT("x", x)                                                          \
        INPUT("t", t) "layer { name: 'cost' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 't' " tops \
                      " " settings " }"
#define TOP "top: 'loss'"

START_TEST(gradients) {
    static const char *const nets[] = {
        LOSS("dim: 4 dim: 3", "dim: 4", TOP, ""),
        LOSS("dim: 4 dim: 3", "dim: 4", TOP, "loss_weight: 0.3 loss_param { normalization: NONE }"),
        LOSS("dim: 2 dim: 3 dim: 2 dim: 2", "dim: 2 dim: 2 dim: 2", TOP, ""),
        LOSS("dim: 2 dim: 3 dim: 2", "dim: 2 dim: 2", TOP,
             "loss_param { normalization: BATCH_SIZE }"),
        LOSS("dim: 4 dim: 2 dim: 3", "dim: 4 dim: 2", TOP, "softmax_param { axis: -1 }"),
        LOSS("dim: 4 dim: 3", "dim: 4", TOP, "loss_param { ignore_label: 1 }"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(
            &(lungo_gradient_check){.net = nets[i], .inputs = {{"x", -2, 2, 0}, {"t", 0, 3, 1}}});
}
END_TEST

START_TEST(divisors) {
    static const struct {
        const char *settings;
        float divisor; /* of 2 items at 3 positions, 4 classes, one label in six ignored */
    } cases[] = {{"ignore_label: 3", 5},
                 {"ignore_label: 3 normalization: VALID", 5},
                 {"ignore_label: 3 normalization: FULL", 6},
                 {"ignore_label: 3 normalization: BATCH_SIZE", 2},
                 {"ignore_label: 3 normalization: NONE", 1},
                 {"ignore_label: 3 normalize: true", 5},
                 {"ignore_label: 3 normalize: false", 2},
                 {"ignore_label: 3 normalize: false normalization: FULL", 6}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 LOSS("dim: 2 dim: 4 dim: 3", "dim: 2 dim: 3", TOP, "loss_param { %s }"),
                 cases[i].settings);
        lungo_net *net = lungo_test_net(LUNGO_TRAIN, text);
        lungo_set_data(net, "t", (float[]){0, 1, 2, 3, 0, 1}, 6);
        ck_ok(lungo_net_forward(net, NULL));
        lungo_test_values(net, "loss", (float[]){5 * 1.3862944f / cases[i].divisor}, 1);
        lungo_net_free(net);
    }
}
END_TEST

/* Caffe cannot build this. */
START_TEST(a_second_top_holds_the_probabilities) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, LOSS("dim: 2 dim: 3", "dim: 2", TOP " top: 'p'", ""));
    lungo_set_data(net, "x", (float[]){0, 0, 0, logf(2), 0, logf(5)}, 6);
    lungo_set_data(net, "t", (float[]){0, 2}, 2);
    float loss = 0;
    ck_ok(lungo_net_forward(net, &loss));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "p", (float[]){1 / 3.0f, 1 / 3.0f, 1 / 3.0f, 0.25f, 0.125f, 0.625f}, 6);
    lungo_test_diffs(net, "x", (float[]){-1 / 3.0f, 1 / 6.0f, 1 / 6.0f, 0.125f, 0.0625f, -0.1875f},
                     6);
    ck_assert_float_eq_tol(loss, (logf(3) + logf(1.6f)) / 2, 1e-6); /* only top 0 has a weight */
    lungo_net_free(net);
}
END_TEST

static void check_label(const char *dims, const float *labels, size_t count, const char *part) {
    char text[1024];
    snprintf(text, sizeof text, LOSS("%s", "dim: 2 dim: %zu", TOP, ""), dims, count / 2);
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, text);
    lungo_set_data(net, "t", labels, count);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA, part);
    ck_assert_msg(strstr(lungo_error_text(), "'cost'") != NULL, "no layer in: %s",
                  lungo_error_text());
    ck_assert_int_ne(lungo_net_backward(net), LUNGO_OK);
    lungo_net_free(net);
}

START_TEST(labels_out_of_range_are_named) {
    check_label(
        "dim: 2 dim: 3", (float[]){0, 3}, 2,
        "label out of range: bottom 't', item 1: expected 0 to 2 for the 3 classes of bottom "
        "'x', got 3");
    check_label("dim: 2 dim: 3", (float[]){-1, 0}, 2, "item 0: expected 0 to 2");
    check_label("dim: 2 dim: 3", (float[]){NAN, 0}, 2, "got nan");
    check_label("dim: 2 dim: 3", (float[]){1e20f, 0}, 2, "got 1e+20");
    check_label(
        "dim: 2 dim: 3 dim: 2", (float[]){0, 1, 2, 7}, 4,
        "bottom 't', item 1, position 1: expected 0 to 2 for the 3 classes of bottom 'x', got 7");
}
END_TEST

START_TEST(labels_are_cut_to_integers) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, LOSS("dim: 2 dim: 2", "dim: 2", TOP, ""));
    lungo_set_data(net, "x", (float[]){0, logf(3), 0, logf(3)}, 4);
    lungo_set_data(net, "t", (float[]){-0.5f, 1.9f}, 2);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "loss", (float[]){(logf(4) + logf(4 / 3.0f)) / 2}, 1);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(
        LOSS("dim: 2 dim: 3 dim: 4", "dim: 2", TOP, ""), LUNGO_ERR_CONFIG,
        "bottom 't': expected 8 labels, one for every item and position of bottom 'x' "
        "(shape 2x3x4, 3 classes), got 2 (shape 2)");
    lungo_test_refused(LOSS("dim: 2 dim: 3", "dim: 2", TOP, "softmax_param { axis: 2 }"),
                       LUNGO_ERR_CONFIG, "axis: expected an axis from -2 to 1 of shape 2x3, got 2");
}
END_TEST

Suite *lungo_suite_softmax_with_loss(void);
Suite *lungo_suite_softmax_with_loss(void) {
    return lungo_suite_of(
        "softmax_with_loss",
        (const TTest *const[]){gradients, divisors, a_second_top_holds_the_probabilities,
                               labels_out_of_range_are_named, labels_are_cut_to_integers,
                               what_does_not_fit_is_refused, NULL});
}
