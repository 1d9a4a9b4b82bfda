/* Convolution with 3x3 windows by Winograd's minimal filtering, in blocked layout, where that is
 * likely to be faster than what computes every product: when no engine was asked for. Its weights
 * are transformed once per update. */
#include <stdio.h>

#include "kernels/blocked_winograd.h"
#include "kernels/winograd_weights.h"
#include "base/clock.h"
#include "math/vector.h"
#include "plan/fold.h"
#include "plan/units.h"

enum { WEIGHTS, BIAS }; /* parameters */

typedef struct convolution {
    lungo_fold fold;
    float *u; /* transformed weights, folded or not */
} convolution;

static bool has_bias(const lungo_unit *unit) {
    return unit->layer->param_count > BIAS;
}

static bool wants_weights(const lungo_layer *layer) {
    return layer->needs_backward && lungo_wants_param(layer, WEIGHTS);
}

/* ---- opening ---- */

static bool suits(const lungo_unit *unit) {
    return unit->if_faster && unit->precision == LUNGO_PRECISION_FLOAT &&
           unit->bottoms[0]->shape.axes == 4 && lungo_blocked_winograd_suits(&unit->op.convolution);
}

static lungo_status block_blobs(lungo_unit *unit) {
    bool done = true;
    for (int i = 0; i < unit->layer->bottom_count && done; i++) {
        LUNGO_TRY(lungo_blob_block(unit->bottoms[i], &done));
        if (done) LUNGO_TRY(lungo_blob_block(unit->tops[i], &done));
    }
    if (!done) return lungo_unit_refuse(unit, "bottom or top has another layout");
    if (unit->sum && !lungo_blob_is_blocked(unit->added))
        return lungo_unit_refuse(unit, "what it adds is row-major");
    return LUNGO_OK;
}

/* Behind that of the passes comes the gradient of the transformed weights, or the folded ones. */
static void need_scratch(const lungo_unit *unit) {
    const lungo_convolution *conv = &unit->op.convolution;
    size_t more = 0;
    if (wants_weights(unit->layer)) more = lungo_blocked_winograd_weights(conv);
    if (lungo_unit_folds(unit)) more = unit->layer->params[WEIGHTS].blob->count;
    lungo_layer_need_scratch(unit->layer, lungo_blocked_winograd_scratch(conv) + more);
}

static lungo_status open_unit(lungo_unit *unit) {
    convolution *c = unit->state;
    size_t floats = lungo_blocked_winograd_weights(&unit->op.convolution);
    if (!suits(unit)) return lungo_unit_refuse(unit, "Winograd is for 3x3 of many channels");
    LUNGO_TRY(block_blobs(unit));
    if (unit->refused) return LUNGO_OK;
    c->u = lungo_new_floats(floats);
    if (!c->u) return lungo_fail_memory("transformed weights", floats * sizeof *c->u);
    need_scratch(unit);
    snprintf(unit->info, sizeof unit->info, "Winograd 2x2 of 3x3%s%s",
             lungo_unit_folds(unit) ? ", folded weights" : "", unit->sum ? ", sum" : "");
    return lungo_fold_open(&c->fold, unit);
}

static void close_unit(lungo_unit *unit) {
    convolution *c = unit->state;
    lungo_free_floats(c->u);
    lungo_fold_dispose(&c->fold);
}

/* ---- running ---- */

static float *scratch_of(const lungo_unit *unit) {
    return lungo_layer_scratch(unit->layer);
}

static void follow_params(lungo_unit *unit) {
    convolution *c = unit->state;
    const lungo_blob *weights = unit->layer->params[WEIGHTS].blob;
    const float *w = scratch_of(unit);
    double start = lungo_clock_seconds();
    if (!lungo_fold_follow(&c->fold, unit, scratch_of(unit))) return;
    if (!lungo_unit_folds(unit)) w = lungo_data(weights);
    lungo_winograd_weights(weights->count / 9, w, c->u);
    unit->packing = lungo_clock_seconds() - start;
}

static lungo_after_sum after_of(const lungo_unit *unit) {
    const convolution *c = unit->state;
    lungo_after_sum after = {0};
    if (has_bias(unit)) after.bias = lungo_param(unit->layer, BIAS);
    if (lungo_unit_folds(unit)) after.bias = c->fold.map.shift;
    if (unit->sum) after.added = lungo_blob_data_in(unit->added, true, LUNGO_READ);
    if (unit->relu) after.slope = &unit->relu->param->relu_param->negative_slope;
    return after;
}

static lungo_status forward(lungo_unit *unit) {
    const convolution *c = unit->state;
    follow_params(unit);
    lungo_after_sum after = after_of(unit);
    for (int i = 0; i < unit->layer->bottom_count; i++)
        lungo_blocked_winograd_forward(
            &unit->op.convolution, lungo_blob_data_in(unit->bottoms[i], true, LUNGO_READ), c->u,
            &after, lungo_blob_data_in(unit->tops[i], true, LUNGO_OVERWRITE), scratch_of(unit));
    return LUNGO_OK;
}

static void backward_params(lungo_unit *unit, int i) {
    lungo_layer *layer = unit->layer;
    const lungo_convolution *conv = &unit->op.convolution;
    const float *x = lungo_blob_data_in(unit->bottoms[i], true, LUNGO_READ);
    const float *dy = lungo_blob_diff_in(unit->tops[i], true, LUNGO_READ);
    if (lungo_wants_param(layer, WEIGHTS))
        lungo_blocked_winograd_backward_weights(conv, x, dy,
                                                i == 0 ? lungo_grad_beta(layer, WEIGHTS) : 1,
                                                lungo_param_diff(layer, WEIGHTS), scratch_of(unit));
    if (has_bias(unit) && lungo_wants_param(layer, BIAS))
        lungo_blocked_sum(&unit->tops[i]->data->layout, dy,
                          i == 0 ? lungo_grad_beta(layer, BIAS) : 1, lungo_param_diff(layer, BIAS));
}

static lungo_status backward(lungo_unit *unit) {
    const convolution *c = unit->state;
    if (!unit->layer->needs_backward) return LUNGO_OK;
    lungo_unit_mask_relu(unit, true);
    follow_params(unit);
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        backward_params(unit, i);
        if (lungo_wants_bottom(unit->layer, i))
            lungo_blocked_winograd_backward_data(
                &unit->op.convolution, c->u, lungo_blob_diff_in(unit->tops[i], true, LUNGO_READ),
                lungo_blob_diff_in(unit->bottoms[i], true, LUNGO_OVERWRITE), scratch_of(unit));
    }
    return LUNGO_OK;
}

const lungo_unit_type lungo_blocked_convolution_unit = {
    .name = "blocked",
    .state_size = sizeof(convolution),
    .takes_relu = true,
    .takes_norm = true,
    .folds = true,
    .open = open_unit,
    .forward = forward,
    .backward = backward,
    .close = close_unit,
#ifdef LUNGO_HAVE_ONEDNN
    .otherwise = &lungo_onednn_convolution_unit,
#endif
};
