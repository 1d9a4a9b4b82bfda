#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define THETA                                                                                      \
    "layer { name: 'theta' type: 'Parameter' top: 't' parameter_param { shape { dim: 2 dim: 3 } "  \
    "} }\n"
#define PRODUCT                                                                                    \
    INPUT("x", "dim: 2 dim: 3")                                                                    \
    THETA "layer { name: 'mul' type: 'Eltwise' bottom: 'x' bottom: 't' top: 'y' loss_weight: 1 "   \
          "eltwise_param { operation: PROD } }"

START_TEST(the_top_is_the_parameter) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, PRODUCT);
    ck_assert_uint_eq(lungo_net_param_count(net), 1);
    lungo_blob *theta = lungo_net_param(net, 0).blob;
    ck_assert_ptr_eq(lungo_data(theta), lungo_data(lungo_net_blob(net, "t")));
    lungo_test_values(net, "t", (float[]){0, 0, 0, 0, 0, 0}, 6);
    float *values = lungo_data_overwrite(theta);
    for (int i = 0; i < 6; i++)
        values[i] = (float)i;
    lungo_set_data(net, "x", (float[]){1, 2, 3, 4, 5, 6}, 6);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "y", (float[]){0, 2, 6, 12, 20, 30}, 6);
    lungo_net_free(net);
}
END_TEST

/* Passes do not add up: the reader of the top overwrites, as in Caffe. */
START_TEST(the_gradient_is_that_of_the_last_pass) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, PRODUCT);
    lungo_blob *theta = lungo_net_param(net, 0).blob;
    lungo_net_clear_gradients(net);
    for (int pass = 1; pass <= 3; pass++) {
        float x[6];
        for (int i = 0; i < 6; i++)
            x[i] = (float)(pass * (i + 1));
        lungo_set_data(net, "x", x, 6);
        ck_ok(lungo_net_forward(net, NULL));
        ck_ok(lungo_net_backward(net));
        ck_assert_int_eq(memcmp(lungo_diff(theta), x, sizeof x), 0);
    }
    lungo_net_free(net);
}
END_TEST

START_TEST(a_frozen_one_gets_no_gradient) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        INPUT("x",
              "dim: 3") "layer { name: 'theta' type: 'Parameter' top: 't' param { lr_mult: 0 } "
                        "parameter_param { shape { dim: 3 } } }"
                        "layer { name: 'sum' type: 'Eltwise' bottom: 'x' bottom: 't' top: 'y' "
                        "loss_weight: 1 }");
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        ck_assert(!lungo_net_layer(net, i).needs_backward);
    lungo_net_free(net);
}
END_TEST

START_TEST(shapes_that_cannot_be_are_refused) {
    lungo_test_refused("layer { name: 'p' type: 'Parameter' top: 't' "
                       "parameter_param { shape { dim: -1 } } }",
                       LUNGO_ERR_CONFIG, "shape: dim 0: expected 0 to 2147483647, got -1");
}
END_TEST

Suite *lungo_suite_parameter(void);
Suite *lungo_suite_parameter(void) {
    return lungo_suite_of(
        "parameter", (const TTest *const[]){
                         the_top_is_the_parameter, the_gradient_is_that_of_the_last_pass,
                         a_frozen_one_gets_no_gradient, shapes_that_cannot_be_are_refused, NULL});
}
