#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define IMAGE INPUT("x", "dim: 3 dim: 2 dim: 2 dim: 3")
#define NORM(bottom, top, settings)                                                                \
    LAYER1("bn1", "BatchNorm", bottom, top, "batch_norm_param { " settings " }")
#define BEFORE                                                                                     \
    LAYER1("ip", "InnerProduct", "x", "h",                                                         \
           "inner_product_param { num_output: 4 weight_filler { type: 'xavier' } }")

START_TEST(gradients) {
    static const struct {
        lungo_phase phase;
        const char *layers;
    } nets[] = {
        {LUNGO_TRAIN, IMAGE NORM("x", "y", "")},
        {LUNGO_TEST, IMAGE NORM("x", "y", "use_global_stats: false eps: 0.1")},
        {LUNGO_TRAIN, IMAGE NORM("x", "y", "use_global_stats: true eps: 2")},
        {LUNGO_TRAIN, INPUT("x", "dim: 6 dim: 3") BEFORE NORM("h", "h", "")},
        {LUNGO_TEST, INPUT("x", "dim: 6 dim: 3") BEFORE NORM("h", "h", "eps: 1")},
        {LUNGO_TRAIN, INPUT("x", "dim: 7") NORM("x", "y", "")},
        /* a layer in place behind it does not disturb its backward */
        {LUNGO_TRAIN, IMAGE NORM("x", "y", "") LAYER1("scale", "Scale", "y", "y",
                                                      "scale_param { filler { value: 3 } }")},
    };
    char text[2048];
    snprintf(text, sizeof text, "force_backward: true\n%s", nets[_i].layers);
    lungo_check_gradient(&(lungo_gradient_check){.net = text, .phase = nets[_i].phase});
}
END_TEST

/* One axis is one channel. Sums are kept as Caffe keeps them: not divided by their factor. */
START_TEST(statistics_are_added_up_in_train) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN, INPUT("x", "dim: 4") NORM("x", "y", "moving_average_fraction: 0.5 eps: 0"));
    const lungo_layer *layer = lungo_test_layer(net, "bn1");
    const float x[] = {1, 3, 5, 7};
    for (int pass = 0; pass < 2; pass++) {
        lungo_set_data(net, "x", x, 4);
        ck_ok(lungo_net_forward(net, NULL));
    }
    ck_assert_float_eq_tol(lungo_param(layer, 0)[0], 4 + 2, 1e-5f);
    ck_assert_float_eq_tol(lungo_param(layer, 1)[0], (5 + 2.5f) * 4 / 3, 1e-5f);
    ck_assert_float_eq_tol(lungo_param(layer, 2)[0], 1.5f, 1e-6f);
    ck_assert_float_eq_tol(lungo_data(lungo_net_blob(net, "y"))[3], 3 / sqrtf(5), 1e-5f);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    ck_fails(lungo_try_net(LUNGO_TRAIN, IMAGE LAYER1("bn1", "BatchNorm", "x", "y",
                                                     "param { lr_mult: 0 } param { lr_mult: 1 }")),
             LUNGO_ERR_CONFIG, "param 1 is not learned by gradients: expected lr_mult 0, got 1");
    ck_fails(lungo_try_net(LUNGO_TRAIN, INPUT("x", "") NORM("x", "y", "")), LUNGO_ERR_CONFIG,
             "bottom 'x': expected at least 1 axis, got shape ()");
    lungo_net *net = lungo_test_net(LUNGO_TEST, IMAGE NORM("x", "y", ""));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(3, 5, 2, 3)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_CONFIG,
             "shapes do not fit: bottom 'x': expected 2 channels, as many as the stored "
             "statistics have, got 5 (shape 3x5x2x3)");
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_batch_norm(void);
Suite *lungo_suite_batch_norm(void) {
    Suite *suite =
        lungo_suite_of("batch_norm", (const TTest *const[]){statistics_are_added_up_in_train,
                                                            what_does_not_fit_is_refused, NULL});
    lungo_suite_add_table(suite, gradients, 7);
    return suite;
}
