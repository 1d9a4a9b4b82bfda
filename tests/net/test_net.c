#include <string.h>

#include "net/net.h"
#include "support/suites.h"

static lungo_net *open_net(const char *text) {
    lungo_net *net;
    ck_ok(lungo_net_open_text(&net, text, "n.prototxt", NULL));
    return net;
}

START_TEST(tops_bottoms_and_splits_are_wired) {
    lungo_net *net = open_net(
        "name: 'wired' force_backward: true\n"
        "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }\n"
        "layer { name: 'r1' type: 'ReLU' bottom: 'x' top: 'x' }\n"
        "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' }\n"
        "layer { name: 'b' type: 'ReLU' bottom: 'x' top: 'b' relu_param { negative_slope: 0.5 } "
        "}\n");
    ck_assert_uint_eq(lungo_net_layer_count(net), 5);
    ck_assert_str_eq(lungo_net_layer(net, 2).name, "x_r1_0_split");
    ck_assert_ptr_null(lungo_net_layer(net, 2).file);
    ck_assert_int_eq(lungo_net_layer(net, 3).line, 4);
    ck_assert_str_eq(lungo_blob_name(lungo_net_layer_bottom(net, 4, 0)), "x_r1_0_split_1");
    float *x = lungo_data_overwrite(lungo_net_input(net, 0));
    for (int i = 0; i < 6; i++)
        x[i] = (float)i - 2.5f;
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "a"))[5], 2.5f);
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "b"))[0], 0);
    for (int i = 0; i < 6; i++) {
        lungo_diff_overwrite(lungo_net_blob(net, "a"))[i] = 1;
        lungo_diff_overwrite(lungo_net_blob(net, "b"))[i] = 10;
    }
    ck_ok(lungo_net_backward(net));
    ck_assert_float_eq(lungo_diff(lungo_net_blob(net, "x"))[5], 11);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_net(void);
Suite *lungo_suite_net(void) {
    return lungo_suite_of("net", (const TTest *const[]){tops_bottoms_and_splits_are_wired, NULL});
}
