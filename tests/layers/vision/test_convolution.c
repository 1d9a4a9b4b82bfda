#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define FILLED "weight_filler { type: 'xavier' } bias_filler { type: 'uniform' } "
#define IMAGE  INPUT("x", "dim: 2 dim: 4 dim: 5 dim: 6")
#define CONV(settings)                                                                             \
    LAYER1("conv1", "Convolution", "x", "y", "convolution_param { " FILLED settings " }")

START_TEST(gradients) {
    static const char *const settings[] = {
        "num_output: 3 kernel_size: 3 pad: 1",
        "num_output: 4 kernel_h: 3 kernel_w: 2 stride: 2 group: 2 bias_term: false",
        "num_output: 2 kernel_size: 2 pad: 2 pad: 1 dilation: 2",
        "num_output: 3 kernel_size: 1",
        "num_output: 2 kernel_size: 2 kernel_size: 3 stride: 2 stride: 1 force_nd_im2col: true",
        "num_output: 2 kernel_size: 2 axis: 2",
        "num_output: 2 axis: 3",
        "num_output: 3 kernel_size: 2 axis: 0"};
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n" IMAGE CONV("%s"), settings[_i]);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

START_TEST(gradients_of_two_bottoms_add_up) {
    lungo_check_gradient(&(lungo_gradient_check){
        .net = "force_backward: true\n" INPUT("a", "dim: 3 dim: 2 dim: 4 dim: 3")
            INPUT("b", "dim: 3 dim: 2 dim: 4 dim: 3") "layer { name: 'conv' type: 'Convolution' "
                                                      "bottom: 'a' bottom: 'b' top: 'c' "
                                                      "top: 'd' convolution_param { num_output: 3 "
                                                      "kernel_size: 2 " FILLED "} }"});
}
END_TEST

static const struct {
    const char *settings, *error;
} refused[] = {
    {"kernel_size: 3", "convolution_param.num_output: expected 1 to 2147483647, got 0"},
    {"num_output: 2", "convolution_param.kernel_size: expected 1 value, or 2 for as many spatial "
                      "axes, got 0"},
    {"num_output: 2 kernel_size: [1, 2, 3]", "kernel_size: expected 1 value, or 2 for as many "
                                             "spatial axes, got 3"},
    {"num_output: 2 kernel_size: 3 stride: [1, 2, 3]", "stride: expected 1 value, or 2"},
    {"num_output: 2 kernel_size: 0", "kernel_size: expected 1 to 2147483647, got 0"},
    {"num_output: 2 kernel_size: 3 stride: 0", "stride: expected 1 to 2147483647, got 0"},
    {"num_output: 2 kernel_size: 3 pad: 4294967295", "pad: expected 0 to 2147483647, got 42949672"},
    {"num_output: 2 kernel_h: 3", "convolution_param.kernel_w: expected 1 to 2147483647, got 0"},
    {"num_output: 2 kernel_size: 3 stride_w: 2", "convolution_param.stride_h: expected 1 to"},
    {"num_output: 2 kernel_size: 3 kernel_h: 3 kernel_w: 3",
     "expected kernel_size, or kernel_h and kernel_w, got both"},
    {"num_output: 2 kernel_h: 3 kernel_w: 3 axis: 2",
     "kernel_h and kernel_w: expected 2 spatial axes, got 1; use kernel_size"},
    {"num_output: 4 kernel_size: 3 group: 3", "convolution_param.group: expected a divisor of the "
                                              "4 channels of bottom 'x' (shape 2x4x5x6), got 3"},
    {"num_output: 3 kernel_size: 3 group: 2", "group: expected a divisor of num_output 3, got 2"},
    {"num_output: 4 kernel_size: 3 group: 0", "group: expected a divisor of the 4 channels"},
    {"num_output: 4 kernel_size: 3 axis: 4", "axis: expected an axis from -4 to 3"},
    {"num_output: 2 kernel_size: 3 dilation: 4 pad: 1",
     "shapes do not fit: bottom 'x' (shape 2x4x5x6): spatial axis 0: expected an output of 1 to "
     "2147483647, got 0: the kernel covers 9 (kernel 3, dilation 4), the padded input is 7 "
     "(5 + 2 x 1)\n  in layer 'conv1' (Convolution), net.prototxt:2"},
    {"num_output: 2 kernel_size: 6 stride: 2", "spatial axis 0: expected an output of 1 to"},
    {"num_output: 2 kernel_size: 2 dilation: 2147483647", "the kernel covers 2147483648 (kernel 2"},
};

START_TEST(settings_that_do_not_fit_are_refused) {
    char text[512];
    snprintf(text, sizeof text, IMAGE CONV("%s"), refused[_i].settings);
    ck_assert_int_ne(lungo_try_net(LUNGO_TEST, text), LUNGO_OK);
    ck_assert_msg(strstr(lungo_error_text(), refused[_i].error) != NULL, "%s\nlacks: %s",
                  lungo_error_text(), refused[_i].error);
}
END_TEST

START_TEST(other_shapes_after_a_reshape) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, IMAGE CONV("num_output: 3 kernel_size: 3 stride: 2"));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(5, 4, 7, 3)));
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_str_eq(lungo_shape_text(lungo_blob_shape(lungo_net_blob(net, "y"))).text, "5x3x3x1");
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(5, 2, 7, 3)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_CONFIG,
             "shapes do not fit: bottom 'x': expected 4 channels at axis 1 and 2 spatial axes to "
             "match weights 3x4x3x3, got shape 5x2x7x3");
    lungo_net_free(net);
}
END_TEST

START_TEST(bottoms_of_two_shapes_are_refused) {
    ck_fails(
        lungo_try_net(
            LUNGO_TEST,
            IMAGE INPUT("z", "dim: 1 dim: 4 dim: 5 dim: 6") "layer { name: 'conv' type: "
                                                            "'Convolution' bottom: 'x' bottom: 'z' "
                                                            "top: 'c' top: 'd' convolution_param { "
                                                            "num_output: 3 kernel_size: 2 } }"),
        LUNGO_ERR_CONFIG, "bottom 'z': expected shape 2x4x5x6 like bottom 'x', got 1x4x5x6");
}
END_TEST

Suite *lungo_suite_convolution(void);
Suite *lungo_suite_convolution(void) {
    Suite *suite = lungo_suite_of("convolution",
                                  (const TTest *const[]){gradients_of_two_bottoms_add_up,
                                                         other_shapes_after_a_reshape,
                                                         bottoms_of_two_shapes_are_refused, NULL});
    lungo_suite_add_table(suite, gradients, 8);
    lungo_suite_add_table(suite, settings_that_do_not_fit_are_refused,
                          sizeof refused / sizeof *refused);
    return suite;
}
