#include <string.h>

#include "support/nets.h"
#include "support/suites.h"

START_TEST(in_place_goes_by_index) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 3") LAYER1("r", "ReLU", "x", "x", "")
                                       LAYER1("s", "ReLU", "x", "x", ""));
    ck_assert_int_eq(net->blob_count, 1);
    ck_assert(lungo_is_in_place(net->layers[1], 0));
    ck_assert_uint_eq(lungo_net_output_count(net), 1);
    const float values[] = {-1, 2, -3, 4, -5, 6};
    lungo_set_data(net, "x", values, 6);
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(net->blobs[0])[2], 0);
    ck_assert_float_eq(lungo_data(net->blobs[0])[5], 6);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_top_made_twice_is_refused) {
    ck_fails(
        lungo_try_net(LUNGO_TEST,
                      INPUT("x", "dim: 2") INPUT("y", "dim: 2") LAYER1("a", "ReLU", "x", "y", "")),
        LUNGO_ERR_CONFIG,
        "top blob 'y' is made twice: by layer 'in_y' and by layer 'a' (top index 0); give this "
        "top a name of its own, or, to change the blob in place, make it the bottom of the "
        "same index\n  in layer 'a' (ReLU), net.prototxt:3");
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2") INPUT("x", "dim: 2")), LUNGO_ERR_CONFIG,
             "top blob 'x' is made twice: by layer 'in_x' and by layer 'in_x' (top index 0); give "
             "this top a name of its own\n");
}
END_TEST

START_TEST(in_place_behind_another_reader_is_refused) {
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2") LAYER1("a", "ReLU", "x", "y", "")
                                           LAYER1("b", "ReLU", "x", "x", "")),
             LUNGO_ERR_CONFIG,
             "another layer takes it first, so it cannot be changed in place here");
}
END_TEST

START_TEST(layers_that_cannot_work_in_place_say_so) {
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2") LAYER1("s", "Split", "x", "x", "")),
             LUNGO_ERR_CONFIG,
             "layer cannot work in place: top 'x' needs a name of its own\n  in layer 's' (Split)");
}
END_TEST

/* Both tops of a Split stand on one memory: what changes one must not change the other. */
START_TEST(shared_memory_is_not_changed_in_place) {
    lungo_net *net = lungo_test_net(
        LUNGO_TEST, "force_backward: true\n" INPUT(
                        "x", "dim: 2") "layer { name: 's' type: 'Split' bottom: 'x' top: 'a' top: "
                                       "'b' }\n" LAYER1("r", "ReLU", "a", "a", "")
                                           LAYER1("p", "Power", "b", "c", ""));
    lungo_set_data(net, "x", (float[]){-3, 4}, 2);
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "a"))[0], 0);
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "a"))[1], 4);
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "c"))[0], -3);
    ck_assert_uint_eq(lungo_net_output_count(net), 2);
    lungo_set_diff(net, "a", (float[]){10, 10}, 2);
    lungo_set_diff(net, "c", (float[]){1, 1}, 2);
    ck_ok(lungo_net_backward(net));
    ck_assert_float_eq(lungo_diff(lungo_net_blob(net, "x"))[0], 1);
    ck_assert_float_eq(lungo_diff(lungo_net_blob(net, "x"))[1], 11);
    lungo_net_free(net);
}
END_TEST

/* TanH reads its top in backward, and Flatten's top stands on it. */
START_TEST(what_backward_reads_is_not_changed_in_place) {
    lungo_net *net = lungo_test_net(
        LUNGO_TEST, "force_backward: true\n" INPUT("x", "dim: 1 dim: 2")
                        LAYER1("t", "TanH", "x", "y", "") LAYER1("f", "Flatten", "y", "z", "")
                            LAYER1("p", "Power", "z", "z", "power_param { scale: 100 }"));
    lungo_set_data(net, "x", (float[]){0, 0.5f}, 2);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_set_diff(net, "z", (float[]){1, 1}, 2);
    ck_ok(lungo_net_backward(net));
    float y = lungo_data(lungo_net_blob(net, "y"))[1];
    ck_assert_float_eq_tol(lungo_diff(lungo_net_blob(net, "x"))[0], 100, 1e-3);
    ck_assert_float_eq_tol(lungo_diff(lungo_net_blob(net, "x"))[1], 100 * (1 - y * y), 1e-3);
    lungo_net_free(net);
}
END_TEST

START_TEST(unknown_types_are_named_with_what_is_near) {
    ck_fails(lungo_try_net(LUNGO_TRAIN, "name: 'LeNet'\n" INPUT("x", "dim: 2")
                                            LAYER1("r", "Relu", "x", "y", "")),
             LUNGO_ERR_CONFIG, "unknown layer type 'Relu'; did you mean 'ReLU'? (known types: ");
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "Input, "));
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "\n  in layer 'r' (Relu), net.prototxt:3\n"
                                                     "  in TRAIN net 'LeNet'"));
    ck_fails(lungo_try_net(LUNGO_TEST, "layer { name: 'n' }"), LUNGO_ERR_CONFIG,
             "unknown layer type ''");
}
END_TEST

START_TEST(counts_of_bottoms_and_tops_are_checked) {
    ck_fails(lungo_try_net(LUNGO_TEST, "layer { name: 'r' type: 'ReLU' top: 'y' }"),
             LUNGO_ERR_CONFIG,
             "layer takes 1 bottom, got 0\n  in layer 'r' (ReLU), net.prototxt:1");
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2") "layer { name: 'r' type: 'ReLU' "
                                                            "bottom: 'x' }"),
             LUNGO_ERR_CONFIG, "layer makes 1 top, got 0");
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2") "layer { name: 'r' type: 'ReLU' "
                                                            "bottom: 'x' top: 'y' top: 'z' }"),
             LUNGO_ERR_CONFIG, "layer makes 1 top, got 2");
    ck_fails(lungo_try_net(LUNGO_TEST, "layer { name: 'i' type: 'Input' }"), LUNGO_ERR_CONFIG,
             "layer makes at least 1 top, got 0");
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2") "layer { name: 'i' type: 'Input' "
                                                            "bottom: 'x' top: 'y' }"),
             LUNGO_ERR_CONFIG, "layer takes 0 bottoms, got 1");
}
END_TEST

START_TEST(loss_weights_come_one_per_top) {
    ck_fails(lungo_try_net(LUNGO_TEST, "layer { name: 'i' type: 'Input' top: 'x' top: 'y' "
                                       "input_param { shape { dim: 1 } } loss_weight: 1 }"),
             LUNGO_ERR_CONFIG, "loss_weight: expected none or one per top (2), got 1");
}
END_TEST

START_TEST(propagate_down_comes_once_per_bottom) {
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2") LAYER1("r", "ReLU", "x", "y",
                                                                   "propagate_down: true "
                                                                   "propagate_down: true")),
             LUNGO_ERR_CONFIG, "propagate_down: expected none or one per bottom (1), got 2");
}
END_TEST

START_TEST(outputs_are_in_alphabetical_order) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, INPUT("x", "dim: 2") LAYER1("a", "ReLU", "x", "m", "")
                                       LAYER1("b", "ReLU", "x", "b", "loss_weight: 3")
                                           LAYER1("c", "ReLU", "x", "Z", ""));
    ck_assert_uint_eq(lungo_net_output_count(net), 3);
    ck_assert_str_eq(lungo_blob_name(lungo_net_output(net, 0)), "Z");
    ck_assert_str_eq(lungo_blob_name(lungo_net_output(net, 1)), "b");
    ck_assert_str_eq(lungo_blob_name(lungo_net_output(net, 2)), "m");
    ck_assert_float_eq(lungo_net_output_loss_weight(net, 1), 3);
    ck_assert_float_eq(lungo_net_output_loss_weight(net, 0), 0);
    lungo_net_free(net);
}
END_TEST

START_TEST(phases_of_layers_follow_the_net_unless_given) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, INPUT("x", "dim: 2")
                                                     LAYER1("a", "ReLU", "x", "y", "phase: TEST"));
    ck_assert_int_eq(net->layers[0]->phase, LUNGO_TRAIN);
    ck_assert_int_eq(net->layers[1]->phase, LUNGO_TEST);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_wiring(void);
Suite *lungo_suite_wiring(void) {
    return lungo_suite_of(
        "wiring",
        (const TTest *const[]){
            in_place_goes_by_index, a_top_made_twice_is_refused,
            in_place_behind_another_reader_is_refused, layers_that_cannot_work_in_place_say_so,
            shared_memory_is_not_changed_in_place, what_backward_reads_is_not_changed_in_place,
            unknown_types_are_named_with_what_is_near, counts_of_bottoms_and_tops_are_checked,
            loss_weights_come_one_per_top, propagate_down_comes_once_per_bottom,
            outputs_are_in_alphabetical_order, phases_of_layers_follow_the_net_unless_given, NULL});
}
