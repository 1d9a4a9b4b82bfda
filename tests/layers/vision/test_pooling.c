#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/pooling.h"
#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define IMAGE          INPUT("x", "dim: 2 dim: 2 dim: 5 dim: 6")
#define POOL(settings) LAYER1("pool1", "Pooling", "x", "y", "pooling_param { " settings " }")

static void check_gradients(const char *net) {
    lungo_check_gradient(&(lungo_gradient_check){.net = net,
                                                 .phase = LUNGO_TEST,
                                                 .inputs = {{"x", 0.1f, 1, 0}},
                                                 .step = 1e-4f,
                                                 .tolerance = 2e-2f});
}

START_TEST(gradients) {
    static const char *const settings[] = {"kernel_size: 2 stride: 2",
                                           "kernel_size: 3 stride: 2 pad: 1",
                                           "pool: AVE kernel_size: 3 stride: 2",
                                           "pool: AVE kernel_h: 3 kernel_w: 2 pad: 1",
                                           "pool: AVE global_pooling: true",
                                           "kernel_size: 2 stride: 2 round_mode: FLOOR",
                                           "pool: STOCHASTIC kernel_size: 3 stride: 2"};
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n" IMAGE POOL("%s"), settings[_i]);
    check_gradients(text);
}
END_TEST

/* One and three spatial axes, which Caffe does not pool over. */
START_TEST(gradients_over_other_numbers_of_axes) {
    static const char *const settings[] = {"kernel_size: 2 stride: 2", "kernel_size: 3 pad: 1",
                                           "pool: AVE kernel_size: 3 stride: 2 pad: 1",
                                           "global_pooling: true",
                                           "pool: STOCHASTIC kernel_size: 2"};
    static const char *const images[] = {INPUT("x", "dim: 2 dim: 3 dim: 7"),
                                         INPUT("x", "dim: 2 dim: 2 dim: 3 dim: 4 dim: 5")};
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n%s" POOL("%s"), images[_i % 2],
             settings[_i / 2]);
    check_gradients(text);
}
END_TEST

/* Training takes one value of each window, draws one number per window, and hands the gradient to
 * the value it took. */
START_TEST(stochastic_training_takes_values_and_draws_one_number_each) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        "force_backward: true\n" IMAGE LAYER1(
            "pool1", "Pooling", "x", "y",
            "loss_weight: 1 pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }"));
    float x[120], want[36];
    for (int i = 0; i < 120; i++)
        x[i] = (float)(i * 7 % 13);
    lungo_set_data(net, "x", x, 120);
    lungo_rng rng = *net->host.rng;
    ck_ok(lungo_net_forward(net, NULL));
    for (int i = 0; i < 36; i++)
        want[i] = lungo_rng_uniform(&rng, 0, 1);
    ck_assert_mem_eq(&rng, net->host.rng, sizeof rng);
    const lungo_pooling pool = {4, {1, 5, 6}, {1, 3, 3}, {1, 2, 2}, {1, 2, 2}, {0, 0, 0}};
    int32_t mask[36];
    lungo_pooling_sample_forward(&pool, x, want, mask);
    lungo_test_values(net, "y", want, 36);
    ck_ok(lungo_net_backward(net));
    const float *dx = lungo_diff(lungo_net_blob(net, "x"));
    for (int i = 0; i < 36; i++)
        ck_assert_float_eq(dx[i / 9 * 30 + mask[i]], 1);
    lungo_net_free(net);
}
END_TEST

static const struct {
    const char *settings, *shape;
} sizes[] = {
    {"kernel_size: 2 stride: 2", "2x2x3x3"},
    {"kernel_size: 2 stride: 2 round_mode: FLOOR", "2x2x2x3"},
    {"kernel_size: 2 stride: 2 pad: 1", "2x2x3x4"},
    {"kernel_h: 5 kernel_w: 1 stride_h: 3 stride_w: 2", "2x2x1x4"},
    {"kernel_size: 7 stride: 3", "2x2x1x1"},
    {"global_pooling: true", "2x2x1x1"},
};

START_TEST(sizes_are_rounded_as_asked) {
    char text[512];
    snprintf(text, sizeof text, IMAGE POOL("%s"), sizes[_i].settings);
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    ck_assert_str_eq(lungo_shape_text(lungo_blob_shape(lungo_net_blob(net, "y"))).text,
                     sizes[_i].shape);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_net_free(net);
}
END_TEST

static const struct {
    const char *settings, *error;
} refused[] = {
    {"", "expected kernel_size alone, or kernel_h and kernel_w together, got kernel_size absent, "
         "kernel_h absent, kernel_w absent\n  in layer 'pool1' (Pooling), net.prototxt:2"},
    {"kernel_size: 2 kernel_h: 2", "got kernel_size given, kernel_h given, kernel_w absent"},
    {"kernel_h: 2", "got kernel_size absent, kernel_h given, kernel_w absent"},
    {"kernel_size: 3 pad_h: 1", "expected pad alone, or pad_h and pad_w together"},
    {"kernel_size: 3 stride: 2 stride_h: 1 stride_w: 1", "expected stride alone, or stride_h and"},
    {"kernel_size: 0", "pooling_param: kernel_size (height): expected 1 to 2147483647, got 0"},
    {"kernel_size: 2 stride: 0", "pooling_param: stride (height): expected 1 to 2147483647, got 0"},
    {"kernel_h: 2 kernel_w: 3 pad: 2", "pad: expected less than the kernel's height 2, got 2"},
    {"kernel_size: 2 global_pooling: true", "global_pooling takes the whole plane: expected no "},
    {"global_pooling: true pad: 1", "expected pad 0 and stride 1, got pad 1 and stride 1"},
    {"kernel_size: 2 pad: 1 pool: STOCHASTIC", "pool STOCHASTIC: expected pad 0, got 1 (height)"},
    {"kernel_size: 7 round_mode: FLOOR",
     "shapes do not fit: bottom 'x' (shape 2x2x5x6): expected an output height of 1 to "
     "2147483647, got -1: kernel 7 over 5 + 2 x 0, stride 1"},
};

START_TEST(settings_that_do_not_fit_are_refused) {
    char text[512];
    snprintf(text, sizeof text, IMAGE POOL("%s"), refused[_i].settings);
    ck_assert_int_ne(lungo_try_net(LUNGO_TEST, text), LUNGO_OK);
    ck_assert_msg(strstr(lungo_error_text(), refused[_i].error) != NULL, "%s\nlacks: %s",
                  lungo_error_text(), refused[_i].error);
}
END_TEST

START_TEST(other_axes_and_masks_of_averages_are_refused) {
    lungo_test_refused(INPUT("x", "dim: 2 dim: 5") POOL("kernel_size: 2"), LUNGO_ERR_CONFIG,
                       "bottom 'x': expected 3 to 5 axes (number, channels, then 1 to 3 spatial "
                       "ones), got shape 2x5");
    lungo_test_refused(
        INPUT("x", "dim: 1 dim: 1 dim: 5 dim: 5 dim: 5") POOL("kernel_h: 2 kernel_w: 2"),
        LUNGO_ERR_CONFIG, "kernel_h and kernel_w: expected 2 spatial axes, got 3; use kernel_size");
    lungo_test_refused(INPUT("x", "dim: 1 dim: 1 dim: 5") POOL("kernel_size: 2 pad_h: 1 pad_w: 1"),
                       LUNGO_ERR_CONFIG,
                       "pad_h and pad_w: expected 2 spatial axes, got 1; use pad");
    for (int i = 0; i < 2; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 IMAGE "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'y' top: 'm' "
                       "pooling_param { pool: %s kernel_size: 2 } }",
                 i ? "AVE" : "STOCHASTIC");
        lungo_test_refused(text, LUNGO_ERR_CONFIG, "got 2: only MAX has a mask");
    }
}
END_TEST

START_TEST(windows_without_numbers_harm_nothing) {
    lungo_net *net = lungo_test_net(
        LUNGO_TEST, "force_backward: true\n" INPUT("x", "dim: 1 dim: 1 dim: 2 dim: 4")
                        POOL("kernel_size: 2 stride: 2"));
    const float x[] = {NAN, NAN, 1, 2, NAN, -INFINITY, 3, NAN}, dy[] = {5, 7};
    lungo_set_data(net, "x", x, 8);
    ck_ok(lungo_net_forward(net, NULL));
    const float *y = lungo_data(lungo_net_blob(net, "y"));
    ck_assert_float_eq(y[0], -FLT_MAX);
    ck_assert_float_eq(y[1], 3);
    lungo_set_diff(net, "y", dy, 2);
    ck_ok(lungo_net_backward(net));
    const float *dx = lungo_diff(lungo_net_blob(net, "x"));
    for (int i = 0; i < 8; i++)
        ck_assert_float_eq(dx[i], i == 6 ? 7 : 0);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_pooling(void);
Suite *lungo_suite_pooling(void) {
    Suite *suite = lungo_suite_of(
        "pooling",
        (const TTest *const[]){other_axes_and_masks_of_averages_are_refused,
                               windows_without_numbers_harm_nothing,
                               stochastic_training_takes_values_and_draws_one_number_each, NULL});
    lungo_suite_add_table(suite, gradients, 7);
    lungo_suite_add_table(suite, gradients_over_other_numbers_of_axes, 10);
    lungo_suite_add_table(suite, sizes_are_rounded_as_asked, sizeof sizes / sizeof *sizes);
    lungo_suite_add_table(suite, settings_that_do_not_fit_are_refused,
                          sizeof refused / sizeof *refused);
    return suite;
}
