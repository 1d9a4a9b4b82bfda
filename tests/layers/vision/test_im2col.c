#include <stdio.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define IMAGE            INPUT("x", "dim: 2 dim: 2 dim: 5 dim: 4")
#define IM2COL(settings) LAYER1("ic", "Im2col", "x", "y", "convolution_param { " settings " }")

START_TEST(gradients) {
    static const char *const settings[] = {
        "kernel_size: 3 stride: 2 pad: 1",
        "kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 0",
        "kernel_size: 2 dilation: 2", "kernel_size: 3 force_nd_im2col: true",
        "kernel_size: 2 axis: -2"};
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n" IMAGE IM2COL("%s"), settings[_i]);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

START_TEST(shapes_follow_the_window) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, IMAGE IM2COL("kernel_size: 3 stride: 2 pad: 1"));
    lungo_test_shape(net, "y", &LUNGO_SHAPE(2, 18, 3, 2));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(1, 3, 6, 6)));
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_shape(net, "y", &LUNGO_SHAPE(1, 27, 3, 3));
    lungo_net_free(net);
}
END_TEST

START_TEST(settings_that_do_not_fit_are_refused) {
    static const struct {
        const char *settings, *error;
    } refused[] = {
        {"", "convolution_param.kernel_size: expected 1 value, or 2 for as many spatial axes, got"},
        {"kernel_size: 0", "convolution_param.kernel_size: expected 1 to 2147483647, got 0"},
        {"kernel_size: 2 stride: 0", "convolution_param.stride: expected 1 to 2147483647, got 0"},
        {"kernel_size: 2 kernel_h: 2", "expected kernel_size, or kernel_h and kernel_w, got both"},
        {"kernel_size: 7", "spatial axis 0: expected an output of 1 to 2147483647, got 0"},
        {"kernel_size: 2 axis: 3", "bottom 'x': expected spatial axes behind axis 3, got shape 2x"},
        {"kernel_size: 2 axis: 4", "convolution_param.axis: expected"},
        {"kernel_size: 40000 pad: 30000",
         "top 'y': expected at most 2147483647 channels, got 3200"},
    };
    char text[512];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        snprintf(text, sizeof text, IMAGE IM2COL("%s"), refused[i].settings);
        lungo_test_refused(text, LUNGO_ERR_CONFIG, refused[i].error);
    }
}
END_TEST

Suite *lungo_suite_im2col(void);
Suite *lungo_suite_im2col(void) {
    Suite *suite = lungo_suite_of(
        "im2col", (const TTest *const[]){shapes_follow_the_window,
                                         settings_that_do_not_fit_are_refused, NULL});
    lungo_suite_add_table(suite, gradients, 5);
    return suite;
}
