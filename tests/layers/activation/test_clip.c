#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "Clip", "x", "y", "clip_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "Clip", "h", "h", "clip_param { " settings " }")

/* In place Caffe's gradient is wrong: it looks at values that were clipped already. */
START_TEST(gradients) {
    lungo_gradient_check check = {
        .net = APART("min: -0.5 max: 0.5"), .kink = 0.5f, .kink_range = 0.02f};
    lungo_check_gradient(&check);
    check.net = IN_PLACE("min: -0.5 max: 0.5");
    check.kink = 0.4f;
    lungo_check_gradient(&check);
}
END_TEST

START_TEST(bounds_pass_the_gradient) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, "force_backward: true " INPUT("x", "dim: 5")
                                        LAYER1("layer", "Clip", "x", "y",
                                               "loss_weight: 1 clip_param { min: -1 max: 2 }"));
    lungo_set_data(net, "x", (float[]){-2, -1, 0, 2, 3}, 5);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "y", (float[]){-1, -1, 0, 2, 2}, 5);
    lungo_test_diffs(net, "x", (float[]){0, 1, 1, 1, 0}, 5);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_is_missing_or_crossed_is_refused) {
    lungo_test_refused(X LAYER1("layer", "Clip", "x", "y", ""), LUNGO_ERR_CONFIG,
                       "layer needs clip_param");
    lungo_test_refused(APART("min: 2 max: 1"), LUNGO_ERR_CONFIG,
                       "clip_param: expected min <= max, got min 2 and max 1");
}
END_TEST

Suite *lungo_suite_clip(void);
Suite *lungo_suite_clip(void) {
    return lungo_suite_of("clip",
                          (const TTest *const[]){gradients, bounds_pass_the_gradient,
                                                 what_is_missing_or_crossed_is_refused, NULL});
}
