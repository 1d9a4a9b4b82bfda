/* The nets of models/, each step against its own layers. In deep nets a rounding decides on which
 * side of a ReLU's kink a value falls, so that whole gradients differ by per cents between any
 * two BLAS kernels. So every step is compared by itself, with the same bottoms and the same
 * gradients of its tops. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "layer/op.h"
#include "plan/plan.h"
#include "proto/text.h"
#include "support/arrays.h"
#include "support/suites.h"

enum { MOST_PARAMS = 4 * LUNGO_MAX_PARAMS };

/* What a step makes of them: values of the tops, gradients of bottoms and parameters. */
typedef struct step_trace {
    float *tops, *bottoms, *gradients;
} step_trace;

typedef float *blob_values(const lungo_blob *blob);

static float *data_of(const lungo_blob *blob) {
    return (float *)(uintptr_t)lungo_data(blob);
}

static float *diff_of(const lungo_blob *blob) {
    return (float *)(uintptr_t)lungo_diff(blob);
}

/* Some value of a step next to a kink may fall on its other side. */
static double tolerance_of(const lungo_net *net, lungo_step_info step) {
    for (size_t i = step.first; i <= step.last; i++)
        if (lungo_layer_op(net->layers[i]).kind == LUNGO_OP_RELU) return 1e-2;
    return 1e-4;
}

/* The parameters of a step that get gradients. */
static int params_of(const lungo_net *net, lungo_step_info step, lungo_blob **blobs) {
    int count = 0;
    for (size_t i = step.first; i <= step.last; i++)
        for (int j = 0; j < net->layers[i]->param_count; j++)
            if (net->layers[i]->params[j].wanted) blobs[count++] = net->layers[i]->params[j].blob;
    return count;
}

static size_t count_of(lungo_blob *const *blobs, int count) {
    size_t floats = 0;
    for (int i = 0; i < count; i++)
        floats += blobs[i]->count;
    return floats;
}

static float *gather(lungo_blob *const *blobs, int count, blob_values *values) {
    float *all = calloc(count_of(blobs, count) + 1, sizeof *all), *next = all;
    for (int i = 0; i < count; next += blobs[i++]->count)
        if (values(blobs[i])) memcpy(next, values(blobs[i]), blobs[i]->count * sizeof *next);
    return all;
}

static void give_diffs(lungo_blob *const *blobs, int count, const float *all) {
    for (int i = 0; i < count; all += blobs[i++]->count)
        if (lungo_diff(blobs[i]))
            memcpy(lungo_diff_overwrite(blobs[i]), all, blobs[i]->count * sizeof *all);
}

static step_trace run_step(lungo_net *net, lungo_step_info step, bool apart,
                           const float *top_diffs) {
    const lungo_layer *first = net->layers[step.first], *last = net->layers[step.last];
    lungo_blob *params[MOST_PARAMS];
    step_trace made;
    net->apart = apart;
    ck_ok(lungo_net_forward_range(net, step.first, step.last, NULL));
    made.tops = gather(last->tops, last->top_count, data_of);
    give_diffs(last->tops, last->top_count, top_diffs);
    lungo_net_clear_gradients(net);
    ck_ok(lungo_net_backward_range(net, step.first, step.last));
    made.bottoms = gather(first->bottoms, first->bottom_count, diff_of);
    made.gradients = gather(params, params_of(net, step, params), diff_of);
    return made;
}

static void free_step_trace(step_trace *made) {
    free(made->tops);
    free(made->bottoms);
    free(made->gradients);
}

static void check_step(lungo_net *net, lungo_step_info step) {
    const lungo_layer *first = net->layers[step.first], *last = net->layers[step.last];
    lungo_blob *params[MOST_PARAMS];
    double tolerance = tolerance_of(net, step);
    float *top_diffs = gather(last->tops, last->top_count, diff_of);
    step_trace layers = run_step(net, step, true, top_diffs);
    step_trace units = run_step(net, step, false, top_diffs);
    lungo_check_near("tops", last->name, units.tops, layers.tops,
                     count_of(last->tops, last->top_count), 1e-4, 0);
    lungo_check_near("gradients of bottoms", first->name, units.bottoms, layers.bottoms,
                     count_of(first->bottoms, first->bottom_count), tolerance, 1e-9);
    lungo_check_near("gradients of parameters", first->name, units.gradients, layers.gradients,
                     count_of(params, params_of(net, step, params)), tolerance, 1e-9);
    free_step_trace(&layers);
    free_step_trace(&units);
    free(top_diffs);
}

/* A single layer in place, as where oneDNN is absent, would meet its own top the second time. */
static bool runs_twice(const lungo_net *net, lungo_step_info step) {
    const lungo_layer *first = net->layers[step.first];
    bool in_place = first->bottom_count > 0 && first->bottoms[0] == first->tops[0];
    return step.last > step.first || (lungo_layer_op(first).kind != LUNGO_OP_OTHER && !in_place);
}

enum { IMAGES_OF_A_MODEL = 1, WIDEST = 64 };

static glob_t models;

/* Images that differ, few of them, and no matrices that take long to fill. */
static void make_light(Caffe__NetParameter *param) {
    for (size_t i = 0; i < param->n_layer; i++) {
        Caffe__InnerProductParameter *product = param->layer[i]->inner_product_param;
        Caffe__DummyDataParameter *data = param->layer[i]->dummy_data_param;
        if (product && product->num_output > WIDEST) product->num_output = WIDEST;
        if (!data) continue;
        for (size_t k = 0; k < data->n_shape; k++)
            data->shape[k]->dim[0] = IMAGES_OF_A_MODEL;
        data->data_filler[0]->type = (char *)"gaussian";
    }
}

START_TEST(models_agree_with_their_layers) {
    lungo_document *document;
    ProtobufCMessage *message;
    ck_ok(lungo_document_new(&document));
    ck_ok(lungo_text_read(document, &message, &caffe__net_parameter__descriptor,
                          models.gl_pathv[_i]));
    make_light((Caffe__NetParameter *)message);
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    options.open.phase = LUNGO_TRAIN;
    options.open.seed = 3;
    lungo_net *net;
    ck_ok(lungo_plan_open_net(&net, (Caffe__NetParameter *)message, document, &options));
    net->apart = true;
    ck_ok(lungo_net_forward(net, NULL));
    for (size_t k = lungo_net_step_count(net); k-- > 0;) {
        lungo_step_info step = lungo_net_step(net, k);
        if (runs_twice(net, step))
            check_step(net, step);
        else
            ck_ok(lungo_net_backward_range(net, step.first, step.last));
    }
    lungo_net_free(net);
    lungo_document_free(document);
}
END_TEST

Suite *lungo_suite_model_steps(void);
Suite *lungo_suite_model_steps(void) {
    Suite *suite = suite_create("model_steps");
    TCase *large = tcase_create("models");
    if (glob(LUNGO_SOURCE_DIR "/models/*/bench.prototxt", 0, NULL, &models)) models.gl_pathc = 0;
    tcase_add_loop_test(large, models_agree_with_their_layers, 0, (int)models.gl_pathc);
    tcase_set_timeout(large, 240);
    suite_add_tcase(suite, large);
    return suite;
}
