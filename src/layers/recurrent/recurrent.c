/* See recurrent.h. */
#include "layers/recurrent/recurrent.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "filler/filler.h"
#include "kernels/broadcast.h"
#include "math/gemm.h"
#include "math/parallel.h"
#include "math/vector.h"

enum { INPUT_WEIGHTS, INPUT_BIAS, STATIC_WEIGHTS };

/* ---- setup ---- */

static lungo_status check_counts(const lungo_layer *layer) {
    const lungo_recurrent *r = layer->state;
    int least = 2 + (r->exposed ? r->states : 0), tops = 1 + (r->exposed ? r->states : 0);
    const char *with = r->exposed ? "with expose_hidden" : "without expose_hidden";
    if (layer->bottom_count < least || layer->bottom_count > least + 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "layer takes %d or %d bottoms %s, got %d", least,
                          least + 1, with, layer->bottom_count);
    if (layer->top_count != tops)
        return lungo_fail(LUNGO_ERR_CONFIG, "layer makes %d top%s %s, got %d", tops,
                          tops == 1 ? "" : "s", with, layer->top_count);
    return LUNGO_OK;
}

static lungo_status check_axes(const lungo_blob *bottom, int least, const char *names) {
    if (bottom->shape.axes >= least) return LUNGO_OK;
    return lungo_fail(
        LUNGO_ERR_CONFIG,
        "shapes do not fit: bottom '%s': expected at least %d axes (%s), got shape %s",
        bottom->name, least, names, lungo_shape_text(&bottom->shape).text);
}

static lungo_status check_values(const lungo_blob *bottom, size_t values) {
    if (values <= INT_MAX) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "bottom '%s': expected at most %d values per item, got %zu (shape %s)",
                      bottom->name, INT_MAX, values, lungo_shape_text(&bottom->shape).text);
}

static lungo_status read_sizes(lungo_layer *layer, int gates_per_cell) {
    uint32_t hidden = layer->param->recurrent_param->num_output;
    lungo_recurrent *r = layer->state;
    if (hidden < 1 || hidden > (uint32_t)(INT_MAX / gates_per_cell))
        return lungo_fail(LUNGO_ERR_CONFIG, "recurrent_param.num_output: expected 1 to %d, got %u",
                          INT_MAX / gates_per_cell, hidden);
    r->hidden = hidden;
    r->gates = r->hidden * (size_t)gates_per_cell;
    const lungo_blob *x = layer->bottoms[LUNGO_RECURRENT_X];
    LUNGO_TRY(check_axes(x, 3, "steps, streams, values"));
    r->inputs = lungo_shape_from(&x->shape, 2);
    r->steps = (size_t)x->shape.dim[0];
    LUNGO_TRY(check_values(x, r->inputs));
    if (r->first_state == LUNGO_RECURRENT_STATIC) return LUNGO_OK;
    const lungo_blob *fixed = layer->bottoms[LUNGO_RECURRENT_STATIC];
    LUNGO_TRY(check_axes(fixed, 2, "streams, values"));
    r->statics = lungo_shape_from(&fixed->shape, 1);
    return check_values(fixed, r->statics);
}

static bool has_static(const lungo_recurrent *r) {
    return r->first_state > LUNGO_RECURRENT_STATIC;
}

lungo_status lungo_recurrent_add_weight(lungo_layer *layer, int rows, int columns) {
    return lungo_layer_add_param(layer, &LUNGO_SHAPE(rows, columns),
                                 layer->param->recurrent_param->weight_filler);
}

lungo_status lungo_recurrent_add_bias(lungo_layer *layer, int rows) {
    return lungo_layer_add_param(layer, &LUNGO_SHAPE(rows),
                                 layer->param->recurrent_param->bias_filler);
}

static lungo_status add_buffers(lungo_layer *layer) {
    static const char *const names[LUNGO_RECURRENT_MAX_STATES] = {"kept h", "kept c"};
    lungo_recurrent *r = layer->state;
    LUNGO_TRY(lungo_layer_add_buffer(layer, &r->conted, "h_conted"));
    for (int i = 0; i < r->states && !r->exposed; i++) /* NOLINTNEXTLINE(*): 1 or 2 states */
        LUNGO_TRY(lungo_layer_add_buffer(layer, &r->keep[i], names[i]));
    return LUNGO_OK;
}

lungo_status lungo_recurrent_setup(lungo_layer *layer, int states, int gates_per_cell) {
    lungo_recurrent *r = layer->state;
    r->states = states;
    r->exposed = layer->param->recurrent_param->expose_hidden;
    LUNGO_TRY(check_counts(layer));
    r->first_state = layer->bottom_count - (r->exposed ? states : 0);
    LUNGO_TRY(read_sizes(layer, gates_per_cell));
    LUNGO_TRY(lungo_recurrent_add_weight(layer, (int)r->gates, (int)r->inputs));
    LUNGO_TRY(lungo_recurrent_add_bias(layer, (int)r->gates));
    if (has_static(r)) LUNGO_TRY(lungo_recurrent_add_weight(layer, (int)r->gates, (int)r->statics));
    r->first_weight = layer->param_count;
    return add_buffers(layer);
}

/* ---- start ---- */

static lungo_status draw_step(lungo_layer *layer, float *values) {
    const lungo_recurrent *r = layer->state;
    for (int j = r->first_weight; j < layer->param_count; j++) {
        const lungo_layer_param *param = &layer->params[j];
        LUNGO_TRY(lungo_filler_fill(param->filler, &param->blob->shape, values, layer->host->rng));
    }
    return LUNGO_OK;
}

lungo_status lungo_recurrent_start(lungo_layer *layer) {
    const lungo_recurrent *r = layer->state;
    if (layer->param->n_blobs > 0) return LUNGO_OK;
    size_t largest = layer->params[r->first_weight].blob->count;
    float *values = lungo_new_floats(largest);
    if (!values) return lungo_fail_memory("hidden weights", largest * sizeof *values);
    lungo_status status = LUNGO_OK;
    for (size_t t = 1; t < r->steps && !status; t++)
        status = draw_step(layer, values);
    lungo_free_floats(values);
    return status;
}

/* ---- reshape ---- */

static lungo_status check_shape(const lungo_blob *bottom, const lungo_shape *expected,
                                const char *what) {
    if (lungo_shape_equal(&bottom->shape, expected)) return LUNGO_OK;
    return lungo_fail(
        LUNGO_ERR_CONFIG, "shapes do not fit: bottom '%s': expected shape %s (%s), got %s",
        bottom->name, lungo_shape_text(expected).text, what, lungo_shape_text(&bottom->shape).text);
}

static lungo_status check_weights(const lungo_layer *layer, int i, int axis, int j) {
    const lungo_blob *bottom = layer->bottoms[i];
    const lungo_shape *weights = &layer->params[j].blob->shape;
    size_t got = lungo_shape_from(&bottom->shape, axis);
    if (got == (size_t)weights->dim[1]) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "shapes do not fit: bottom '%s': expected %d values per item to match "
                      "weights %s, got %zu (shape %s)",
                      bottom->name, weights->dim[1], lungo_shape_text(weights).text, got,
                      lungo_shape_text(&bottom->shape).text);
}

static lungo_status check_static(const lungo_layer *layer, int streams) {
    const lungo_blob *fixed = layer->bottoms[LUNGO_RECURRENT_STATIC];
    LUNGO_TRY(check_axes(fixed, 2, "streams, values"));
    if (fixed->shape.dim[0] != streams)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected %d streams like bottom '%s', "
                          "got %d (shape %s)",
                          fixed->name, streams, layer->bottoms[LUNGO_RECURRENT_X]->name,
                          fixed->shape.dim[0], lungo_shape_text(&fixed->shape).text);
    return check_weights(layer, LUNGO_RECURRENT_STATIC, 1, STATIC_WEIGHTS);
}

static lungo_status check_bottoms(const lungo_layer *layer) {
    const lungo_recurrent *r = layer->state;
    const lungo_blob *x = layer->bottoms[LUNGO_RECURRENT_X];
    LUNGO_TRY(check_axes(x, 3, "steps, streams, values"));
    int steps = x->shape.dim[0], streams = x->shape.dim[1];
    if (steps < 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected at least 1 step, got shape %s",
                          x->name, lungo_shape_text(&x->shape).text);
    LUNGO_TRY(check_weights(layer, LUNGO_RECURRENT_X, 2, INPUT_WEIGHTS));
    LUNGO_TRY(check_shape(layer->bottoms[LUNGO_RECURRENT_CONT], &LUNGO_SHAPE(steps, streams),
                          "steps, streams"));
    if (has_static(r)) LUNGO_TRY(check_static(layer, streams));
    for (int i = r->first_state; i < layer->bottom_count; i++)
        LUNGO_TRY(check_shape(layer->bottoms[i], &LUNGO_SHAPE(1, streams, (int)r->hidden),
                              "1, streams, num_output"));
    return LUNGO_OK;
}

lungo_status lungo_recurrent_reshape(lungo_layer *layer) {
    lungo_recurrent *r = layer->state;
    LUNGO_TRY(check_bottoms(layer));
    const lungo_shape *x = &layer->bottoms[LUNGO_RECURRENT_X]->shape;
    if ((size_t)x->dim[1] != r->streams) r->kept = false;
    r->steps = (size_t)x->dim[0];
    r->streams = (size_t)x->dim[1];
    lungo_shape all = LUNGO_SHAPE(x->dim[0], x->dim[1], (int)r->hidden), one = all;
    one.dim[0] = 1;
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &all));
    for (int i = 1; i < layer->top_count; i++)
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &one));
    for (int i = 0; i < r->states && !r->exposed; i++)
        LUNGO_TRY(lungo_blob_reshape(r->keep[i], &one));
    return lungo_blob_reshape(r->conted, &all);
}

/* ---- inputs ---- */

void lungo_recurrent_input(lungo_layer *layer, float *gates) {
    const lungo_recurrent *r = layer->state;
    size_t items = r->steps * r->streams, step = r->streams * r->gates;
    lungo_gemm(LUNGO_PLAIN, LUNGO_TRANSPOSED, items, r->gates, r->inputs,
               lungo_data(layer->bottoms[LUNGO_RECURRENT_X]), lungo_param(layer, INPUT_WEIGHTS), 0,
               gates);
    lungo_broadcast_add(&(lungo_broadcast){items, r->gates, 1}, gates,
                        lungo_param(layer, INPUT_BIAS), gates);
    if (!has_static(r)) return;
    float *fixed = lungo_layer_scratch(layer);
    lungo_gemm(LUNGO_PLAIN, LUNGO_TRANSPOSED, r->streams, r->gates, r->statics,
               lungo_data(layer->bottoms[LUNGO_RECURRENT_STATIC]),
               lungo_param(layer, STATIC_WEIGHTS), 0, fixed);
    lungo_broadcast_add(&(lungo_broadcast){r->steps, step, 1}, gates, fixed, gates);
}

static void static_backward(lungo_layer *layer, const float *dgates, float *sums) {
    const lungo_recurrent *r = layer->state;
    lungo_blob *fixed = layer->bottoms[LUNGO_RECURRENT_STATIC];
    lungo_broadcast_sum(&(lungo_broadcast){r->steps, r->streams * r->gates, 1}, dgates, 0, sums);
    if (lungo_wants_param(layer, STATIC_WEIGHTS))
        lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, r->gates, r->statics, r->streams, sums,
                   lungo_data(fixed), lungo_grad_beta(layer, STATIC_WEIGHTS),
                   lungo_param_diff(layer, STATIC_WEIGHTS));
    if (lungo_wants_bottom(layer, LUNGO_RECURRENT_STATIC))
        lungo_gemm(LUNGO_PLAIN, LUNGO_PLAIN, r->streams, r->statics, r->gates, sums,
                   lungo_param(layer, STATIC_WEIGHTS), 0, lungo_diff_overwrite(fixed));
}

void lungo_recurrent_input_backward(lungo_layer *layer, const float *dgates, float *sums) {
    const lungo_recurrent *r = layer->state;
    lungo_blob *x = layer->bottoms[LUNGO_RECURRENT_X];
    size_t items = r->steps * r->streams;
    if (lungo_wants_param(layer, INPUT_WEIGHTS))
        lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, r->gates, r->inputs, items, dgates, lungo_data(x),
                   lungo_grad_beta(layer, INPUT_WEIGHTS), lungo_param_diff(layer, INPUT_WEIGHTS));
    if (lungo_wants_param(layer, INPUT_BIAS))
        lungo_broadcast_sum(&(lungo_broadcast){items, r->gates, 1}, dgates,
                            lungo_grad_beta(layer, INPUT_BIAS),
                            lungo_param_diff(layer, INPUT_BIAS));
    if (lungo_wants_bottom(layer, LUNGO_RECURRENT_X))
        lungo_gemm(LUNGO_PLAIN, LUNGO_PLAIN, items, r->inputs, r->gates, dgates,
                   lungo_param(layer, INPUT_WEIGHTS), 0, lungo_diff_overwrite(x));
    if (has_static(r)) static_backward(layer, dgates, sums);
}

/* ---- steps ---- */

void lungo_recurrent_begin(const lungo_layer *layer, int i, float *out) {
    const lungo_recurrent *r = layer->state;
    size_t count = r->streams * r->hidden;
    const float *from = NULL;
    if (r->exposed)
        from = lungo_data(layer->bottoms[r->first_state + i]);
    else if (r->kept)
        from = lungo_data(r->keep[i]);
    if (from && count)
        memcpy(out, from, count * sizeof *out);
    else
        lungo_fill(count, 0, out);
}

void lungo_recurrent_end(lungo_layer *layer, int i, const float *in) {
    lungo_recurrent *r = layer->state;
    size_t count = r->streams * r->hidden;
    float *to = lungo_data_overwrite(r->exposed ? layer->tops[1 + i] : r->keep[i]);
    if (count) memcpy(to, in, count * sizeof *to);
    if (i == r->states - 1) r->kept = true;
}

static void scale_rows(const lungo_recurrent *r, const float *cont, const float *x, float *y) {
    size_t hidden = r->hidden;
#pragma omp parallel for if (lungo_worth_threads(r->streams * hidden))
    for (size_t n = 0; n < r->streams; n++)
        for (size_t d = n * hidden; d < (n + 1) * hidden; d++)
            y[d] = cont[n] == 0 ? 0 : cont[n] * x[d];
}

static const float *cont_at(const lungo_layer *layer, size_t t) {
    const lungo_recurrent *r = layer->state;
    return lungo_data(layer->bottoms[LUNGO_RECURRENT_CONT]) + t * r->streams;
}

void lungo_recurrent_step(lungo_layer *layer, size_t t, const float *h_before, float *gates) {
    const lungo_recurrent *r = layer->state;
    float *conted = lungo_data_update(r->conted) + t * r->streams * r->hidden;
    scale_rows(r, cont_at(layer, t), h_before, conted);
    lungo_gemm(LUNGO_PLAIN, LUNGO_TRANSPOSED, r->streams, r->gates, r->hidden, conted,
               lungo_param(layer, r->first_weight), 1, gates);
}

void lungo_recurrent_step_backward(const lungo_layer *layer, size_t t, const float *dgates,
                                   float *dh_before) {
    const lungo_recurrent *r = layer->state;
    lungo_gemm(LUNGO_PLAIN, LUNGO_PLAIN, r->streams, r->hidden, r->gates, dgates,
               lungo_param(layer, r->first_weight), 0, dh_before);
    scale_rows(r, cont_at(layer, t), dh_before, dh_before);
}

void lungo_recurrent_weight_backward(lungo_layer *layer, const float *dgates) {
    const lungo_recurrent *r = layer->state;
    int j = r->first_weight;
    if (!lungo_wants_param(layer, j)) return;
    lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, r->gates, r->hidden, r->steps * r->streams, dgates,
               lungo_data(r->conted), lungo_grad_beta(layer, j), lungo_param_diff(layer, j));
}

void lungo_recurrent_no_state_gradients(lungo_layer *layer) {
    const lungo_recurrent *r = layer->state;
    for (int i = r->first_state; i < layer->bottom_count; i++)
        if (lungo_wants_bottom(layer, i))
            lungo_fill(layer->bottoms[i]->count, 0, lungo_diff_overwrite(layer->bottoms[i]));
}

void lungo_recurrent_debug(const lungo_layer *layer, const char *part, const char *blob, size_t t,
                           const float *values, size_t count) {
    if (!layer->param->recurrent_param->debug_info) return;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += fabs((double)values[i]);
    lungo_log_info("net.cpp", 593, "    [Forward] Layer %s_%s_%zu, top blob %s_%zu data: %g",
                   layer->name, part, t, blob, t, sum / (double)count);
}

/* ---- resuming ---- */

lungo_status lungo_recurrent_save(const lungo_layer *layer, lungo_writer *writer) {
    const lungo_recurrent *r = layer->state;
    bool kept = r->kept && !r->exposed;
    lungo_write_u64(writer, kept ? r->streams : 0);
    for (int i = 0; i < r->states && kept; i++)
        lungo_write_bytes(writer, lungo_data(r->keep[i]), r->keep[i]->count * sizeof(float));
    return LUNGO_OK;
}

lungo_status lungo_recurrent_load(lungo_layer *layer, lungo_reader *reader) {
    lungo_recurrent *r = layer->state;
    uint64_t streams;
    LUNGO_TRY(lungo_read_u64(reader, &streams));
    r->kept = false;
    if (streams == 0) return LUNGO_OK;
    if (streams != r->streams || r->exposed)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "saved hidden state: expected %zu streams, got %llu; the layer has "
                          "changed since",
                          r->exposed ? 0 : r->streams, (unsigned long long)streams);
    for (int i = 0; i < r->states; i++)
        LUNGO_TRY(lungo_read_bytes(reader, lungo_data_overwrite(r->keep[i]),
                                   r->keep[i]->count * sizeof(float)));
    r->kept = true;
    return LUNGO_OK;
}
