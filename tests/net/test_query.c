#include <string.h>

#include "support/nets.h"
#include "support/suites.h"

static const char text[] = "name: 'asked'\n" INPUT("x", "dim: 2 dim: 3")
    LAYER1("a", "ReLU", "x", "y", "") LAYER1("b", "ReLU", "y", "y", "")
        LAYER1("c", "InnerProduct", "y", "z", "inner_product_param { num_output: 4 }");

START_TEST(layers_tell_what_they_are) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    ck_assert_str_eq(lungo_net_name(net), "asked");
    ck_assert_int_eq(lungo_net_phase(net), LUNGO_TEST);
    ck_assert_uint_eq(lungo_net_layer_count(net), 4);
    lungo_layer_info info = lungo_net_layer(net, 3);
    ck_assert_str_eq(info.name, "c");
    ck_assert_str_eq(info.type, "InnerProduct");
    ck_assert_str_eq(info.file, "net.prototxt");
    ck_assert_int_eq(info.line, 5);
    ck_assert_uint_eq(info.bottom_count, 1);
    ck_assert_uint_eq(info.top_count, 1);
    ck_assert_uint_eq(info.param_count, 2);
    ck_assert(!info.needs_backward);
    lungo_net_free(net);
}
END_TEST

START_TEST(blobs_are_found_by_name_and_by_layer) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    lungo_blob *y = lungo_net_blob(net, "y");
    ck_assert_str_eq(lungo_blob_name(y), "y");
    ck_assert_ptr_eq(lungo_net_layer_top(net, 1, 0), y);
    ck_assert_ptr_eq(lungo_net_layer_top(net, 2, 0), y);
    ck_assert_ptr_eq(lungo_net_layer_bottom(net, 3, 0), y);
    ck_assert_int_eq(lungo_blob_shape(lungo_net_layer_param(net, 3, 0))->dim[0], 4);
    ck_assert_ptr_eq(lungo_net_input(net, 0), lungo_net_blob(net, "x"));
    ck_assert_ptr_eq(lungo_net_output(net, 0), lungo_net_blob(net, "z"));
    lungo_net_free(net);
}
END_TEST

START_TEST(parameters_are_listed_in_net_order) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    ck_assert_uint_eq(lungo_net_param_count(net), 2);
    lungo_param_info bias = lungo_net_param(net, 1);
    ck_assert_str_eq(bias.layer, "c");
    ck_assert_uint_eq(bias.index, 1);
    ck_assert_uint_eq(lungo_blob_count(bias.blob), 4);
    ck_assert_float_eq(bias.lr_mult, 1);
    lungo_net_free(net);
}
END_TEST

START_TEST(beyond_the_last_is_nothing) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    ck_assert_ptr_null(lungo_net_blob(net, "none"));
    ck_assert_ptr_null(lungo_net_input(net, 1));
    ck_assert_ptr_null(lungo_net_output(net, 1));
    ck_assert_float_eq(lungo_net_output_loss_weight(net, 1), 0);
    ck_assert_ptr_null(lungo_net_layer(net, 4).name);
    ck_assert_ptr_null(lungo_net_layer_bottom(net, 3, 1));
    ck_assert_ptr_null(lungo_net_layer_bottom(net, 4, 0));
    ck_assert_ptr_null(lungo_net_layer_top(net, 3, 1));
    ck_assert_ptr_null(lungo_net_layer_top(net, 4, 0));
    ck_assert_ptr_null(lungo_net_layer_param(net, 3, 2));
    ck_assert_ptr_null(lungo_net_layer_param(net, 4, 0));
    ck_assert_ptr_null(lungo_net_param(net, 2).blob);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_query(void);
Suite *lungo_suite_query(void) {
    return lungo_suite_of("query", (const TTest *const[]){layers_tell_what_they_are,
                                                          blobs_are_found_by_name_and_by_layer,
                                                          parameters_are_listed_in_net_order,
                                                          beyond_the_last_is_nothing, NULL});
}
