#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define X INPUT("x", "dim: 2 dim: 3 dim: 4")
#define SCALE(bottom, top, settings)                                                               \
    LAYER1("scale1", "Scale", bottom, top, "scale_param { " settings " }")
#define TWO(settings)                                                                              \
    "layer { name: 'scale1' type: 'Scale' bottom: 'x' bottom: 'f' top: 'y' scale_param "           \
    "{ " settings " } }"
#define UNIFORM "filler { type: 'uniform' min: -1 } "

START_TEST(gradients) {
    static const char *const nets[] = {
        X SCALE("x", "y", UNIFORM "bias_term: true"),
        X SCALE("x", "y", UNIFORM "axis: 0 num_axes: 2 bias_term: true"),
        X SCALE("x", "y", UNIFORM "axis: 0 num_axes: -1"),
        X SCALE("x", "y", UNIFORM "num_axes: 0 bias_term: true"),
        X SCALE("x", "h", UNIFORM) SCALE("h", "h", UNIFORM "axis: -1 bias_term: true"),
        X INPUT("f", "dim: 3") TWO("bias_term: true"),
        X INPUT("f", "dim: 4") TWO("axis: -1"),
        X INPUT("f", "") TWO(""),
        X SCALE("x", "h", UNIFORM) INPUT(
            "f",
            "dim: 2 dim: 3") "layer { name: 'scale2' type: "
                             "'Scale' bottom: 'h' bottom: 'f' top: 'h' scale_param { axis: 0 } }",
    };
    char text[2048];
    snprintf(text, sizeof text, "force_backward: true\n%s", nets[_i]);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

START_TEST(settings_that_do_not_fit_are_refused) {
    ck_fails(lungo_try_net(LUNGO_TEST, X SCALE("x", "y", "num_axes: 3")), LUNGO_ERR_CONFIG,
             "scale_param.num_axes: expected -1 to 2 from axis 1 of bottom 'x' (shape 2x3x4), got "
             "3\n  in layer 'scale1' (Scale), net.prototxt:2");
    ck_fails(lungo_try_net(LUNGO_TEST, X SCALE("x", "y", "num_axes: -2")), LUNGO_ERR_CONFIG,
             "scale_param.num_axes: expected -1 to 2 from axis 1");
    ck_fails(lungo_try_net(LUNGO_TEST, X SCALE("x", "y", "axis: 3")), LUNGO_ERR_CONFIG,
             "scale_param.axis: expected an axis from -3 to 2");
    ck_fails(lungo_try_net(LUNGO_TEST, X INPUT("f", "dim: 4") TWO("")), LUNGO_ERR_CONFIG,
             "shapes do not fit: blob 'f': expected the dimensions of bottom 'x' (shape 2x3x4) "
             "from axis 1 on, got shape 4");
    ck_fails(lungo_try_net(LUNGO_TEST, X INPUT("f", "dim: 3 dim: 4 dim: 1") TWO("")),
             LUNGO_ERR_CONFIG, "from axis 1 on, got shape 3x4x1");
}
END_TEST

START_TEST(other_shapes_after_a_reshape) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, X INPUT("f", "dim: 3") TWO("bias_term: true"));
    lungo_blob *x = lungo_net_blob(net, "x"), *f = lungo_net_blob(net, "f");
    ck_ok(lungo_blob_reshape(x, &LUNGO_SHAPE(5, 3)));
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_blob_reshape(x, &LUNGO_SHAPE(5, 4)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_CONFIG, "blob 'f': expected the dimensions");
    ck_ok(lungo_blob_reshape(f, &LUNGO_SHAPE(4)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_CONFIG,
             "shapes do not fit: bottom 'f': expected shape 3 like the bias, got 4");
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_scale(void);
Suite *lungo_suite_scale(void) {
    Suite *suite =
        lungo_suite_of("scale", (const TTest *const[]){settings_that_do_not_fit_are_refused,
                                                       other_shapes_after_a_reshape, NULL});
    lungo_suite_add_table(suite, gradients, 9);
    return suite;
}
