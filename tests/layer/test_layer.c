#include "layer/layer.h"

#include <math.h>
#include <string.h>

#include "support/suites.h"

/* A layer on its own, of a type made for the test. */
typedef struct test_bench {
    lungo_arena arena;
    lungo_rng rng;
    lungo_layer_host host;
    lungo_layer layer;
    Caffe__LayerParameter param;
} test_bench;

static void open_bench(test_bench *bench, const lungo_layer_type *type, lungo_status expected) {
    memset(&bench->arena, 0, sizeof bench->arena);
    lungo_rng_seed(&bench->rng, 11);
    bench->host = (lungo_layer_host){.arena = &bench->arena, .rng = &bench->rng};
    bench->layer = (lungo_layer){.type = type, .name = "L", .host = &bench->host};
    lungo_status status = lungo_layer_open(&bench->layer, &bench->param);
    if (!status) status = lungo_layer_setup(&bench->layer);
    ck_assert_msg(status == expected, "status %d: %s", status, lungo_error_text());
}

static void close_bench(test_bench *bench) {
    lungo_layer_release(&bench->layer);
    lungo_arena_dispose(&bench->arena);
}

static Caffe__FillerParameter gaussian = CAFFE__FILLER_PARAMETER__INIT;

static lungo_status add_two(lungo_layer *layer) {
    gaussian.type = (char *)"gaussian";
    LUNGO_TRY(lungo_layer_add_param(layer, &LUNGO_SHAPE(2, 2), &gaussian));
    return lungo_layer_add_param(layer, &LUNGO_SHAPE(2), NULL);
}

static const lungo_layer_type two_params = {.name = "Two", .setup = add_two};

START_TEST(specs_fill_in_field_by_field) {
    Caffe__ParamSpec first = CAFFE__PARAM_SPEC__INIT;
    first.name = (char *)"w";
    first.has_lr_mult = true;
    first.lr_mult = 2;
    first.has_share_mode = true;
    first.share_mode = CAFFE__PARAM_SPEC__DIM_CHECK_MODE__PERMISSIVE;
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    bench.param.param = (Caffe__ParamSpec *[]){&first};
    bench.param.n_param = 1;
    open_bench(&bench, &two_params, LUNGO_OK);
    const lungo_layer_param *params = bench.layer.params;
    ck_assert_int_eq(bench.layer.param_count, 2);
    ck_assert_str_eq(params[0].share_name, "w");
    ck_assert(params[0].permissive && params[0].has_lr_mult && !params[0].has_decay_mult);
    ck_assert_float_eq(params[0].lr_mult, 2);
    ck_assert_float_eq(params[0].decay_mult, 1);
    ck_assert(!params[1].permissive && !params[1].has_lr_mult);
    ck_assert_float_eq(params[1].lr_mult, 1);
    close_bench(&bench);
}
END_TEST

START_TEST(more_specs_than_blobs_are_refused) {
    Caffe__ParamSpec spec = CAFFE__PARAM_SPEC__INIT;
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    bench.param.param = (Caffe__ParamSpec *[]){&spec, &spec, &spec};
    bench.param.n_param = 3;
    open_bench(&bench, &two_params, LUNGO_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(),
                                 "too many params specified: layer has 2 learnable blobs, got 3"));
    close_bench(&bench);
}
END_TEST

static lungo_status freeze_first(lungo_layer *layer) {
    LUNGO_TRY(add_two(layer));
    return lungo_layer_freeze_param(layer, 0);
}

START_TEST(frozen_parameters_have_lr_mult_0) {
    static const lungo_layer_type type = {.name = "Frozen", .setup = freeze_first};
    Caffe__ParamSpec spec = CAFFE__PARAM_SPEC__INIT;
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    open_bench(&bench, &type, LUNGO_OK);
    ck_assert(bench.layer.params[0].frozen && bench.layer.params[0].lr_mult == 0);
    ck_assert_float_eq(bench.layer.params[0].decay_mult, 1);
    ck_assert(!bench.layer.params[1].frozen && bench.layer.params[1].lr_mult == 1);
    close_bench(&bench);
    bench.param.param = (Caffe__ParamSpec *[]){&spec};
    bench.param.n_param = 1;
    open_bench(&bench, &type, LUNGO_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "param 0 is not learned by gradients: "
                                                     "expected lr_mult 0, got 1"));
    close_bench(&bench);
    spec.has_lr_mult = true;
    spec.lr_mult = 0;
    open_bench(&bench, &type, LUNGO_OK);
    close_bench(&bench);
}
END_TEST

START_TEST(absent_settings_read_as_defaults) {
    static const lungo_layer_type type = {.name = "T", .params = {"pooling_param", "relu_param"}};
    Caffe__ReLUParameter given = CAFFE__RE_LUPARAMETER__INIT;
    given.negative_slope = 0.5f;
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    bench.param.relu_param = &given;
    open_bench(&bench, &type, LUNGO_OK);
    ck_assert_uint_eq(bench.layer.param->pooling_param->stride, 1);
    ck_assert(!bench.layer.param->pooling_param->has_stride);
    ck_assert_float_eq(bench.layer.param->relu_param->negative_slope, 0.5f);
    ck_assert_ptr_null(bench.layer.param->tanh_param);
    ck_assert_ptr_null(bench.param.pooling_param);
    close_bench(&bench);
}
END_TEST

START_TEST(a_message_with_required_fields_has_no_default) {
    static const lungo_layer_type type = {.name = "T", .params = {"clip_param"}};
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    open_bench(&bench, &type, LUNGO_ERR_CONFIG);
    ck_assert_ptr_nonnull(
        strstr(lungo_error_text(), "layer needs clip_param { min: ... }, got none"));
    close_bench(&bench);
}
END_TEST

START_TEST(fillers_are_checked_before_anything_is_drawn) {
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    open_bench(&bench, &two_params, LUNGO_OK);
    Caffe__FillerParameter unknown = CAFFE__FILLER_PARAMETER__INIT;
    unknown.type = (char *)"gausian";
    ck_fails(lungo_layer_add_param(&bench.layer, &LUNGO_SHAPE(2), &unknown), LUNGO_ERR_CONFIG,
             "gausian");
    ck_assert_int_eq(bench.layer.param_count, 2);
    close_bench(&bench);
}
END_TEST

START_TEST(start_fills_what_it_owns_and_draws_for_the_rest) {
    for (int owned = 0; owned < 2; owned++) {
        test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
        open_bench(&bench, &two_params, LUNGO_OK);
        lungo_rng before = bench.rng;
        for (int j = 0; j < 2; j++)
            ck_ok(lungo_blob_allocate_data(bench.layer.params[j].blob));
        bench.layer.params[0].owned = owned;
        ck_ok(lungo_layer_start(&bench.layer));
        for (int i = 0; i < 4; i++) {
            float drawn = lungo_rng_gaussian(&before, 0, 1);
            ck_assert_float_eq(lungo_param(&bench.layer, 0)[i], owned ? drawn : 0);
        }
        ck_assert_uint_eq(lungo_rng_word(&before), lungo_rng_word(&bench.rng));
        close_bench(&bench);
    }
}
END_TEST

START_TEST(values_in_the_definition_take_the_place_of_fillers) {
    Caffe__BlobProto weight = CAFFE__BLOB_PROTO__INIT, bias = CAFFE__BLOB_PROTO__INIT;
    weight.data = (float[]){1, 2, 3, 4};
    weight.n_data = 4;
    bias.data = (float[]){5, 6};
    bias.n_data = 2;
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    bench.param.blobs = (Caffe__BlobProto *[]){&weight, &bias};
    bench.param.n_blobs = 2;
    open_bench(&bench, &two_params, LUNGO_OK);
    for (int j = 0; j < 2; j++)
        ck_ok(lungo_blob_allocate_data(bench.layer.params[j].blob));
    lungo_rng before = bench.rng;
    ck_ok(lungo_layer_start(&bench.layer));
    ck_assert_float_eq(lungo_param(&bench.layer, 0)[3], 4);
    ck_assert_float_eq(lungo_param(&bench.layer, 1)[1], 6);
    ck_assert_uint_eq(lungo_rng_word(&before), lungo_rng_word(&bench.rng));
    bias.n_data = 1;
    ck_fails(lungo_layer_start(&bench.layer), LUNGO_ERR_CONFIG,
             "blobs: expected 2 values for param 1, got 1");
    close_bench(&bench);
    bench.param.n_blobs = 1;
    open_bench(&bench, &two_params, LUNGO_OK);
    ck_fails(lungo_layer_start(&bench.layer), LUNGO_ERR_CONFIG,
             "blobs: expected one per learnable blob (2), got 1");
    close_bench(&bench);
}
END_TEST

START_TEST(the_first_writer_of_a_gradient_has_beta_0) {
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    open_bench(&bench, &two_params, LUNGO_OK);
    lungo_blob *blob = bench.layer.params[0].blob;
    lungo_blob_clear_diff(blob);
    ck_assert_float_eq(lungo_grad_beta(&bench.layer, 0), 0);
    ck_assert_float_eq(lungo_grad_beta(&bench.layer, 1), 1);
    blob->diff->stale = false;
    ck_assert_float_eq(lungo_grad_beta(&bench.layer, 0), 1);
    close_bench(&bench);
}
END_TEST

static lungo_status add_buffer(lungo_layer *layer) {
    lungo_blob *mask;
    LUNGO_TRY(lungo_layer_add_buffer(layer, &mask, "mask"));
    return lungo_blob_reshape(mask, &LUNGO_SHAPE(3, 4));
}

START_TEST(buffers_and_scratch_are_declared) {
    static const lungo_layer_type type = {.name = "T", .setup = add_buffer};
    test_bench bench = {.param = CAFFE__LAYER_PARAMETER__INIT};
    open_bench(&bench, &type, LUNGO_OK);
    ck_assert_int_eq(bench.layer.buffer_count, 1);
    ck_assert_uint_eq(bench.layer.buffers[0]->count, 12);
    lungo_layer_need_scratch(&bench.layer, 100);
    lungo_layer_need_scratch(&bench.layer, 10);
    ck_assert_uint_eq(bench.host.scratch_needed, 100);
    close_bench(&bench);
}
END_TEST

Suite *lungo_suite_layer(void);
Suite *lungo_suite_layer(void) {
    return lungo_suite_of(
        "layer",
        (const TTest *const[]){specs_fill_in_field_by_field, more_specs_than_blobs_are_refused,
                               frozen_parameters_have_lr_mult_0, absent_settings_read_as_defaults,
                               a_message_with_required_fields_has_no_default,
                               fillers_are_checked_before_anything_is_drawn,
                               start_fills_what_it_owns_and_draws_for_the_rest,
                               values_in_the_definition_take_the_place_of_fillers,
                               the_first_writer_of_a_gradient_has_beta_0,
                               buffers_and_scratch_are_declared, NULL});
}
