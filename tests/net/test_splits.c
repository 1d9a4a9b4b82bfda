#include <stdlib.h>
#include <string.h>

#include "support/nets.h"
#include "support/suites.h"

/* "name: bottom ... -> top ..." of every layer, a line each. */
static char *describe(const lungo_net *net) {
    lungo_buffer text = {0};
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        lungo_buffer_printf(&text, "%s:", layer->name);
        for (int j = 0; j < layer->bottom_count; j++)
            lungo_buffer_printf(&text, " %s", layer->bottoms[j]->name);
        lungo_buffer_puts(&text, " ->");
        for (int j = 0; j < layer->top_count; j++) {
            lungo_buffer_printf(&text, " %s", layer->tops[j]->name);
            if (layer->loss_weights[j] != 0)
                lungo_buffer_printf(&text, "*%g", layer->loss_weights[j]);
        }
        lungo_buffer_puts(&text, "\n");
    }
    ck_assert(!text.failed);
    return text.bytes;
}

static void expect(const char *prototxt, const char *expected) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, prototxt);
    char *got = describe(net);
    ck_assert_str_eq(got, expected);
    free(got);
    lungo_net_free(net);
}

START_TEST(one_reader_needs_no_split) {
    expect(INPUT("x", "dim: 2") LAYER1("a", "ReLU", "x", "y", ""), "in_x: -> x\na: x -> y\n");
}
END_TEST

START_TEST(several_readers_get_a_top_each_in_order_of_use) {
    expect(INPUT("x", "dim: 2") LAYER1("a", "ReLU", "x", "y", "") LAYER1("b", "ReLU", "x", "z", "")
               LAYER1("c", "ReLU", "x", "w", ""),
           "in_x: -> x\n"
           "x_in_x_0_split: x -> x_in_x_0_split_0 x_in_x_0_split_1 x_in_x_0_split_2\n"
           "a: x_in_x_0_split_0 -> y\n"
           "b: x_in_x_0_split_1 -> z\n"
           "c: x_in_x_0_split_2 -> w\n");
}
END_TEST

START_TEST(the_split_comes_after_the_last_change_in_place) {
    expect(INPUT("x", "dim: 2") LAYER1("r", "ReLU", "x", "x", "") LAYER1("a", "ReLU", "x", "y", "")
               LAYER1("b", "ReLU", "x", "z", ""),
           "in_x: -> x\nr: x -> x\n"
           "x_r_0_split: x -> x_r_0_split_0 x_r_0_split_1\n"
           "a: x_r_0_split_0 -> y\nb: x_r_0_split_1 -> z\n");
}
END_TEST

START_TEST(the_index_of_the_top_is_in_the_name) {
    expect("layer { name: 'in' type: 'Input' top: 'x' top: 'y' input_param { shape { dim: 1 } } "
           "}\n" LAYER1("a", "ReLU", "y", "p", "") LAYER1("b", "ReLU", "y", "q", ""),
           "in: -> x y\n"
           "y_in_1_split: y -> y_in_1_split_0 y_in_1_split_1\n"
           "a: y_in_1_split_0 -> p\nb: y_in_1_split_1 -> q\n");
}
END_TEST

START_TEST(unnamed_layers_leave_their_place_in_the_name_empty) {
    expect("layer { type: 'Input' top: 'x' input_param { shape { dim: 1 } } }\n" LAYER1(
               "a", "ReLU", "x", "p", "") LAYER1("b", "ReLU", "x", "q", ""),
           ": -> x\n"
           "x__0_split: x -> x__0_split_0 x__0_split_1\n"
           "a: x__0_split_0 -> p\nb: x__0_split_1 -> q\n");
}
END_TEST

START_TEST(a_loss_weight_is_the_first_use) {
    expect(INPUT("x", "dim: 2") LAYER1("a", "ReLU", "x", "y", "loss_weight: 2")
               LAYER1("b", "ReLU", "y", "z", ""),
           "in_x: -> x\na: x -> y\n"
           "y_a_0_split: y -> y_a_0_split_0*2 y_a_0_split_1\n"
           "b: y_a_0_split_1 -> z\n");
    expect(INPUT("x", "dim: 2") LAYER1("a", "ReLU", "x", "y", "loss_weight: 0")
               LAYER1("b", "ReLU", "y", "z", ""),
           "in_x: -> x\na: x -> y\nb: y -> z\n");
}
END_TEST

/* Caffe drops them. */
START_TEST(other_tops_of_the_layer_keep_their_weights) {
    expect("layer { name: 'in' type: 'Input' top: 'x' top: 'y' input_param { shape { dim: 1 } }\n"
           "  loss_weight: 2 loss_weight: 3 }\n" LAYER1("a", "ReLU", "x", "p", ""),
           "in: -> x y*3\n"
           "x_in_0_split: x -> x_in_0_split_0*2 x_in_0_split_1\n"
           "a: x_in_0_split_1 -> p\n");
}
END_TEST

START_TEST(a_bottom_that_nobody_makes_is_refused) {
    ck_fails(lungo_try_net(LUNGO_TRAIN, "name: 'N'\n" INPUT("data", "dim: 2")
                                            LAYER1("a", "ReLU", "dta", "y", "")),
             LUNGO_ERR_CONFIG,
             "unknown bottom blob 'dta' (layer 'a', bottom index 0); did you mean 'data'?\n"
             "  in layer 'a' (ReLU), net.prototxt:3\n"
             "  in TRAIN net 'N'");
    ck_fails(lungo_try_net(LUNGO_TEST, LAYER1("a", "ReLU", "later", "y", "") INPUT("later", "")),
             LUNGO_ERR_CONFIG, "unknown bottom blob 'later' (layer 'a', bottom index 0)");
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "") LAYER1("r", "ReLU", "x", "x", "")
                                           LAYER1("a", "ReLU", "xx", "y", "")),
             LUNGO_ERR_CONFIG, "; did you mean 'x'?\n");
}
END_TEST

Suite *lungo_suite_splits(void);
Suite *lungo_suite_splits(void) {
    return lungo_suite_of(
        "splits",
        (const TTest *const[]){
            one_reader_needs_no_split, several_readers_get_a_top_each_in_order_of_use,
            the_split_comes_after_the_last_change_in_place, the_index_of_the_top_is_in_the_name,
            unnamed_layers_leave_their_place_in_the_name_empty, a_loss_weight_is_the_first_use,
            other_tops_of_the_layer_keep_their_weights, a_bottom_that_nobody_makes_is_refused,
            NULL});
}
