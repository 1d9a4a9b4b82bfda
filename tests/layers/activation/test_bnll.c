#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X        "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART    X LAYER1("layer", "BNLL", "x", "y", "")
#define IN_PLACE X LEAD LAYER1("layer", "BNLL", "h", "h", "")

START_TEST(gradients) {
    static const char *const nets[] = {
        APART,
        IN_PLACE,
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .inputs = {{"x", -4, 4, 0}}});
}
END_TEST

START_TEST(nothing_overflows) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, "force_backward: true " INPUT("x", "dim: 3")
                                        LAYER1("layer", "BNLL", "x", "y", "loss_weight: 1"));
    lungo_set_data(net, "x", (float[]){-200, 0, 200}, 3);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "y", (float[]){0, 0.6931472f, 200}, 3);
    lungo_test_diffs(net, "x", (float[]){0, 0.5f, 1}, 3);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_bnll(void);
Suite *lungo_suite_bnll(void) {
    return lungo_suite_of("bnll", (const TTest *const[]){gradients, nothing_overflows, NULL});
}
