#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define X INPUT("x", "dim: 2 dim: 3 dim: 4")
#define BIAS(bottom, top, settings)                                                                \
    LAYER1("bias1", "Bias", bottom, top, "bias_param { " settings " }")
#define TWO(top, settings)                                                                         \
    "layer { name: 'bias1' type: 'Bias' bottom: 'x' bottom: 'b' top: '" top                        \
    "' bias_param { " settings " } }"

START_TEST(gradients) {
    static const char *const nets[] = {
        X BIAS("x", "y", ""),
        X BIAS("x", "y", "axis: 0 num_axes: 2 filler { type: 'uniform' }"),
        X BIAS("x", "y", "num_axes: 0"),
        X BIAS("x", "h", "num_axes: -1") BIAS("h", "h", "axis: 2"),
        X INPUT("b", "dim: 3 dim: 4") TWO("y", ""),
        X INPUT("b", "") TWO("y", ""),
    };
    char text[2048];
    snprintf(text, sizeof text, "force_backward: true\n%s", nets[_i]);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

START_TEST(settings_that_do_not_fit_are_refused) {
    ck_fails(lungo_try_net(LUNGO_TEST, X BIAS("x", "y", "num_axes: 3")), LUNGO_ERR_CONFIG,
             "bias_param.num_axes: expected -1 to 2 from axis 1 of bottom 'x' (shape 2x3x4), got "
             "3\n  in layer 'bias1' (Bias), net.prototxt:2");
    ck_fails(lungo_try_net(LUNGO_TEST, X INPUT("b", "dim: 2") TWO("y", "")), LUNGO_ERR_CONFIG,
             "blob 'b': expected the dimensions of bottom 'x' (shape 2x3x4) from axis 1 on, got "
             "shape 2");
}
END_TEST

Suite *lungo_suite_bias(void);
Suite *lungo_suite_bias(void) {
    Suite *suite =
        lungo_suite_of("bias", (const TTest *const[]){settings_that_do_not_fit_are_refused, NULL});
    lungo_suite_add_table(suite, gradients, 6);
    return suite;
}
