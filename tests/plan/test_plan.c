#include <math.h>
#include <string.h>

#include "plan/plan.h"
#include "support/allocations.h"
#include "support/nets.h"
#include "support/runs.h"
#include "support/suites.h"

#define EUCLIDEAN(name, bottom, target, more)                                                      \
    "layer { name: '" name "' type: 'EuclideanLoss' bottom: '" bottom "' bottom: '" target         \
    "' top: '" name "' " more " }\n"
#define IP(name, bottom, top, more)                                                                \
    LAYER1(name, "InnerProduct", bottom, top,                                                      \
           "inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } " more)

static const char regression[] =
    INPUT("x", "dim: 3 dim: 4") INPUT("t", "dim: 3 dim: 2") IP("a", "x", "h", "")
        LAYER1("r", "ReLU", "h", "h", "") IP("b", "h", "y", "") EUCLIDEAN("l", "y", "t", "");

static void fill_inputs(lungo_net *net) {
    for (size_t i = 0; i < lungo_net_input_count(net); i++) {
        lungo_blob *input = lungo_net_input(net, i);
        for (size_t k = 0; k < lungo_blob_count(input); k++)
            lungo_data_overwrite(input)[k] = 0.25f * (float)k - 0.5f * (float)i;
    }
}

START_TEST(the_loss_is_the_weighted_sum) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, INPUT("x", "dim: 2") INPUT("u", "dim: 2")
                                        LAYER1("a", "ReLU", "x", "y", "loss_weight: 3")
                                            EUCLIDEAN("l", "x", "u", "loss_weight: 0.5"));
    lungo_set_data(net, "x", (float[]){4, 8}, 2);
    lungo_set_data(net, "u", (float[]){4, 4}, 2);
    float loss = 0;
    ck_ok(lungo_net_forward(net, &loss));
    ck_assert_float_eq(loss, 3 * (4 + 8) + 0.5f * (16.0f / 2 / 2));
    lungo_net_free(net);
}
END_TEST

START_TEST(backward_seeds_weighted_tops) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, "force_backward: true\n" INPUT("x", "dim: 3")
                                        LAYER1("a", "ReLU", "x", "y", "loss_weight: 2.5"));
    lungo_set_data(net, "x", (float[]){1, -1, 2}, 3);
    ck_ok(lungo_net_forward(net, NULL));
    for (int pass = 0; pass < 2; pass++) {
        ck_ok(lungo_net_backward(net));
        ck_assert_float_eq(lungo_diff(lungo_net_blob(net, "y"))[1], 2.5f);
        ck_assert_float_eq(lungo_diff(lungo_net_blob(net, "x"))[0], 2.5f);
        ck_assert_float_eq(lungo_diff(lungo_net_blob(net, "x"))[1], 0);
    }
    lungo_net_free(net);
}
END_TEST

START_TEST(gradients_that_nobody_wrote_are_zeros) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, INPUT("x", "dim: 3 dim: 4") INPUT("t", "dim: 3 dim: 2")
                                        IP("a", "x", "h", "param { lr_mult: 0 }")
                                            IP("side", "x", "s", "") EUCLIDEAN("l", "h", "t", ""));
    fill_inputs(net);
    for (size_t i = 0; i < net->param_floats; i++)
        net->gradients[i] = NAN;
    lungo_net_clear_gradients(net);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    ck_assert_float_eq(lungo_diff(net->params[0].blob)[0], 0);
    ck_assert_float_ne(lungo_diff(net->params[1].blob)[0], 0);
    ck_assert_float_eq(lungo_diff(net->params[2].blob)[7], 0);
    for (int i = 0; i < net->param_count; i++)
        for (size_t k = 0; k < net->params[i].blob->count; k++)
            ck_assert(!isnan(lungo_diff(net->params[i].blob)[k]));
    lungo_net_free(net);
}
END_TEST

START_TEST(ranges_make_up_a_whole_pass) {
    lungo_net *whole = lungo_test_net(LUNGO_TRAIN, regression);
    lungo_net *parts = lungo_test_net(LUNGO_TRAIN, regression);
    fill_inputs(whole);
    fill_inputs(parts);
    float loss = 0, sum = 0;
    ck_ok(lungo_net_forward(whole, &loss));
    ck_ok(lungo_net_backward(whole));
    size_t count = lungo_net_step_count(parts);
    for (size_t i = 0; i < count; i++) {
        float part;
        lungo_step_info step = lungo_net_step(parts, i);
        ck_ok(lungo_net_forward_range(parts, step.first, step.last, &part));
        sum += part;
    }
    for (size_t i = count; i-- > 0;) {
        lungo_step_info step = lungo_net_step(parts, i);
        ck_ok(lungo_net_backward_range(parts, step.first, step.last));
    }
    ck_assert_float_eq(loss, sum);
    ck_assert_mem_eq(whole->gradients, parts->gradients, whole->param_floats * sizeof(float));
    lungo_net_free(whole);
    lungo_net_free(parts);
}
END_TEST

START_TEST(ranges_beyond_the_net_are_refused) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, regression);
    ck_fails(lungo_net_forward_range(net, 2, 1, NULL), LUNGO_ERR_USAGE,
             "layers: expected 0 <= first <= last < 6, got 2 to 1\n  in TRAIN net");
    ck_fails(lungo_net_backward_range(net, 0, 6), LUNGO_ERR_USAGE, "got 0 to 6");
    ck_fails(lungo_net_backward_range(net, (size_t)-1, (size_t)-1), LUNGO_ERR_USAGE, "got ");
    lungo_net_free(net);
}
END_TEST

START_TEST(a_forward_follows_a_new_input_shape) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, regression);
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(50, 4)));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "t"), &LUNGO_SHAPE(50, 2)));
    fill_inputs(net);
    ck_fails(lungo_net_backward(net), LUNGO_ERR_USAGE,
             "shapes have changed since the last forward");
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_int_eq(lungo_net_blob(net, "y")->shape.dim[0], 50);
    ck_ok(lungo_net_backward(net));
    ck_ok(lungo_blob_reshape(lungo_net_blob(net, "x"), &LUNGO_SHAPE(5, 5)));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_CONFIG,
             "\n  in layer 'a' (InnerProduct), net.prototxt:3\n  in TRAIN net");
    lungo_net_free(net);
}
END_TEST

START_TEST(passes_allocate_nothing) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, regression);
    fill_inputs(net);
    for (int warm = 0; warm < 2; warm++) {
        ck_ok(lungo_net_forward(net, NULL));
        ck_ok(lungo_net_backward(net));
    }
    size_t before = lungo_allocations();
    lungo_net_clear_gradients(net);
    lungo_status forward = lungo_net_forward(net, NULL), backward = lungo_net_backward(net);
    size_t after = lungo_allocations();
    ck_ok(forward);
    ck_ok(backward);
    ck_assert_uint_eq(after, before);
    lungo_net_free(net);
    ck_assert_uint_gt(before, 10); /* they are counted at all */
}
END_TEST

START_TEST(opening_survives_every_failed_allocation) {
    lungo_test_open_without_memory(regression);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_net) {
    lungo_net *one = lungo_test_net(LUNGO_TRAIN, regression);
    lungo_net *two = lungo_test_net(LUNGO_TRAIN, regression);
    ck_assert_mem_eq(one->values, two->values, one->param_floats * sizeof(float));
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = LUNGO_TRAIN;
    lungo_net *other;
    ck_ok(lungo_net_open_text(&other, regression, "net.prototxt", &options));
    ck_assert_mem_ne(one->values, other->values, one->param_floats * sizeof(float));
    lungo_net_free(one);
    lungo_net_free(two);
    lungo_net_free(other);
}
END_TEST

START_TEST(nets_built_for_their_shapes_are_not_run) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    Caffe__NetParameter param = CAFFE__NET_PARAMETER__INIT;
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT, .no_memory = true};
    lungo_net *net;
    ck_ok(lungo_plan_open_net(&net, &param, document, &options));
    ck_fails(lungo_plan_forward(net, 0, 0, NULL), LUNGO_ERR_USAGE,
             "the net was built for its shapes alone and cannot be run\n  in TEST net");
    lungo_net_free(net);
    lungo_document_free(document);
}
END_TEST

Suite *lungo_suite_plan(void);
Suite *lungo_suite_plan(void) {
    return lungo_suite_of(
        "plan",
        (const TTest *const[]){
            the_loss_is_the_weighted_sum, backward_seeds_weighted_tops,
            gradients_that_nobody_wrote_are_zeros, ranges_make_up_a_whole_pass,
            ranges_beyond_the_net_are_refused, a_forward_follows_a_new_input_shape,
            passes_allocate_nothing, opening_survives_every_failed_allocation,
            the_same_seed_gives_the_same_net, nets_built_for_their_shapes_are_not_run, NULL});
}
