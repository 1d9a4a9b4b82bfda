/* How layers are put into steps, and what that must not change. */
#include <math.h>
#include <string.h>

#include "base/buffer.h"
#include "plan/plan.h"
#include "support/allocations.h"
#include "support/nets.h"
#include "support/runs.h"
#include "support/suites.h"

#define CONV(name, bottom, top, more)                                                              \
    LAYER1(name, "Convolution", bottom, top,                                                       \
           "convolution_param { num_output: 16 kernel_size: 3 pad: 1 "                             \
           "weight_filler { type: 'gaussian' std: 0.2 } } " more)

static const char block[] = "force_backward: true\n" INPUT("x", "dim: 2 dim: 16 dim: 5 dim: 5")
    CONV("c", "x", "y", "") LAYER1("n", "BatchNorm", "y", "y", "")
        LAYER1("s", "Scale", "y", "y", "") LAYER1("r", "ReLU", "y", "y", "") CONV("d", "y", "z", "")
            LAYER1("q", "ReLU", "z", "z", "relu_param { negative_slope: 0.25 }");

static lungo_net *open_with(lungo_engine engine, const char *text) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net = NULL;
    options.phase = LUNGO_TRAIN;
    options.seed = 5;
    options.engine = engine;
    ck_ok(lungo_net_open_text(&net, text, "net.prototxt", &options));
    for (size_t i = 0; i < lungo_net_input_count(net); i++) {
        lungo_blob *input = lungo_net_input(net, i);
        float *values = lungo_data_overwrite(input);
        for (size_t k = 0; k < lungo_blob_count(input); k++)
            values[k] = (float)(k % 13) / 6 - 1;
    }
    return net;
}

START_TEST(engines_have_names) {
    lungo_engine engine;
    ck_ok(lungo_engine_parse(&engine, "reference"));
    ck_assert_int_eq(engine, LUNGO_ENGINE_REFERENCE);
    ck_ok(lungo_engine_parse(&engine, ""));
    ck_assert_int_eq(engine, LUNGO_ENGINE_DEFAULT);
    ck_fails(lungo_engine_parse(&engine, "onednm"), LUNGO_ERR_CONFIG,
             "engine: expected reference, blas or onednn, got 'onednm'; did you mean 'onednn'?");
}
END_TEST

START_TEST(blas_has_a_step_per_layer) {
    lungo_net *net = open_with(LUNGO_ENGINE_BLAS, block);
    ck_assert_uint_eq(lungo_net_step_count(net), lungo_net_layer_count(net));
    lungo_net_free(net);
}
END_TEST

/* 5 channels to 9 would fill a quarter of a vector's lanes; asked for, oneDNN takes them. */
START_TEST(few_channels_stay_with_blas_unless_an_engine_is_asked_for) {
    static const char few[] = INPUT("x", "dim: 2 dim: 5 dim: 6 dim: 6") LAYER1(
        "c", "Convolution", "x", "y",
        "convolution_param { num_output: 9 kernel_size: 3 weight_filler { type: 'xavier' } }")
        LAYER1("r", "ReLU", "y", "y", "");
    lungo_net *net = open_with(LUNGO_ENGINE_DEFAULT, few);
    ck_assert_uint_eq(lungo_net_step_count(net), lungo_net_layer_count(net));
    lungo_net_free(net);
#ifdef LUNGO_HAVE_ONEDNN
    net = open_with(LUNGO_ENGINE_ONEDNN, few);
    ck_assert_uint_lt(lungo_net_step_count(net), lungo_net_layer_count(net));
    lungo_net_free(net);
#endif
}
END_TEST

START_TEST(reference_gives_the_numbers_of_blas) {
    lungo_net *a = open_with(LUNGO_ENGINE_BLAS, block),
              *b = open_with(LUNGO_ENGINE_REFERENCE, block);
    ck_ok(lungo_net_forward(a, NULL));
    ck_ok(lungo_net_forward(b, NULL));
    const lungo_blob *z = lungo_net_blob(a, "z");
    for (size_t i = 0; i < z->count; i++)
        ck_assert_float_eq_tol(lungo_data(lungo_net_blob(b, "z"))[i], lungo_data(z)[i], 1e-4f);
    lungo_net_free(a);
    lungo_net_free(b);
}
END_TEST

START_TEST(the_same_numbers_again) {
    lungo_net *net = open_with(LUNGO_ENGINE_DEFAULT, block);
    ck_ok(lungo_net_forward(net, NULL));
    float first = lungo_data(lungo_net_blob(net, "z"))[7];
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "z"))[7], first);
    lungo_net_free(net);
}
END_TEST

#ifdef LUNGO_HAVE_ONEDNN

START_TEST(in_place_layers_join_the_step_before) {
    static const size_t ends[] = {0, 4, 6};
    lungo_net *net = open_with(LUNGO_ENGINE_ONEDNN, block);
    ck_assert_uint_eq(lungo_net_step_count(net), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(lungo_net_step(net, i).last, ends[i]);
    lungo_net_free(net);
}
END_TEST

static void keep_line(void *user, lungo_log_level level, const char *file, int line,
                      const char *text) {
    (void)level, (void)line;
    lungo_buffer_printf(user, "%s] %s\n", file, text);
}

START_TEST(the_plan_can_be_shown) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_buffer kept = {0};
    lungo_net *net;
    options.engine = LUNGO_ENGINE_ONEDNN;
    options.log_plan = true;
    lungo_set_log(keep_line, &kept);
    ck_ok(lungo_net_open_text(&net, block, "net.prototxt", &options));
    lungo_set_log(NULL, NULL);
    const char *log = lungo_buffer_text(&kept);
    ck_assert_ptr_nonnull(strstr(log, "lungo.c] Plan: 7 layers in 3 steps\n"));
    ck_assert_ptr_nonnull(strstr(log, "   1  c+n+s+r "));
    ck_assert_ptr_nonnull(strstr(log, "blocked -> blocked"));
    ck_assert_ptr_nonnull(strstr(log, "oneDNN: jit"));
    lungo_buffer_dispose(&kept);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_part_of_a_step_runs_layer_by_layer) {
    lungo_net *net = open_with(LUNGO_ENGINE_ONEDNN, block);
    ck_ok(lungo_net_forward(net, NULL));
    ck_fails(lungo_net_backward_range(net, 2, 6), LUNGO_ERR_USAGE,
             "layers 1 to 4 went forward in one step: expected all of them or none in a backward "
             "range, got 2 to 6; engine blas has a step for each layer\n  in layer 'c'");
    ck_ok(lungo_net_forward_range(net, 0, 2, NULL));
    ck_ok(lungo_net_forward_range(net, 3, 6, NULL));
    ck_ok(lungo_net_backward_range(net, 5, 6));
    lungo_net_free(net);
}
END_TEST

START_TEST(steps_allocate_nothing) {
    lungo_net *net = open_with(LUNGO_ENGINE_ONEDNN, block);
    for (int warm = 0; warm < 2; warm++) {
        ck_ok(lungo_net_forward(net, NULL));
        ck_ok(lungo_net_backward(net));
    }
    size_t before = lungo_allocations();
    lungo_net_clear_gradients(net);
    lungo_status forward = lungo_net_forward(net, NULL), backward = lungo_net_backward(net);
    const float *z = lungo_data(lungo_net_blob(net, "z"));
    size_t after = lungo_allocations();
    ck_assert(!forward && !backward && z);
    ck_assert_uint_eq(after, before);
    lungo_net_free(net);
}
END_TEST

START_TEST(opening_survives_every_failed_allocation) {
    lungo_test_open_without_memory(block);
}
END_TEST

/* oneDNN's ReLU makes 0 of what is not a number. */
START_TEST(weights_that_are_no_numbers_show) {
    lungo_net *net = open_with(LUNGO_ENGINE_ONEDNN, block);
    lungo_blob *weights = lungo_test_layer(net, "d")->params[0].blob;
    lungo_data_update(weights)[0] = NAN;
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert(isnan(lungo_data(lungo_net_blob(net, "z"))[0]));
    lungo_data_update(weights)[0] = 0;
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert(!isnan(lungo_data(lungo_net_blob(net, "z"))[0]));
    lungo_net_free(net);
}
END_TEST

START_TEST(changed_weights_are_packed_anew) {
    lungo_net *net = open_with(LUNGO_ENGINE_ONEDNN, block);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_layer *layer = lungo_test_layer(net, "d");
    memset(lungo_data_overwrite(layer->params[0].blob), 0,
           layer->params[0].blob->count * sizeof(float));
    lungo_data_overwrite(layer->params[1].blob)[0] = 3;
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "z"))[0], 3);
    lungo_net_free(net);
}
END_TEST

/* Whoever keeps the pointer to an input writes through it before every pass. */
START_TEST(inputs_are_read_anew) {
    lungo_net *net = open_with(LUNGO_ENGINE_ONEDNN, block);
    float *x = lungo_data_overwrite(lungo_net_blob(net, "x"));
    ck_ok(lungo_net_forward(net, NULL));
    float before = lungo_data(lungo_net_blob(net, "z"))[3];
    for (int i = 0; i < 100; i++)
        x[i] = (float)(i % 7);
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_float_ne(lungo_data(lungo_net_blob(net, "z"))[3], before);
    lungo_net_free(net);
}
END_TEST

#endif

Suite *lungo_suite_steps(void);
Suite *lungo_suite_steps(void) {
    return lungo_suite_of("steps", (const TTest *const[]){
                                       engines_have_names, blas_has_a_step_per_layer,
                                       few_channels_stay_with_blas_unless_an_engine_is_asked_for,
                                       reference_gives_the_numbers_of_blas, the_same_numbers_again,
#ifdef LUNGO_HAVE_ONEDNN
                                       in_place_layers_join_the_step_before, the_plan_can_be_shown,
                                       a_part_of_a_step_runs_layer_by_layer, steps_allocate_nothing,
                                       opening_survives_every_failed_allocation,
                                       weights_that_are_no_numbers_show,
                                       changed_weights_are_packed_anew, inputs_are_read_anew,
#endif
                                       NULL});
}
