#include <math.h>
#include <stdio.h>
#include <string.h>

#include "filler/filler.h"
#include "support/nets.h"
#include "support/suites.h"

#define IP(name, bottom, top, more)                                                                \
    "layer { name: '" name "' type: 'InnerProduct' bottom: '" bottom "' top: '" top                \
    "' inner_product_param { num_output: 1 bias_term: false weight_filler { type: 'gaussian' } "   \
    "} " more " }\n"

/* Two users of one 1x1 weight. */
static const char siamese[] = "name: 'twins' force_backward: true\n" INPUT("x", "dim: 1 dim: 1")
    INPUT("y", "dim: 1 dim: 1") IP("a", "x", "p", "param { name: 'w' }")
        IP("b", "y", "q", "param { name: 'w' lr_mult: 3 decay_mult: 0 }");

static lungo_net *run_siamese(void) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, siamese);
    lungo_set_data(net, "x", (float[]){2}, 1);
    lungo_set_data(net, "y", (float[]){5}, 1);
    lungo_data_overwrite(net->params[0].blob)[0] = 10;
    ck_ok(lungo_net_forward(net, NULL));
    return net;
}

static void backward(lungo_net *net) {
    lungo_set_diff(net, "p", (float[]){3}, 1);
    lungo_set_diff(net, "q", (float[]){7}, 1);
    ck_ok(lungo_net_backward(net));
}

START_TEST(sharers_stand_on_the_owner_s_values_and_gradient) {
    lungo_net *net = run_siamese();
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "p"))[0], 20);
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "q"))[0], 50);
    lungo_blob *w = net->params[0].blob;
    lungo_diff_overwrite(w)[0] = NAN; /* the first writer must not look at it */
    lungo_net_clear_gradients(net);
    backward(net);
    ck_assert_float_eq(lungo_diff(w)[0], 3 * 2 + 7 * 5);
    backward(net);
    ck_assert_float_eq(lungo_diff(w)[0], 2 * (3 * 2 + 7 * 5));
    lungo_net_clear_gradients(net);
    backward(net);
    ck_assert_float_eq(lungo_diff(w)[0], 3 * 2 + 7 * 5);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_shared_parameter_is_listed_once_at_its_owner) {
    lungo_net *net = run_siamese();
    ck_assert_uint_eq(lungo_net_param_count(net), 1);
    lungo_param_info info = lungo_net_param(net, 0);
    ck_assert_str_eq(info.layer, "a");
    ck_assert_float_eq(info.lr_mult, 3); /* the owner states none, the sharer does */
    ck_assert_float_eq(info.decay_mult, 0);
    lungo_net_free(net);
}
END_TEST

START_TEST(multipliers_that_differ_are_refused) {
    static const struct {
        const char *first, *second, *error;
    } cases[] = {{"lr_mult: 1", "lr_mult: 2",
                  "shared parameter 'w' (owner: layer 'a'): expected the same lr_mult wherever it "
                  "is given, 1, got 2\n  in layer 'b' (InnerProduct), net.prototxt:4"},
                 {"decay_mult: 0.5", "decay_mult: 1",
                  "same decay_mult wherever it is given, 0.5, "
                  "got 1"},
                 {"", "lr_mult: 2 } param { name: 'none'", "too many params specified"},
                 {"lr_mult: 1", "lr_mult: 1", NULL},
                 {"lr_mult: 2", "", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[2048];
        snprintf(text, sizeof text,
                 INPUT("x", "dim: 1 dim: 1") INPUT("y", "dim: 1 dim: 1")
                     IP("a", "x", "p", "param { name: 'w' %s }")
                         IP("b", "y", "q", "param { name: 'w' %s }"),
                 cases[i].first, cases[i].second);
        if (cases[i].error)
            ck_fails(lungo_try_net(LUNGO_TRAIN, text), LUNGO_ERR_CONFIG, cases[i].error);
        else
            ck_ok(lungo_try_net(LUNGO_TRAIN, text));
    }
}
END_TEST

#define PARAMETER(name, mode, dims)                                                                \
    "layer { name: '" name "' type: 'Parameter' top: '" name "' param { name: 'w' " mode           \
    " } parameter_param { shape { " dims " } } }\n"

START_TEST(shapes_are_equal_or_counts_when_permissive) {
    ck_fails(lungo_try_net(LUNGO_TRAIN,
                           PARAMETER("a", "", "dim: 2 dim: 3") PARAMETER("b", "", "dim: 3 dim: 2")),
             LUNGO_ERR_CONFIG,
             "cannot share parameter 'w': expected shape 2x3 as its owner, layer 'a', has, got 3x2 "
             "(share_mode: PERMISSIVE asks for equal counts only)\n"
             "  in layer 'b' (Parameter), net.prototxt:2");
    ck_fails(lungo_try_net(LUNGO_TRAIN, PARAMETER("a", "", "dim: 2 dim: 3") PARAMETER(
                                            "b", "share_mode: PERMISSIVE", "dim: 3 dim: 3")),
             LUNGO_ERR_CONFIG, "expected the count of 2x3 as its owner, layer 'a', has, got 3x3\n");
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, PARAMETER("a", "", "dim: 2 dim: 3") PARAMETER(
                                                     "b", "share_mode: PERMISSIVE", "dim: 6"));
    ck_assert_ptr_eq(lungo_data(lungo_net_blob(net, "b")), net->values);
    ck_assert_int_eq(lungo_net_blob(net, "b")->shape.axes, 1);
    lungo_net_free(net);
}
END_TEST

/* Caffe fills every layer's blobs before it lets them share. */
START_TEST(sharers_draw_as_if_they_were_not) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN, INPUT("x", "dim: 1 dim: 1") INPUT("y", "dim: 1 dim: 1")
                         INPUT("z", "dim: 1 dim: 1") IP("a", "x", "p", "param { name: 'w' }")
                             IP("b", "y", "q", "param { name: 'w' }") IP("c", "z", "r", ""));
    lungo_rng rng;
    lungo_rng_seed(&rng, 7);
    const Caffe__FillerParameter *filler = net->layers[3]->params[0].filler;
    float drawn[3];
    for (int i = 0; i < 3; i++)
        ck_ok(lungo_filler_fill(filler, &LUNGO_SHAPE(1, 1), &drawn[i], &rng));
    ck_assert_float_eq(lungo_data(net->params[0].blob)[0], drawn[0]);
    ck_assert_float_eq(lungo_data(net->params[1].blob)[0], drawn[2]);
    lungo_net_free(net);
}
END_TEST

/* ---- donors ---- */

static const char donor_text[] =
    "name: 'train'\n" INPUT("x", "dim: 4 dim: 1") IP("a", "x", "p", "") IP("b", "p", "q", "");
static const char tester_text[] =
    "name: 'test'\n" INPUT("x", "dim: 9 dim: 1") IP("a", "x", "p", "") IP("other", "p", "q", "");

static lungo_status open_tester(lungo_net **out, lungo_net *donor, const char *text) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.donor = donor;
    options.seed = 7;
    return lungo_net_open_text(out, text, "test.prototxt", &options);
}

START_TEST(a_donor_s_parameters_are_used_and_not_stored) {
    lungo_net *donor = lungo_test_net(LUNGO_TRAIN, donor_text), *net;
    ck_ok(open_tester(&net, donor, tester_text));
    const lungo_layer *a = lungo_test_layer(net, "a");
    ck_assert_ptr_eq(lungo_data(a->params[0].blob), lungo_data(donor->params[0].blob));
    ck_assert(a->params[0].borrowed && !a->params[0].owned && !a->params[0].wanted);
    ck_assert_uint_eq(lungo_net_param_count(net), 1);
    ck_assert_str_eq(lungo_net_param(net, 0).layer, "other");
    lungo_data_overwrite(donor->params[0].blob)[0] = 2;
    lungo_data_overwrite(net->params[0].blob)[0] = 10;
    for (int i = 0; i < 9; i++)
        lungo_data_update(lungo_net_blob(net, "x"))[i] = (float)i;
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "q"))[8], 160);
    ck_fails(lungo_net_backward(net), LUNGO_ERR_USAGE, "computes no gradients");
    ck_assert_ptr_null(lungo_diff(lungo_net_blob(net, "q")));
    lungo_net_free(net);
    lungo_net_free(donor);
}
END_TEST

/* The same draws with and without a donor: `other` is filled after `a`. */
START_TEST(borrowers_draw_as_if_they_did_not) {
    lungo_net *donor = lungo_test_net(LUNGO_TRAIN, donor_text), *net, *alone;
    ck_ok(open_tester(&net, donor, tester_text));
    ck_ok(open_tester(&alone, NULL, tester_text));
    ck_assert_uint_eq(lungo_net_param_count(alone), 2);
    ck_assert_float_eq(lungo_data(net->params[0].blob)[0], lungo_data(alone->params[1].blob)[0]);
    lungo_net_free(alone);
    lungo_net_free(net);
    lungo_net_free(donor);
}
END_TEST

START_TEST(a_donor_s_layer_of_another_shape_is_refused) {
    lungo_net *donor = lungo_test_net(LUNGO_TRAIN, donor_text), *net;
    ck_fails(open_tester(&net, donor, INPUT("x", "dim: 4 dim: 2") IP("a", "x", "p", "")),
             LUNGO_ERR_CONFIG,
             "cannot use param 0 of the net it shares with: expected shape 1x1 as layer 'a' has "
             "there, got 1x2\n  in layer 'a' (InnerProduct), test.prototxt:2\n  in TEST net");
    ck_fails(
        open_tester(&net, donor, PARAMETER("x", "", "dim: 1") LAYER1("a", "ReLU", "x", "p", "")),
        LUNGO_ERR_CONFIG, "expected 1 of them as layer 'a' has there, got 0");
    lungo_net_free(donor);
}
END_TEST

START_TEST(forced_gradients_leave_the_donor_alone) {
    lungo_net *donor = lungo_test_net(LUNGO_TRAIN, donor_text), *net;
    ck_ok(open_tester(&net, donor,
                      "force_backward: true\n" INPUT("x", "dim: 1 dim: 1") IP("a", "x", "p", "")));
    lungo_diff_overwrite(donor->params[0].blob)[0] = 42;
    lungo_data_overwrite(donor->params[0].blob)[0] = 2;
    lungo_set_data(net, "x", (float[]){1}, 1);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_set_diff(net, "p", (float[]){3}, 1);
    ck_ok(lungo_net_backward(net));
    ck_assert_float_eq(lungo_diff(lungo_net_blob(net, "x"))[0], 6);
    ck_assert_float_eq(lungo_diff(donor->params[0].blob)[0], 42);
    lungo_net_free(net);
    lungo_net_free(donor);
}
END_TEST

Suite *lungo_suite_share(void);
Suite *lungo_suite_share(void) {
    return lungo_suite_of(
        "share",
        (const TTest *const[]){
            sharers_stand_on_the_owner_s_values_and_gradient,
            a_shared_parameter_is_listed_once_at_its_owner, multipliers_that_differ_are_refused,
            shapes_are_equal_or_counts_when_permissive, sharers_draw_as_if_they_were_not,
            a_donor_s_parameters_are_used_and_not_stored, borrowers_draw_as_if_they_did_not,
            a_donor_s_layer_of_another_shape_is_refused, forced_gradients_leave_the_donor_alone,
            NULL});
}
