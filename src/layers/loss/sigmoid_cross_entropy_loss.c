/* SigmoidCrossEntropyLoss: for every value x its own yes-or-no question, p = 1 / (1 + exp(-x)).
 *
 *   bottom[0]  x  (N, ...)
 *   bottom[1]  t  (N, ...)   as many targets, in [0, 1], in any shape; never gets a gradient
 *   top[0]     loss = -sum (t log p + (1 - t) log(1 - p)) / divisor
 *   backward   dx = dloss (p - t) / divisor, 0 where the target is ignored
 *
 * Unlike the other losses Caffe divides by the number of items unless told otherwise. The sum is
 * taken in a form that neither overflows nor takes the logarithm of 0.
 *
 * Example:
 *
 *   # score: 4 10
 *   # target: 4 10
 *   layer {
 *     name: "loss" type: "SigmoidCrossEntropyLoss" bottom: "score" bottom: "target" top: "loss"
 *     loss_param { normalization: VALID ignore_label: -1 }
 *   }
 */
#include <math.h>

#include "layers/loss/loss.h"

static lungo_status setup(lungo_layer *layer) {
    float *divisor = layer->state;
    *divisor = 1;
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *x = layer->bottoms[0], *t = layer->bottoms[1];
    LUNGO_TRY(lungo_loss_reshape(layer));
    if (x->count != t->count)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected %zu targets, as many as values in bottom '%s' "
                          "(shape %s), got %zu (shape %s)",
                          t->name, x->count, x->name, lungo_shape_text(&x->shape).text, t->count,
                          lungo_shape_text(&t->shape).text);
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const Caffe__LossParameter *param = layer->param->loss_param;
    const lungo_blob *bottom = layer->bottoms[0];
    const float *x = lungo_data(bottom), *t = lungo_data(layer->bottoms[1]);
    float *divisor = layer->state;
    double loss = 0;
    size_t valid = 0;
    for (size_t i = 0; i < bottom->count; i++) {
        if (lungo_label_ignored(param, t[i])) continue;
        loss -= x[i] * (t[i] - (x[i] >= 0)) - log1pf(expf(-fabsf(x[i])));
        valid++;
    }
    lungo_normalization mode =
        lungo_loss_normalization(param, CAFFE__LOSS_PARAMETER__NORMALIZATION_MODE__BATCH_SIZE);
    *divisor = lungo_loss_divisor(mode, (size_t)bottom->shape.dim[0], bottom->count, valid);
    *lungo_data_overwrite(layer->tops[0]) = (float)(loss / *divisor);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const Caffe__LossParameter *param = layer->param->loss_param;
    const float *x = lungo_data(layer->bottoms[0]), *t = lungo_data(layer->bottoms[1]);
    const float *divisor = layer->state;
    float scale = *lungo_diff(layer->tops[0]) / *divisor;
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    for (size_t i = 0; i < layer->bottoms[0]->count; i++) {
        float p = 0.5f * tanhf(0.5f * x[i]) + 0.5f;
        dx[i] = lungo_label_ignored(param, t[i]) ? 0 : scale * (p - t[i]);
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_sigmoid_cross_entropy_loss = {
    .name = "SigmoidCrossEntropyLoss",
    .brief = "Cross entropy of independent yes-or-no questions, with targets from 0 to 1.",
    .family = "loss",
    .params = {"loss_param"},
    .state_size = sizeof(float), /* the divisor of the last forward */
    .bottoms = {2, 2},
    .tops = {1, 1},
    .flags = LUNGO_LOSS | LUNGO_AUTO_TOPS,
    .no_backward = 1 << 1,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
