#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 2 dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "PReLU", "x", "y", "prelu_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "PReLU", "h", "h", "prelu_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        APART(""),
        APART("channel_shared: true"),
        APART("filler { type: 'uniform' min: -1 max: 1 }"),
        IN_PLACE("filler { type: 'uniform' min: -1 max: 1 }"),
        IN_PLACE("channel_shared: true filler { value: -0.5 }"),
        "force_backward: true " INPUT("x", "dim: 4 dim: 3") LAYER1("layer", "PReLU", "x", "y", ""),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .kink_range = 0.02f});
}
END_TEST

START_TEST(slopes_are_a_quarter_unless_filled) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, APART(""));
    lungo_blob *slope = lungo_net_param(net, 0).blob;
    ck_assert_uint_eq(lungo_blob_count(slope), 3);
    for (int c = 0; c < 3; c++)
        ck_assert_float_eq(lungo_data(slope)[c], 0.25f);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(INPUT("x", "dim: 3") LAYER1("layer", "PReLU", "x", "y", ""),
                       LUNGO_ERR_CONFIG, "bottom 'x': expected 2 axes or more, got shape 3");
    lungo_net *net = lungo_test_net(LUNGO_TEST, APART(""));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(2, 5, 4)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_CONFIG,
             "bottom 'x': expected as many channels as slopes (3), got shape 2x5x4");
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_prelu(void);
Suite *lungo_suite_prelu(void) {
    return lungo_suite_of("prelu",
                          (const TTest *const[]){gradients, slopes_are_a_quarter_unless_filled,
                                                 what_does_not_fit_is_refused, NULL});
}
