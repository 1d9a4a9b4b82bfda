#include "support/suites.h"
#include "support/values.h"

START_TEST(takes_outputs_away_and_gives_no_gradient) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        "force_backward: true " INPUT("x", "dim: 3")
            LAYER1("layer", "Power", "x", "y", "loss_weight: 1 power_param { scale: 2 }")
                LAYER1("layer", "TanH", "x", "z",
                       "") "layer { name: 'hush' type: 'Silence' bottom: 'z' }");
    ck_assert_uint_eq(lungo_net_output_count(net), 1);
    ck_assert_str_eq(lungo_blob_name(lungo_net_output(net, 0)), "y");
    lungo_set_data(net, "x", (float[]){1, 2, 3}, 3);
    for (int pass = 0; pass < 2; pass++) {
        ck_ok(lungo_net_forward(net, NULL));
        ck_ok(lungo_net_backward(net));
        lungo_test_diffs(net, "x", (float[]){2, 2, 2}, 3);
    }
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_silence(void);
Suite *lungo_suite_silence(void) {
    return lungo_suite_of("silence",
                          (const TTest *const[]){takes_outputs_away_and_gives_no_gradient, NULL});
}
