/* LRN: local response normalisation, each value damped by the squares of its neighbours.
 *
 *   bottom[0]  x  (N, C, H, W)
 *   top[0]     y  the same shape
 *                 ACROSS_CHANNELS  y = x (k + alpha / n * s)^-beta,    s: the sum of x^2 over
 *                                  n = local_size channels
 *                 WITHIN_CHANNEL   y = x (1 + alpha / n^2 * s)^-beta,  s: over n x n pixels;
 *                                  k is not used
 *   backward   see kernels/lrn.h
 *
 * Example:
 *
 *   # x: 2 8 4 4
 *   layer {
 *     name: "norm" type: "LRN" bottom: "x" top: "norm"
 *     lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }
 *   }
 */
#include "kernels/lrn.h"

#include "layer/op.h"
#include "math/parallel.h"

typedef struct state {
    lungo_lrn lrn;
    lungo_blob *scale; /* what x is divided by, before the power */
} state;

static lungo_status setup(lungo_layer *layer) {
    const Caffe__LRNParameter *param = layer->param->lrn_param;
    state *s = layer->state;
    bool within = param->norm_region == CAFFE__LRNPARAMETER__NORM_REGION__WITHIN_CHANNEL;
    if (param->local_size % 2 == 0)
        return lungo_fail(LUNGO_ERR_CONFIG, "lrn_param.local_size: expected an odd number, got %u",
                          param->local_size);
    if (within && param->k != 1)
        lungo_warn("layer '%s': lrn_param.k: WITHIN_CHANNEL uses 1, as in Caffe, and not %g",
                   layer->name, (double)param->k);
    s->lrn = (lungo_lrn){.size = param->local_size,
                         .within_channel = within,
                         .alpha = param->alpha,
                         .beta = param->beta,
                         .k = within ? 1 : param->k};
    return lungo_layer_add_buffer(layer, &s->scale, "scale");
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *bottom = layer->bottoms[0];
    const lungo_shape *shape = &bottom->shape;
    state *s = layer->state;
    lungo_lrn *lrn = &s->lrn;
    if (shape->axes != 4)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected 4 axes (number, channels, "
                          "height, width), got shape %s",
                          bottom->name, lungo_shape_text(shape).text);
    lrn->images = (size_t)shape->dim[0];
    lrn->channels = (size_t)shape->dim[1];
    lrn->height = (size_t)shape->dim[2];
    lrn->width = (size_t)shape->dim[3];
    lrn->lanes = lungo_lanes(lrn->images);
    lungo_layer_need_scratch(layer, lungo_lrn_scratch(lrn));
    LUNGO_TRY(lungo_blob_reshape(s->scale, shape));
    return lungo_layer_reshape_like_bottom(layer);
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    lungo_lrn_forward(&s->lrn, lungo_data(layer->bottoms[0]), lungo_data_overwrite(s->scale),
                      lungo_data_overwrite(layer->tops[0]), lungo_layer_scratch(layer));
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    if (lungo_wants_bottom(layer, 0))
        lungo_lrn_backward(&s->lrn, lungo_data(layer->bottoms[0]), lungo_data(layer->tops[0]),
                           lungo_data(s->scale), lungo_diff(layer->tops[0]),
                           lungo_diff_overwrite(layer->bottoms[0]), lungo_layer_scratch(layer));
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    op->kind = LUNGO_OP_LRN;
    op->lrn = ((const state *)layer->state)->lrn;
}

const lungo_layer_type lungo_layer_lrn = {
    .name = "LRN",
    .brief = "Damps each value by the squares of its neighbours, across channels or within one.",
    .family = "normalization",
    .params = {"lrn_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
