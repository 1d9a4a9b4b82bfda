#include <stdio.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define FILLED "weight_filler { type: 'xavier' } bias_filler { type: 'uniform' } "
#define IMAGE  INPUT("x", "dim: 2 dim: 4 dim: 3 dim: 5")
#define DECONV(settings)                                                                           \
    LAYER1("up", "Deconvolution", "x", "y", "convolution_param { " FILLED settings " }")

static const struct {
    const char *settings, *top;
} good[] = {
    {"num_output: 3 kernel_size: 3 pad: 1", "2x3x3x5"},
    {"num_output: 2 kernel_h: 3 kernel_w: 2 stride: 2 group: 2 bias_term: false", "2x2x7x10"},
    {"num_output: 2 kernel_size: 2 pad: 2 pad: 1 dilation: 2 stride: 3", "2x2x5x13"},
    {"num_output: 3 kernel_size: 1", "2x3x3x5"},
    {"num_output: 2 kernel_size: 3 force_nd_im2col: true", "2x2x5x7"},
    {"num_output: 2 kernel_size: 4 stride: 2 axis: 2", "2x4x2x12"},
    {"num_output: 4 kernel_size: 4 stride: 2 pad: 1 group: 4", "2x4x6x10"},
};

START_TEST(shapes_and_gradients) {
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n" IMAGE DECONV("%s"), good[_i].settings);
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    ck_assert_str_eq(lungo_shape_text(lungo_blob_shape(lungo_net_blob(net, "y"))).text,
                     good[_i].top);
    lungo_net_free(net);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

static const struct {
    const char *settings, *error;
} refused[] = {
    {"kernel_size: 3", "convolution_param.num_output: expected 1 to 2147483647, got 0"},
    {"num_output: 3 kernel_size: 3 group: 2", "group: expected a divisor of num_output 3, got 2"},
    {"num_output: 2 kernel_size: 1 pad: 2",
     "bottom 'x' (shape 2x4x3x5): spatial axis 0: expected an output of 1 to 2147483647, got -1: "
     "stride 1 x (3 - 1) + 1 (kernel 1, dilation 1) - 2 x pad 2"},
    {"num_output: 2 kernel_size: 2 stride: 2147483647", "expected an output of 1 to 2147483647"},
};

START_TEST(settings_that_do_not_fit_are_refused) {
    char text[512];
    snprintf(text, sizeof text, IMAGE DECONV("%s"), refused[_i].settings);
    ck_fails(lungo_try_net(LUNGO_TEST, text), LUNGO_ERR_CONFIG, refused[_i].error);
}
END_TEST

Suite *lungo_suite_deconvolution(void);
Suite *lungo_suite_deconvolution(void) {
    Suite *suite = lungo_suite_of("deconvolution", (const TTest *const[]){NULL});
    lungo_suite_add_table(suite, shapes_and_gradients, sizeof good / sizeof *good);
    lungo_suite_add_table(suite, settings_that_do_not_fit_are_refused,
                          sizeof refused / sizeof *refused);
    return suite;
}
