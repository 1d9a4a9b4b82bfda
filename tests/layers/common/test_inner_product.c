#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define FILLED "weight_filler { type: 'xavier' } bias_filler { type: 'uniform' } "
#define IP(bottom, settings)                                                                       \
    LAYER1("ip1", "InnerProduct", bottom, "ip1", "inner_product_param { " FILLED settings " }")

START_TEST(gradients) {
    static const char *const settings[] = {"num_output: 3", "num_output: 4 transpose: true",
                                           "num_output: 2 axis: 2", "num_output: 2 axis: 0",
                                           "num_output: 3 bias_term: false axis: -1"};
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n%s" IP("x", "%s"),
             INPUT("x", "dim: 2 dim: 3 dim: 4"), settings[_i]);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

START_TEST(another_count_per_item_is_refused) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, INPUT("pool2", "dim: 64 dim: 50 dim: 5 dim: 2")
                                                    IP("pool2", "num_output: 10"));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "pool2"), &LUNGO_SHAPE(64, 50, 4, 4)));
    ck_fails(lungo_net_reshape(net), LUNGO_ERR_CONFIG,
             "lungo: shapes do not fit: bottom 'pool2': expected 500 values per item to match "
             "weights 10x500, got 800 (shape 64x50x4x4)\n  in layer 'ip1' (InnerProduct), "
             "net.prototxt:2");
    lungo_net_free(net);
}
END_TEST

START_TEST(another_batch_is_fine) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 3") IP("x", "num_output: 2"));
    for (int items = 5; items >= 0; items -= 5) {
        ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(items, 3)));
        ck_ok(lungo_net_forward(net, NULL));
        ck_assert_uint_eq(lungo_blob_count(lungo_net_blob(net, "ip1")), 2 * (size_t)items);
    }
    lungo_net_free(net);
}
END_TEST

START_TEST(settings_that_mean_nothing_are_refused) {
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 3") IP("x", "num_output: 0")),
             LUNGO_ERR_CONFIG,
             "inner_product_param.num_output: expected 1 to 2147483647, got 0\n"
             "  in layer 'ip1' (InnerProduct), net.prototxt:2");
    ck_fails(
        lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 3") IP("x", "num_output: 4294967295")),
        LUNGO_ERR_CONFIG, "num_output: expected 1 to 2147483647, got 4294967295");
    ck_fails(
        lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 3") IP("x", "num_output: 2 axis: 2")),
        LUNGO_ERR_CONFIG,
        "inner_product_param.axis: expected an axis from -2 to 1 of shape 2x3, got 2");
    ck_fails(
        lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 70000") IP("x", "num_output: 70000")),
        LUNGO_ERR_MEMORY, "shape 70000x70000");
    ck_fails(lungo_try_net(LUNGO_TEST,
                           INPUT("x", "dim: 0 dim: 70000 dim: 70000") IP("x", "num_output: 1")),
             LUNGO_ERR_CONFIG, "expected at most 2147483647 values per item, got 4900000000");
}
END_TEST

Suite *lungo_suite_inner_product(void);
Suite *lungo_suite_inner_product(void) {
    Suite *suite = lungo_suite_of(
        "inner_product",
        (const TTest *const[]){another_count_per_item_is_refused, another_batch_is_fine,
                               settings_that_mean_nothing_are_refused, NULL});
    lungo_suite_add_table(suite, gradients, 5);
    return suite;
}
