/* Gradients against central differences, layer by layer. Each layer is checked right behind its
 * first forward, before a later one can change its bottoms in place. */
#include "check/gradient.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/state.h"
#include "plan/plan.h"
#include "proto/text.h"
#include "proto/upgrade.h"

/* A layer under test, and what is put back before every pass over it. */
typedef struct gradient_probe {
    lungo_net *net;
    int index;
    lungo_layer *layer;
    const lungo_gradient_options *options;
    lungo_gradient_function *report;
    void *user;
    lungo_rng *draws;    /* for weights and inputs */
    lungo_rng rng;       /* the net's, before the layer's first forward */
    lungo_writer state;  /* the layer's own, before that */
    float **bottoms;     /* values, per bottom */
    float **top_weights; /* per top; NULL: not part of the objective */
} gradient_probe;

static float uniform(lungo_rng *rng) {
    return (float)(lungo_rng_word(rng) >> 8) / (float)(1 << 23) - 1;
}

/* ---- making a probe ---- */

static lungo_status copy_values(float **out, const float *values, size_t count) {
    *out = malloc(count ? count * sizeof **out : 1);
    if (!*out) return lungo_fail_memory("values", count * sizeof **out);
    if (count) memcpy(*out, values, count * sizeof **out);
    return LUNGO_OK;
}

static lungo_status weigh_top(gradient_probe *probe, int i) {
    const lungo_layer *layer = probe->layer;
    float weight = layer->loss_weights[i];
    if (weight == 0 && (layer->type->flags & LUNGO_LOSS)) return LUNGO_OK;
    size_t count = layer->tops[i]->count;
    float *weights = probe->top_weights[i] = malloc(count ? count * sizeof *weights : 1);
    if (!weights) return lungo_fail_memory("weights", count * sizeof *weights);
    for (size_t k = 0; k < count; k++)
        weights[k] = weight != 0 ? weight : uniform(probe->draws);
    return LUNGO_OK;
}

static lungo_status prepare(gradient_probe *probe) {
    const lungo_layer *layer = probe->layer;
    probe->bottoms = calloc((size_t)layer->bottom_count + 1, sizeof *probe->bottoms);
    probe->top_weights = calloc((size_t)layer->top_count + 1, sizeof *probe->top_weights);
    if (!probe->bottoms || !probe->top_weights) return lungo_fail_memory("a list of blobs", 0);
    for (int i = 0; i < layer->bottom_count; i++)
        LUNGO_TRY(copy_values(&probe->bottoms[i], lungo_data(layer->bottoms[i]),
                              layer->bottoms[i]->count));
    probe->rng = *probe->net->host.rng;
    return layer->type->save ? layer->type->save(layer, &probe->state) : LUNGO_OK;
}

static void dispose(gradient_probe *probe) {
    for (int i = 0; probe->bottoms && i < probe->layer->bottom_count; i++)
        free(probe->bottoms[i]);
    for (int i = 0; probe->top_weights && i < probe->layer->top_count; i++)
        free(probe->top_weights[i]);
    free(probe->bottoms);
    free(probe->top_weights);
    lungo_buffer_dispose(&probe->state);
}

/* ---- passes ---- */

/* Bottoms first: one value of them, or of a parameter, has been changed, and stays so. */
static lungo_status forward(gradient_probe *probe) {
    lungo_layer *layer = probe->layer;
    for (int i = 0; i < layer->bottom_count; i++)
        if (layer->bottoms[i]->count)
            memcpy(lungo_data_overwrite(layer->bottoms[i]), probe->bottoms[i],
                   layer->bottoms[i]->count * sizeof(float));
    *probe->net->host.rng = probe->rng;
    if (layer->type->load) {
        lungo_reader reader = {probe->state.bytes, probe->state.bytes + probe->state.length};
        LUNGO_TRY(layer->type->load(layer, &reader));
    }
    return lungo_plan_forward(probe->net, probe->index, probe->index, NULL);
}

static lungo_status objective(gradient_probe *probe, double *sum) {
    LUNGO_TRY(forward(probe));
    *sum = 0;
    for (int i = 0; i < probe->layer->top_count; i++) {
        const lungo_blob *top = probe->layer->tops[i];
        const float *values = lungo_data(top), *weights = probe->top_weights[i];
        for (size_t k = 0; weights && k < top->count; k++)
            *sum += (double)values[k] * weights[k];
    }
    return LUNGO_OK;
}

static lungo_status backward(gradient_probe *probe) {
    lungo_layer *layer = probe->layer;
    LUNGO_TRY(forward(probe));
    for (int i = 0; i < layer->top_count; i++) {
        lungo_blob *top = layer->tops[i];
        if (!probe->top_weights[i] || !lungo_diff(top) || !top->count) continue;
        memcpy(lungo_diff_overwrite(top), probe->top_weights[i], top->count * sizeof(float));
    }
    lungo_net_clear_gradients(probe->net);
    return lungo_plan_backward(probe->net, probe->index, probe->index);
}

/* ---- one blob ---- */

/* A blob whose gradient is looked at. */
typedef struct gradient_target {
    lungo_blob *blob;
    float *values;   /* of a bottom, those that forward() takes; NULL: a parameter's own */
    float *gradient; /* by backward */
    float largest;   /* of its magnitudes */
} gradient_target;

/* The objective with a step on one value, and the step that float made of it. */
static lungo_status step_to(gradient_probe *probe, const gradient_target *target, size_t at,
                            float step, double *sum, double *moved) {
    float *value = &(target->values ? target->values : lungo_data_update(target->blob))[at];
    float before = *value, after = before + step;
    *moved = (double)after - before;
    *value = after;
    lungo_status status = objective(probe, sum);
    value = &(target->values ? target->values : lungo_data_update(target->blob))[at];
    *value = before;
    return status;
}

static double rounding(double sum, double step) {
    return 0x1p-22 * fmax(fabs(sum), 1) / step;
}

static lungo_status compare(gradient_probe *probe, const gradient_target *target, size_t at,
                            lungo_gradient_row *row) {
    const lungo_gradient_options *options = probe->options;
    double above, below, here, up, down, got = target->gradient[at];
    LUNGO_TRY(step_to(probe, target, at, options->step, &above, &up));
    LUNGO_TRY(step_to(probe, target, at, -options->step, &below, &down));
    LUNGO_TRY(step_to(probe, target, at, 0, &here, &(double){0}));
    double difference = (above - below) / (up - down);
    double scale = fmax(fmax(fabs(difference), fabs(got)), 0.1 * target->largest);
    scale = fmax(scale, rounding(here, options->step) / options->tolerance);
    float error = (float)(fabs(difference - got) / scale);
    double right = (above - here) / up, left = (below - here) / down;
    double margin = options->tolerance * scale;
    row->checked++;
    if (error > options->tolerance && fabs(right - left) > margin &&
        got >= fmin(left, right) - margin && got <= fmax(left, right) + margin) {
        row->kinks++;
    } else if (row->checked == row->kinks + 1 || !(error <= row->error)) {
        row->error = error;
        row->at = at;
        row->difference = difference;
        row->backward = got;
    }
    return LUNGO_OK;
}

static lungo_status compare_samples(gradient_probe *probe, gradient_target *target,
                                    lungo_gradient_row *row) {
    size_t count = row->count = target->blob->count, samples = probe->options->samples;
    if (samples == 0 || samples > count) samples = count;
    for (size_t i = 0; i < count; i++)
        target->largest = fmaxf(target->largest, fabsf(target->gradient[i]));
    for (size_t k = 0; k < samples; k++) {
        double place = samples < count ? 0.5 * (uniform(probe->draws) + 1) : 0;
        size_t at = (size_t)(((double)k + place) * (double)count / (double)samples);
        LUNGO_TRY(compare(probe, target, at < count ? at : count - 1, row));
    }
    return LUNGO_OK;
}

static lungo_status check_blob(gradient_probe *probe, lungo_blob *blob, float *values,
                               lungo_gradient_row *row) {
    gradient_target target = {.blob = blob, .values = values};
    LUNGO_TRY(backward(probe));
    LUNGO_TRY(copy_values(&target.gradient, lungo_diff(blob), blob->count));
    lungo_status status = compare_samples(probe, &target, row);
    free(target.gradient);
    if (status == LUNGO_OK) probe->report(probe->user, row);
    return status;
}

/* ---- one layer ---- */

static lungo_status check_blobs(gradient_probe *probe) {
    lungo_layer *layer = probe->layer;
    for (int i = 0; i < layer->top_count; i++)
        LUNGO_TRY(weigh_top(probe, i));
    for (int i = 0; i < layer->bottom_count; i++) {
        lungo_gradient_row row = {.layer = layer->name,
                                  .type = layer->type->name,
                                  .bottom = layer->bottoms[i]->name,
                                  .index = (size_t)i};
        if (!layer->bottom_wanted[i] || !lungo_layer_passes(layer->type, i)) continue;
        LUNGO_TRY(check_blob(probe, layer->bottoms[i], probe->bottoms[i], &row));
    }
    for (int j = 0; j < layer->param_count; j++) {
        lungo_gradient_row row = {
            .layer = layer->name, .type = layer->type->name, .is_param = true, .index = (size_t)j};
        lungo_blob *blob = layer->params[j].blob;
        if (!layer->params[j].wanted) continue;
        LUNGO_TRY(check_blob(probe, blob, NULL, &row));
    }
    return forward(probe);
}

/* Splits that the net made itself are no layers of the file. */
static bool is_meant(const gradient_probe *probe) {
    const char *name = probe->options->layer;
    bool split = strcmp(probe->layer->type->name, "Split") == 0;
    return probe->layer->type->backward && (name ? !strcmp(name, probe->layer->name) : !split);
}

static lungo_status visit(gradient_probe *probe) {
    if (!is_meant(probe)) return lungo_plan_forward(probe->net, probe->index, probe->index, NULL);
    lungo_status status = prepare(probe);
    if (!status) status = lungo_plan_forward(probe->net, probe->index, probe->index, NULL);
    if (!status) status = check_blobs(probe);
    dispose(probe);
    return status;
}

/* ---- the net ---- */

/* Whether some layer, seen through Splits, has no gradient for the blob: labels and indices. */
static bool is_label(const lungo_net *net, const lungo_blob *blob) {
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        for (int j = 0; j < layer->bottom_count; j++) {
            if (layer->bottoms[j] != blob) continue;
            if (j < 32 && layer->type->no_backward >> j & 1) return true;
            for (int k = 0; k < layer->top_count && !strcmp(layer->type->name, "Split"); k++)
                if (is_label(net, layer->tops[k])) return true;
        }
    }
    return false;
}

static void fill_inputs(lungo_net *net, lungo_rng *rng) {
    for (int i = 0; i < net->input_count; i++) {
        lungo_blob *blob = net->inputs[i];
        bool label = is_label(net, blob);
        float *values = lungo_data_overwrite(blob);
        for (size_t k = 0; k < blob->count; k++)
            values[k] = label ? 0 : uniform(rng);
    }
}

static bool has_layer(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->layer_count; i++)
        if (strcmp(net->layers[i]->name, name) == 0) return true;
    return false;
}

static lungo_status check_layers(gradient_probe *probe) {
    lungo_net *net = probe->net;
    const char *wanted = probe->options->layer;
    if (wanted && !has_layer(net, wanted)) {
        lungo_fail(LUNGO_ERR_USAGE, "no layer is named '%s'", wanted);
        return lungo_net_trail(net, NULL);
    }
    fill_inputs(net, probe->draws);
    for (probe->index = 0; probe->index < net->layer_count; probe->index++) {
        probe->layer = net->layers[probe->index];
        probe->state = (lungo_writer){0};
        LUNGO_TRY(visit(probe));
        if (wanted && strcmp(wanted, probe->layer->name) == 0) break;
    }
    return LUNGO_OK;
}

static lungo_status open_net(lungo_net **out, lungo_document *document, const char *path,
                             const lungo_net_options *options) {
    ProtobufCMessage *message;
    lungo_net_build_options build = {.open = *options};
    lungo_document_set_limits(document, &options->limits);
    lungo_document_skip_unknown(document, options->unknown_fields == LUNGO_UNKNOWN_WARN);
    LUNGO_TRY(lungo_text_read(document, &message, &caffe__net_parameter__descriptor, path));
    Caffe__NetParameter *param = (Caffe__NetParameter *)message;
    LUNGO_TRY(lungo_upgrade_net(document, param, path));
    LUNGO_TRY(lungo_net_set_state(document, param, options));
    param->has_force_backward = param->force_backward = true;
    if (build.open.engine == LUNGO_ENGINE_DEFAULT) build.open.engine = LUNGO_ENGINE_BLAS;
    return lungo_plan_open_net(out, param, document, &build);
}

/* Every blob is asked for, so that none shares memory: gradients are written from outside here. */
static void ask_for_blobs(const lungo_net *net) {
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        for (size_t j = 0; j < lungo_net_layer(net, i).top_count; j++)
            lungo_net_layer_top(net, i, j);
}

lungo_status lungo_gradient_check_net(lungo_net *net, const lungo_gradient_options *gradient,
                                      lungo_gradient_function *row, void *user) {
    static const lungo_gradient_options defaults = LUNGO_GRADIENT_OPTIONS_INIT;
    lungo_rng draws;
    gradient_probe probe = {.net = net,
                            .options = gradient ? gradient : &defaults,
                            .report = row,
                            .user = user,
                            .draws = &draws};
    if (!(probe.options->step > 0) || !(probe.options->tolerance > 0))
        return lungo_fail(LUNGO_ERR_USAGE,
                          "step and tolerance: expected more than 0, got %g and %g",
                          probe.options->step, probe.options->tolerance);
    lungo_rng_seed(&draws, 1701);
    ask_for_blobs(net);
    return check_layers(&probe);
}

lungo_status lungo_gradient_check(const char *path, const lungo_net_options *options,
                                  const lungo_gradient_options *gradient,
                                  lungo_gradient_function *row, void *user) {
    static const lungo_net_options defaults = LUNGO_NET_OPTIONS_INIT;
    lungo_document *document;
    lungo_net *net;
    LUNGO_TRY(lungo_document_new(&document));
    lungo_status status = open_net(&net, document, path, options ? options : &defaults);
    lungo_document_free(document);
    if (status) return status;
    status = lungo_gradient_check_net(net, gradient, row, user);
    lungo_net_free(net);
    return status;
}
