/* BatchNorm with the Scale and the ReLU that follow in place, in two passes over memory. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernels/blocked_norm.h"
#include "math/vector.h"
#include "plan/units.h"

enum { MEAN, VARIANCE, FACTOR }; /* parameters of BatchNorm */
enum { GAMMA, BETA };            /* of Scale */

typedef struct batch_norm {
    bool blocked;
    lungo_blocked layout;
    size_t channels; /* those of the padding included */
    float slope;
    float *vectors; /* the seven that follow */
    float *mean, *rstd, *factor, *beta, *p, *q, *r;
} batch_norm;

static const float *slope_of(const lungo_unit *unit) {
    return unit->relu ? &((const batch_norm *)unit->state)->slope : NULL;
}

/* ---- opening ---- */

static lungo_status make_vectors(batch_norm *b) {
    float **all[] = {&b->mean, &b->rstd, &b->factor, &b->beta, &b->p, &b->q, &b->r};
    size_t count = sizeof all / sizeof *all;
    b->vectors = lungo_new_floats(count * b->channels);
    if (!b->vectors) return lungo_fail_memory("statistics", count * b->channels * sizeof(float));
    for (size_t i = 0; i < count; i++)
        *all[i] = b->vectors + i * b->channels;
    return LUNGO_OK;
}

static lungo_status open_unit(lungo_unit *unit) {
    batch_norm *b = unit->state;
    lungo_blob *bottom = unit->bottoms[0], *top = unit->tops[0];
    bool done = true;
    if (bottom->shape.axes < 2 || bottom->count == 0)
        return lungo_unit_refuse(unit, "shape %s", lungo_shape_text(&bottom->shape).text);
    if (bottom == top && unit->layer->needs_backward)
        return lungo_unit_refuse(unit, "in place, behind nothing that could keep its bottom");
    b->blocked = lungo_blob_is_blocked(bottom);
    if (b->blocked) LUNGO_TRY(lungo_blob_block(bottom, &done));
    if (b->blocked) LUNGO_TRY(lungo_blob_block(top, &done));
    if (!done) return lungo_unit_refuse(unit, "its top has another layout");
    b->layout = lungo_blob_layout(bottom, b->blocked ? bottom->data->layout.lanes : 1);
    b->channels = lungo_blocked_channels(&b->layout);
    if (unit->relu) b->slope = unit->relu->param->relu_param->negative_slope;
    lungo_layer_need_scratch(unit->layer, lungo_blocked_norm_scratch(&b->layout));
    snprintf(unit->info, sizeof unit->info, "two passes");
    return make_vectors(b);
}

static void close_unit(lungo_unit *unit) {
    lungo_free_floats(((batch_norm *)unit->state)->vectors);
}

/* ---- forward ---- */

/* Mean, and variance where rstd will be. */
static void find_statistics(lungo_unit *unit, const float *x) {
    batch_norm *b = unit->state;
    lungo_layer *layer = unit->layer;
    const lungo_batch_norm *shape = &unit->op.batch_norm.shape;
    if (unit->op.batch_norm.stored) {
        lungo_batch_norm_stored(shape, lungo_param(layer, MEAN), lungo_param(layer, VARIANCE),
                                lungo_param(layer, FACTOR)[0], b->mean, b->rstd);
        return;
    }
    lungo_blocked_norm_statistics(&b->layout, x, b->mean, b->rstd, lungo_layer_scratch(layer));
    lungo_batch_norm_store(shape, unit->op.batch_norm.keep, b->mean, b->rstd,
                           lungo_param_update(layer, MEAN), lungo_param_update(layer, VARIANCE),
                           lungo_param_update(layer, FACTOR));
}

static void find_factors(lungo_unit *unit) {
    batch_norm *b = unit->state;
    const float *gamma = unit->scale ? lungo_param(unit->scale, GAMMA) : NULL;
    const float *beta =
        unit->scale && unit->scale->param_count > BETA ? lungo_param(unit->scale, BETA) : NULL;
    for (size_t c = 0; c < unit->op.batch_norm.shape.channels; c++) {
        b->rstd[c] = 1 / sqrtf(b->rstd[c] + unit->op.batch_norm.eps);
        b->factor[c] = gamma ? gamma[c] * b->rstd[c] : b->rstd[c];
        b->beta[c] = beta ? beta[c] : 0;
    }
}

static lungo_status forward(lungo_unit *unit) {
    batch_norm *b = unit->state;
    const float *x = lungo_blob_data_in(unit->bottoms[0], b->blocked, LUNGO_READ);
    find_statistics(unit, x);
    find_factors(unit);
    lungo_blocked_norm_forward(&b->layout, b->mean, b->factor, b->beta, slope_of(unit), x,
                               lungo_blob_data_in(unit->tops[0], b->blocked, LUNGO_OVERWRITE));
    return LUNGO_OK;
}

/* ---- backward ---- */

/* What x, y and dy are needed for beside dx: p and q hold the sums for now. */
static void add_param_gradients(lungo_unit *unit) {
    const batch_norm *b = unit->state;
    lungo_layer *scale = unit->scale;
    size_t channels = unit->op.batch_norm.shape.channels;
    if (!scale || !scale->needs_backward) return;
    if (lungo_wants_param(scale, GAMMA)) {
        float beta = lungo_grad_beta(scale, GAMMA), *gradient = lungo_param_diff(scale, GAMMA);
        lungo_rescale(channels, beta, gradient);
        for (size_t c = 0; c < channels; c++)
            gradient[c] += b->q[c] * b->rstd[c];
    }
    if (scale->param_count > BETA && lungo_wants_param(scale, BETA)) {
        float beta = lungo_grad_beta(scale, BETA), *gradient = lungo_param_diff(scale, BETA);
        lungo_rescale(channels, beta, gradient);
        lungo_add(channels, b->p, gradient);
    }
}

/* See kernels/blocked_norm.h. */
static void find_backward_factors(lungo_unit *unit) {
    batch_norm *b = unit->state;
    bool stored = unit->op.batch_norm.stored;
    float m = (float)(b->layout.images * b->layout.pixels);
    for (size_t c = 0; c < b->channels; c++) {
        float sum = b->p[c], dot = b->q[c];
        b->p[c] = b->factor[c];
        b->q[c] = stored ? 0 : -b->factor[c] * b->rstd[c] * b->rstd[c] * dot / m;
        b->r[c] = stored ? 0 : -b->factor[c] * sum / m;
    }
}

static lungo_status backward(lungo_unit *unit) {
    batch_norm *b = unit->state;
    if (!unit->layer->needs_backward) return LUNGO_OK;
    const float *x = lungo_blob_data_in(unit->bottoms[0], b->blocked, LUNGO_READ);
    const float *y = lungo_blob_data_in(unit->tops[0], b->blocked, LUNGO_READ);
    const float *dy = lungo_blob_diff_in(unit->tops[0], b->blocked, LUNGO_READ);
    lungo_blocked_norm_sums(&b->layout, b->mean, slope_of(unit), x, y, dy, b->p, b->q,
                            lungo_layer_scratch(unit->layer));
    add_param_gradients(unit);
    find_backward_factors(unit);
    if (lungo_wants_bottom(unit->layer, 0))
        lungo_blocked_norm_backward(
            &b->layout, b->mean, b->p, b->q, b->r, slope_of(unit), x, y, dy,
            lungo_blob_diff_in(unit->bottoms[0], b->blocked, LUNGO_OVERWRITE));
    return LUNGO_OK;
}

const lungo_unit_type lungo_blocked_batch_norm_unit = {
    .name = "blocked",
    .state_size = sizeof(batch_norm),
    .takes_relu = true,
    .open = open_unit,
    .forward = forward,
    .backward = backward,
    .close = close_unit,
};
