#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define ABC                                                                                        \
    "force_backward: true " INPUT("a", "dim: 2 dim: 3") INPUT("b", "dim: 2 dim: 3")                \
        INPUT("c", "dim: 2 dim: 3")
#define APART(settings)                                                                            \
    ABC "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'b' bottom: 'c' top: 'y' "          \
        "eltwise_param { " settings " } }"
#define IN_PLACE(settings)                                                                         \
    ABC "layer { name: 'lead' type: 'Power' bottom: 'a' top: 'h' power_param { scale: 2 } }"       \
        "layer { name: 'e' type: 'Eltwise' bottom: 'h' bottom: 'b' bottom: 'c' top: 'h' "          \
        "eltwise_param { " settings " } }"

START_TEST(gradients) {
    static const char *const nets[] = {
        APART(""),
        APART("coeff: 2 coeff: -0.5 coeff: 0"),
        APART("operation: PROD"),
        APART("operation: MAX"),
        IN_PLACE(""),
        IN_PLACE("coeff: 2 coeff: -0.5 coeff: 0"),
        IN_PLACE("operation: PROD"),
        IN_PLACE("operation: MAX"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .step = 1e-3f});
}
END_TEST

/* Divides by x, so away from zero. */
START_TEST(gradients_of_the_unstable_product) {
    static const char *const nets[] = {
        APART("operation: PROD stable_prod_grad: false"),
        IN_PLACE("operation: PROD stable_prod_grad: false"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){
            .net = nets[i], .inputs = {{"a", 0.5f, 2, 0}, {"b", 0.5f, 2, 0}, {"c", -2, -0.5f, 0}}});
}
END_TEST

/* In place, Caffe zeroes the sum before it reads its first term. */
START_TEST(the_sum_in_place_is_right) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, IN_PLACE(""));
    lungo_set_data(net, "a", (float[]){1, 2, 3, 4, 5, 6}, 6);
    lungo_set_data(net, "b", (float[]){10, 10, 10, 20, 20, 20}, 6);
    lungo_set_data(net, "c", (float[]){0, 0, 0, -1, -1, -1}, 6);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "h", (float[]){12, 14, 16, 27, 29, 31}, 6);
    lungo_net_free(net);
}
END_TEST

START_TEST(ties_go_to_the_second_then_to_the_first_of_them) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        ABC "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'b' bottom: 'c' top: 'y' "
            "loss_weight: 1 eltwise_param { operation: MAX } }");
    lungo_set_data(net, "a", (float[]){1, 1, 0, 0, 5, 0}, 6);
    lungo_set_data(net, "b", (float[]){1, 0, 1, 0, 5, 0}, 6);
    lungo_set_data(net, "c", (float[]){1, 1, 1, 0, 6, 1}, 6);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "y", (float[]){1, 1, 1, 0, 6, 1}, 6);
    lungo_test_diffs(net, "a", (float[]){0, 1, 0, 0, 0, 0}, 6);
    lungo_test_diffs(net, "b", (float[]){1, 0, 1, 1, 0, 0}, 6);
    lungo_test_diffs(net, "c", (float[]){0, 0, 0, 0, 1, 1}, 6);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(APART("coeff: 1 coeff: 2"), LUNGO_ERR_CONFIG,
                       "coeff: expected none or one per bottom (3), got 2");
    lungo_test_refused(APART("operation: PROD coeff: 1 coeff: 2 coeff: 3"), LUNGO_ERR_CONFIG,
                       "coeff: expected none with operation PROD, got 3");
    lungo_test_refused(
        INPUT("a", "dim: 6") INPUT(
            "b",
            "dim: 2 dim: 3") "layer { name: 'e' type: 'Eltwise' bottom: 'a' bottom: 'b' top: 'y' }",
        LUNGO_ERR_CONFIG, "bottom 'b': expected shape 6 of bottom 'a', got 2x3");
}
END_TEST

Suite *lungo_suite_eltwise(void);
Suite *lungo_suite_eltwise(void) {
    return lungo_suite_of("eltwise",
                          (const TTest *const[]){gradients, gradients_of_the_unstable_product,
                                                 the_sum_in_place_is_right,
                                                 ties_go_to_the_second_then_to_the_first_of_them,
                                                 what_does_not_fit_is_refused, NULL});
}
