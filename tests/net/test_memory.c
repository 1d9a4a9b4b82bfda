#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "proto/text.h"
#include "support/nets.h"
#include "support/suites.h"

#define IP(name, bottom, top, outputs, more)                                                       \
    LAYER1(name, "InnerProduct", bottom, top,                                                      \
           "inner_product_param { num_output: " outputs " } " more)

static const char two_layers[] =
    INPUT("x", "dim: 2 dim: 3") IP("a", "x", "h", "5", "") LAYER1("r", "ReLU", "h", "h", "")
        IP("b", "h", "y", "2", "param { lr_mult: 0 decay_mult: 0.5 }");

START_TEST(parameters_lie_in_one_block_each_aligned) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, two_layers);
    const size_t counts[] = {15, 5, 10, 2};
    ck_assert_int_eq(net->param_count, 4);
    size_t end = 0;
    for (int i = 0; i < 4; i++) {
        const lungo_learnable *param = &net->params[i];
        ck_assert_uint_eq(param->blob->count, counts[i]);
        ck_assert_uint_ge(param->offset, end);
        end = param->offset + counts[i];
        ck_assert_ptr_eq(lungo_data(param->blob), net->values + param->offset);
        ck_assert_ptr_eq(lungo_diff(param->blob), net->gradients + param->offset);
        ck_assert_uint_eq((uintptr_t)lungo_data(param->blob) % 64, 0);
        ck_assert_uint_eq((uintptr_t)lungo_diff(param->blob) % 64, 0);
    }
    ck_assert_uint_ge(net->param_floats, end);
    ck_assert_float_eq(net->params[2].lr_mult, 0);
    ck_assert_float_eq(net->params[2].decay_mult, 0.5f);
    ck_assert_float_eq(net->params[3].lr_mult, 1);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_net_that_only_infers_has_no_gradients) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, two_layers);
    ck_assert_ptr_nonnull(net->values);
    ck_assert_ptr_null(net->gradients);
    ck_assert_ptr_null(lungo_diff(lungo_net_blob(net, "h")));
    lungo_net_free(net);
}
END_TEST

/* A solver updates all parameters alike, whatever phase the file gives its net. */
START_TEST(a_net_of_a_solver_has_gradients) {
    lungo_document *document;
    ProtobufCMessage *message;
    lungo_rng rng;
    lungo_rng_seed(&rng, 1);
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT, .rng = &rng};
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_parse(document, &message, &caffe__net_parameter__descriptor, two_layers,
                           strlen(two_layers), "net.prototxt"));
    lungo_net *net;
    ck_ok(lungo_net_build(&net, (Caffe__NetParameter *)message, document, &options));
    ck_assert_int_eq(net->phase, LUNGO_TEST);
    ck_assert_ptr_nonnull(net->gradients);
    lungo_net_dispose(net);
    lungo_document_free(document);
}
END_TEST

START_TEST(tops_on_a_parameter_follow_it_into_the_block) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        "force_backward: true\n"
        "layer { name: 'p' type: 'Parameter' top: 'w' "
        "parameter_param { shape { dim: 2 dim: 2 } } }\n" LAYER1("r", "ReLU", "w", "y", ""));
    ck_assert_ptr_eq(lungo_data(lungo_net_blob(net, "w")), net->values);
    ck_assert_ptr_eq(lungo_diff(lungo_net_blob(net, "w")), net->gradients);
    lungo_data_overwrite(net->params[0].blob)[3] = 4;
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "y"))[3], 4);
    lungo_set_diff(net, "y", (float[]){1, 1, 1, 5}, 4);
    ck_ok(lungo_net_backward(net));
    ck_assert_float_eq(net->gradients[3], 5);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_new_input_shape_reaches_the_whole_net) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, two_layers);
    lungo_blob *x = lungo_net_input(net, 0);
    ck_ok(lungo_blob_reshape(x, &LUNGO_SHAPE(70, 3)));
    memset(lungo_data_overwrite(x), 0, 210 * sizeof(float));
    ck_assert_int_eq(lungo_net_blob(net, "y")->shape.dim[0], 2);
    ck_ok(lungo_net_reshape(net));
    ck_assert_int_eq(lungo_net_blob(net, "h")->shape.dim[0], 70);
    ck_assert_int_eq(lungo_net_blob(net, "y")->shape.dim[0], 70);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_blob_reshape(x, &LUNGO_SHAPE(1, 4)));
    ck_fails(lungo_net_reshape(net), LUNGO_ERR_CONFIG,
             "in layer 'a' (InnerProduct), net.prototxt:2");
    lungo_net_free(net);
}
END_TEST

/* ---- the limit ---- */

static lungo_status open_within(size_t max_memory, lungo_phase phase, const char *text) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net = NULL;
    options.max_memory = max_memory;
    options.phase = phase;
    LUNGO_TRY(lungo_net_open_text(&net, text, "net.prototxt", &options));
    lungo_net_free(net);
    return LUNGO_OK;
}

/* Weights and biases are 32 floats, their gradients as many; the blobs 6, 10 and 4, without: no
 * loss depends on them. */
START_TEST(a_net_is_counted_before_it_takes_memory) {
    ck_ok(open_within(4 * 84, LUNGO_TRAIN, two_layers));
    ck_fails(open_within(4 * 84 - 1, LUNGO_TRAIN, two_layers), LUNGO_ERR_MEMORY,
             "the net needs 0.3281 KB of memory, 0.25 KB for parameters and 0.07812 KB for blobs: "
             "expected at most 0.3271 KB (max_memory); a smaller batch needs less, max_memory "
             "allows more\n"
             "  0.1953 KB of it\n"
             "  in layer 'a' (InnerProduct), net.prototxt:2\n");
    ck_ok(open_within(0, LUNGO_TRAIN, two_layers));
}
END_TEST

/* Its blobs may share memory: the largest of them is what it needs in any case. */
START_TEST(a_net_that_only_infers_is_not_refused_for_blobs_that_share) {
    ck_ok(open_within(4 * (32 + 10), LUNGO_TEST, two_layers));
    ck_fails(open_within(4 * (32 + 10) - 1, LUNGO_TEST, two_layers), LUNGO_ERR_MEMORY,
             "0.125 KB for parameters and 0.03906 KB for blobs");
}
END_TEST

START_TEST(blobs_on_one_storage_count_once) {
    static const char text[] = INPUT("x", "dim: 1 dim: 1000") LAYER1("f", "Flatten", "x", "f", "")
        LAYER1("p", "Power", "f", "y", "");
    ck_ok(open_within(4 * 2000, LUNGO_TRAIN, text));
    ck_fails(open_within(4 * 2000 - 1, LUNGO_TRAIN, text), LUNGO_ERR_MEMORY, "7.812 KB");
}
END_TEST

START_TEST(counts_that_overflow_are_refused) {
    static const char huge[] = INPUT("x", "dim: 1 dim: 2000000000") IP("a", "x", "h", "1", "")
        LAYER1("s", "Concat", "x", "y", "");
    ck_fails(open_within(1 << 30, LUNGO_TRAIN, huge), LUNGO_ERR_MEMORY, "GB of memory");
    static const char beyond[] =
        INPUT("x", "dim: 2 dim: 2000000000") LAYER1("s", "ReLU", "x", "y", "");
    ck_fails(open_within(0, LUNGO_TRAIN, beyond), LUNGO_ERR_MEMORY,
             "expected at most 2147483647 values");
}
END_TEST

START_TEST(what_is_available_is_known) {
    ck_assert_uint_gt(lungo_memory_available(), 1 << 20);
}
END_TEST

Suite *lungo_suite_memory(void);
Suite *lungo_suite_memory(void) {
    return lungo_suite_of(
        "memory",
        (const TTest *const[]){
            parameters_lie_in_one_block_each_aligned, a_net_that_only_infers_has_no_gradients,
            a_net_of_a_solver_has_gradients, tops_on_a_parameter_follow_it_into_the_block,
            a_new_input_shape_reaches_the_whole_net, a_net_is_counted_before_it_takes_memory,
            a_net_that_only_infers_is_not_refused_for_blobs_that_share,
            blobs_on_one_storage_count_once, counts_that_overflow_are_refused,
            what_is_available_is_known, NULL});
}
