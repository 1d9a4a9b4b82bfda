/* MultinomialLogisticLoss: the mean negative logarithm of the probability of the true class.
 *
 *   bottom[0]  p      (N, C)   probabilities; C: all values of an item
 *   bottom[1]  label  (N)      never gets a gradient
 *   top[0]     loss = -sum_n log max(p_n[label], 1e-20) / N
 *   backward   dp_n[label] = -dloss / (N max(p_n[label], 1e-20)), 0 for other classes
 *
 * SoftmaxWithLoss does this and the softmax before it in one, more precisely.
 *
 * Unlike Caffe, which reads beyond its memory, refuses a label out of range.
 *
 * Example:
 *
 *   # score: 4 10
 *   # label: 4
 *   layer { name: "prob" type: "Softmax" bottom: "score" top: "prob" }
 *   layer {
 *     name: "loss" type: "MultinomialLogisticLoss" bottom: "prob" bottom: "label" top: "loss"
 *   }
 */
#include <math.h>
#include <string.h>

#include "layers/loss/loss.h"

static const float least_probability = 1e-20f;

static lungo_status reshape(lungo_layer *layer) {
    LUNGO_TRY(lungo_loss_reshape(layer));
    return lungo_classes_of_items(layer, layer->state);
}

static lungo_status forward(lungo_layer *layer) {
    const lungo_classes *classes = layer->state;
    const float *p = lungo_data(layer->bottoms[0]);
    double loss = 0;
    for (size_t n = 0; n < classes->outer; n++) {
        int label;
        LUNGO_TRY(lungo_classes_label(layer, classes, n, &label));
        loss -= logf(fmaxf(p[n * classes->classes + (size_t)label], least_probability));
    }
    *lungo_data_overwrite(layer->tops[0]) = (float)(loss / (double)classes->outer);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const lungo_classes *classes = layer->state;
    const float *p = lungo_data(layer->bottoms[0]);
    float *dp = lungo_diff_overwrite(layer->bottoms[0]);
    float scale = -*lungo_diff(layer->tops[0]) / (float)classes->outer;
    memset(dp, 0, layer->bottoms[0]->count * sizeof *dp);
    for (size_t n = 0; n < classes->outer; n++) {
        int label;
        LUNGO_TRY(lungo_classes_label(layer, classes, n, &label));
        size_t at = n * classes->classes + (size_t)label;
        dp[at] = scale / fmaxf(p[at], least_probability);
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_multinomial_logistic_loss = {
    .name = "MultinomialLogisticLoss",
    .brief = "Negative logarithm of the probability that a bottom gives the true class.",
    .family = "loss",
    .state_size = sizeof(lungo_classes),
    .bottoms = {2, 2},
    .tops = {1, 1},
    .flags = LUNGO_LOSS | LUNGO_AUTO_TOPS,
    .no_backward = 1 << 1,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
