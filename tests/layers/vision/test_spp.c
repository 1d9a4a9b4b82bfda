#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/arrays.h"
#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define IMAGE         INPUT("x", "dim: 2 dim: 3 dim: 8 dim: 10")
#define SPP(settings) LAYER1("spp", "SPP", "x", "y", "spp_param { " settings " }")

START_TEST(gradients) {
    static const char *const settings[] = {"pyramid_height: 1", "pyramid_height: 3",
                                           "pyramid_height: 3 pool: AVE",
                                           "pyramid_height: 2 pool: STOCHASTIC"};
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n" IMAGE SPP("%s"), settings[_i]);
    lungo_check_gradient(&(lungo_gradient_check){.net = text,
                                                 .phase = LUNGO_TEST,
                                                 .inputs = {{"x", 0.1f, 1, 0}},
                                                 .step = 1e-4f,
                                                 .tolerance = 2e-2f});
}
END_TEST

/* Level by level what Pooling gives for one image. */
START_TEST(levels_lie_one_after_the_other) {
    lungo_net *net = lungo_test_net(
        LUNGO_TEST,
        INPUT("x", "dim: 1 dim: 3 dim: 8 dim: 8") SPP("pyramid_height: 2")
            LAYER1("a", "Pooling", "x", "one", "pooling_param { global_pooling: true }")
                LAYER1("b", "Pooling", "x", "four", "pooling_param { kernel_size: 4 stride: 4 }"));
    float *x = lungo_random_array(192, 5), want[15];
    lungo_set_data(net, "x", x, 192);
    ck_ok(lungo_net_forward(net, NULL));
    memcpy(want, lungo_data(lungo_net_blob(net, "one")), 3 * sizeof *want);
    memcpy(want + 3, lungo_data(lungo_net_blob(net, "four")), 12 * sizeof *want);
    lungo_test_shape(net, "y", &LUNGO_SHAPE(1, 15));
    lungo_test_values(net, "y", want, 15);
    lungo_net_free(net);
    free(x);
}
END_TEST

START_TEST(images_of_other_sizes_give_as_many_values) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, IMAGE SPP("pyramid_height: 3"));
    lungo_test_shape(net, "y", &LUNGO_SHAPE(2, 63));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(1, 3, 16, 12)));
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_shape(net, "y", &LUNGO_SHAPE(1, 63));
    lungo_net_free(net);
}
END_TEST

START_TEST(training_samples_values_of_the_image) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN, "force_backward: true\n" IMAGE LAYER1(
                         "spp", "SPP", "x", "y",
                         "loss_weight: 1 spp_param { pyramid_height: 2 pool: STOCHASTIC }"));
    float *x = lungo_random_array(480, 5), sum = 0;
    for (int i = 0; i < 480; i++)
        x[i] = x[i] * x[i];
    lungo_set_data(net, "x", x, 480);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    for (int i = 0; i < 480; i++)
        sum += lungo_diff(lungo_net_blob(net, "x"))[i];
    ck_assert_float_eq_tol(sum, 30, 1e-4f); /* each of the 30 values came from one pixel */
    lungo_net_free(net);
    free(x);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(IMAGE SPP(""), LUNGO_ERR_CONFIG,
                       "spp_param.pyramid_height: expected 1 to 31, got 0");
    lungo_test_refused(INPUT("x", "dim: 2 dim: 8 dim: 8") SPP("pyramid_height: 1"),
                       LUNGO_ERR_CONFIG, "bottom 'x': expected 4 axes (number, channels, height, ");
    lungo_test_refused(INPUT("x", "dim: 2 dim: 8 dim: 0 dim: 4") SPP("pyramid_height: 1"),
                       LUNGO_ERR_CONFIG, "of which the last two are at least 1, got shape 2x8x0x4");
    lungo_test_refused(INPUT("x", "dim: 2 dim: 8 dim: 3 dim: 4") SPP("pyramid_height: 3"),
                       LUNGO_ERR_CONFIG,
                       "pad: expected less than the kernel's height 1, got 1\n  at pyramid level 2 "
                       "(4 x 4 windows) over bottom 'x' (shape 2x8x3x4)\n  in layer 'spp' (SPP)");
    lungo_test_refused(IMAGE SPP("pyramid_height: 3 pool: STOCHASTIC"), LUNGO_ERR_CONFIG,
                       "pool STOCHASTIC: expected pad 0, got 1 (width)");
}
END_TEST

Suite *lungo_suite_spp(void);
Suite *lungo_suite_spp(void) {
    Suite *suite =
        lungo_suite_of("spp", (const TTest *const[]){levels_lie_one_after_the_other,
                                                     images_of_other_sizes_give_as_many_values,
                                                     training_samples_values_of_the_image,
                                                     what_does_not_fit_is_refused, NULL});
    lungo_suite_add_table(suite, gradients, 4);
    return suite;
}
