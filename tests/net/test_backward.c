#include <stdio.h>
#include <string.h>

#include "support/nets.h"
#include "support/suites.h"

#define IP(name, bottom, top, more)                                                                \
    LAYER1(name, "InnerProduct", bottom, top, "inner_product_param { num_output: 2 } " more)
#define LOSS(name, bottom, target, more)                                                           \
    "layer { name: '" name "' type: 'EuclideanLoss' bottom: '" bottom "' bottom: '" target         \
    "' top: '" name "' " more " }\n"
#define DATA INPUT("x", "dim: 3 dim: 2") INPUT("t", "dim: 3 dim: 2")

/* The names of layers that need backward, then those of wanted bottoms as layer<index. */
static const char *needs(const char *text) {
    static char out[512];
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, text);
    out[0] = '\0';
    for (int i = 0; i < net->layer_count; i++)
        if (net->layers[i]->needs_backward)
            snprintf(out + strlen(out), sizeof out - strlen(out), "%s ", net->layers[i]->name);
    for (int i = 0; i < net->layer_count; i++)
        for (int j = 0; j < net->layers[i]->bottom_count; j++)
            if (net->layers[i]->bottom_wanted[j])
                snprintf(out + strlen(out), sizeof out - strlen(out), "%s<%d ",
                         net->layers[i]->name, j);
    lungo_net_free(net);
    return out;
}

START_TEST(gradients_flow_from_losses_to_what_learns) {
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "") LAYER1("r", "ReLU", "h", "h", "")
                               IP("b", "h", "y", "") LOSS("l", "y", "t", "")),
                     "a r b l r<0 b<0 l<0 ");
}
END_TEST

START_TEST(without_a_loss_nothing_flows) {
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "") LAYER1("r", "ReLU", "h", "y", "")), "");
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "") LOSS("l", "h", "t", "loss_weight: 0")), "");
}
END_TEST

START_TEST(branches_below_no_loss_are_left_out) {
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "") IP("side", "h", "s", "") IP("b", "h", "y", "")
                               LOSS("l", "y", "t", "")),
                     "a h_a_0_split b l h_a_0_split<0 b<0 l<0 ");
}
END_TEST

START_TEST(frozen_layers_at_the_bottom_need_nothing) {
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "param { lr_mult: 0 } param { lr_mult: 0 }")
                               IP("b", "h", "y", "") LOSS("l", "y", "t", "")),
                     "b l l<0 ");
}
END_TEST

/* Caffe looks at the prototxt's lr_mult alone, which is 1 unless given. */
START_TEST(statistics_count_as_learning_unless_told_otherwise) {
    const char *frozen = "param { lr_mult: 0 }";
    char text[1024];
    ck_assert_str_eq(needs(DATA LAYER1("n", "BatchNorm", "x", "h", "") LOSS("l", "h", "t", "")),
                     "n l l<0 ");
    snprintf(text, sizeof text,
             DATA LAYER1("n", "BatchNorm", "x", "h", "%s %s %s") LOSS("l", "h", "t", ""), frozen,
             frozen, frozen);
    ck_assert_str_eq(needs(text), "");
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, DATA LAYER1("n", "BatchNorm", "x", "h", "")
                                                     LOSS("l", "h", "t", ""));
    lungo_layer *norm = lungo_test_layer(net, "n");
    ck_assert(norm->params[0].asked && !norm->params[0].wanted);
    ck_assert_float_eq(lungo_net_param(net, 0).lr_mult, 0);
    lungo_net_free(net);
}
END_TEST

START_TEST(propagate_down_overrules) {
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "propagate_down: true") LOSS("l", "h", "t", "")),
                     "a l a<0 l<0 ");
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "") IP("b", "h", "y", "propagate_down: false")
                               LOSS("l", "y", "t", "")),
                     "b l l<0 ");
    ck_assert_str_eq(needs(DATA IP("a", "x", "h", "")
                               LOSS("l", "h", "t", "propagate_down: false propagate_down: false")),
                     "l ");
}
END_TEST

START_TEST(force_backward_overrules_all_but_labels) {
    ck_assert_str_eq(
        needs("force_backward: true\n" INPUT("x", "dim: 3 dim: 2") INPUT("t", "dim: 3") IP(
            "a", "x", "h", "propagate_down: false") "layer { name: 'l' type: 'SoftmaxWithLoss' "
                                                    "bottom: 'h' bottom: 't' "
                                                    "top: 'l' }"),
        "in_x in_t a l a<0 l<0 ");
}
END_TEST

START_TEST(multipliers_decide_which_parameters_want_a_gradient) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN, DATA IP("a", "x", "h", "param { lr_mult: 0 } param { lr_mult: 2 }")
                         LOSS("l", "h", "t", ""));
    lungo_layer *a = lungo_test_layer(net, "a");
    ck_assert(!a->params[0].wanted && a->params[1].wanted);
    ck_assert(!lungo_wants_param(a, 0) && lungo_wants_param(a, 1));
    lungo_net_free(net);
}
END_TEST

START_TEST(only_blobs_that_get_a_gradient_have_memory_for_it) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, DATA IP("a", "x", "h", "") LOSS("l", "h", "t", "")
                                                     IP("side", "t", "s", ""));
    ck_assert_ptr_null(lungo_diff(lungo_net_blob(net, "x")));
    ck_assert_ptr_null(lungo_diff(lungo_net_blob(net, "s")));
    ck_assert_ptr_nonnull(lungo_diff(lungo_net_blob(net, "h")));
    ck_assert_ptr_nonnull(lungo_diff(lungo_net_blob(net, "l")));
    lungo_net_free(net);
}
END_TEST

/* A label that comes from a layer that learns: Caffe ends the process at the first backward. */
START_TEST(a_gradient_that_does_not_exist_is_refused_when_it_is_due) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        INPUT("x", "dim: 3 dim: 2") INPUT("y", "dim: 3 dim: 2") LAYER1(
            "a", "InnerProduct", "y", "t",
            "inner_product_param { num_output: 1 }") "layer { name: 'l' type: 'SoftmaxWithLoss' "
                                                     "bottom: 'x' bottom: 't' "
                                                     "top: 'l' }");
    ck_ok(lungo_net_forward(net, NULL));
    ck_fails(lungo_net_backward(net), LUNGO_ERR_CONFIG,
             "layer has no gradient for bottom 't' (bottom index 1), but what makes it learns; "
             "`propagate_down: false` there stops the gradient\n  in layer 'l' (SoftmaxWithLoss)");
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_backward(void);
Suite *lungo_suite_backward(void) {
    return lungo_suite_of(
        "backward",
        (const TTest *const[]){gradients_flow_from_losses_to_what_learns,
                               without_a_loss_nothing_flows, branches_below_no_loss_are_left_out,
                               frozen_layers_at_the_bottom_need_nothing,
                               statistics_count_as_learning_unless_told_otherwise,
                               propagate_down_overrules, force_backward_overrules_all_but_labels,
                               multipliers_decide_which_parameters_want_a_gradient,
                               only_blobs_that_get_a_gradient_have_memory_for_it,
                               a_gradient_that_does_not_exist_is_refused_when_it_is_due, NULL});
}
