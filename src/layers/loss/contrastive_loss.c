/* ContrastiveLoss: pulls the two items of a similar pair together and pushes those of others apart.
 *
 *   bottom[0]  a        (N, C)
 *   bottom[1]  b        (N, C)
 *   bottom[2]  similar  (N)     0, cut to an integer, for a dissimilar pair; never gets a gradient
 *   top[0]     loss = sum over pairs of l / (2 N), with d = ||a - b||:
 *              similar     l = d^2               da = dloss (a - b) / N
 *              dissimilar  l = max(0, m - d)^2   da = -dloss (m - d) (a - b) / (N (d + 1e-4)) or 0
 *              legacy      l = max(0, m - d^2)   da = -dloss (a - b) / N or 0
 *   backward   db = -da
 *
 * m is `margin`; `legacy_version` changes the dissimilar pairs.
 *
 * Example:
 *
 *   # a: 4 8
 *   # b: 4 8
 *   # similar: 4
 *   layer {
 *     name: "loss" type: "ContrastiveLoss" bottom: "a" bottom: "b" bottom: "similar" top: "loss"
 *     contrastive_loss_param { margin: 1 }
 *   }
 */
#include <math.h>

#include "layers/loss/loss.h"

static bool is_column(const lungo_blob *blob, int first) {
    return lungo_shape_from(&blob->shape, first) == 1;
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *a = layer->bottoms[0], *b = layer->bottoms[1], *similar = layer->bottoms[2];
    LUNGO_TRY(lungo_loss_reshape(layer));
    if (a->count != b->count || (a->shape.axes > 2 && !is_column(a, 2)) ||
        (b->shape.axes > 2 && !is_column(b, 2)))
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "bottoms '%s' and '%s': expected items of as many channels, of one position "
            "each, got shapes %s and %s",
            a->name, b->name, lungo_shape_text(&a->shape).text, lungo_shape_text(&b->shape).text);
    if (similar->count != (size_t)a->shape.dim[0])
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected %d values, one for every pair, got shape %s",
                          similar->name, a->shape.dim[0], lungo_shape_text(&similar->shape).text);
    return LUNGO_OK;
}

static bool is_similar(const lungo_layer *layer, size_t pair) {
    return lungo_label_int(lungo_data(layer->bottoms[2])[pair]) != 0;
}

static float squared_distance(const float *a, const float *b, size_t channels) {
    double sum = 0;
    for (size_t c = 0; c < channels; c++)
        sum += (double)(a[c] - b[c]) * (a[c] - b[c]);
    return (float)sum;
}

static float pair_loss(const Caffe__ContrastiveLossParameter *param, bool similar, float squared) {
    if (similar) return squared;
    float rest = param->margin - (param->legacy_version ? squared : sqrtf(squared));
    if (!(rest > 0)) return 0;
    return param->legacy_version ? rest : rest * rest;
}

static lungo_status forward(lungo_layer *layer) {
    const Caffe__ContrastiveLossParameter *param = layer->param->contrastive_loss_param;
    const float *a = lungo_data(layer->bottoms[0]), *b = lungo_data(layer->bottoms[1]);
    size_t pairs = (size_t)layer->bottoms[0]->shape.dim[0];
    size_t channels = lungo_shape_from(&layer->bottoms[0]->shape, 1);
    double loss = 0;
    for (size_t n = 0; n < pairs; n++, a += channels, b += channels)
        loss += pair_loss(param, is_similar(layer, n), squared_distance(a, b, channels));
    *lungo_data_overwrite(layer->tops[0]) = (float)(loss / (double)pairs / 2);
    return LUNGO_OK;
}

/* What a - b is multiplied with to give da, without dloss / N. */
static float pair_slope(const Caffe__ContrastiveLossParameter *param, bool similar, float squared) {
    if (similar) return 1;
    float distance = sqrtf(squared);
    float rest = param->margin - (param->legacy_version ? squared : distance);
    if (!(rest > 0)) return 0;
    return param->legacy_version ? -1 : -rest / (distance + 1e-4f);
}

static lungo_status backward(lungo_layer *layer) {
    const Caffe__ContrastiveLossParameter *param = layer->param->contrastive_loss_param;
    size_t pairs = (size_t)layer->bottoms[0]->shape.dim[0];
    size_t channels = lungo_shape_from(&layer->bottoms[0]->shape, 1);
    float scale = *lungo_diff(layer->tops[0]) / (float)pairs;
    for (int i = 0; i < 2; i++) {
        if (!lungo_wants_bottom(layer, i)) continue;
        const float *a = lungo_data(layer->bottoms[0]), *b = lungo_data(layer->bottoms[1]);
        float *dx = lungo_diff_overwrite(layer->bottoms[i]), sign = i == 0 ? scale : -scale;
        for (size_t n = 0; n < pairs; n++, a += channels, b += channels, dx += channels) {
            float squared = squared_distance(a, b, channels);
            float factor = sign * pair_slope(param, is_similar(layer, n), squared);
            for (size_t c = 0; c < channels; c++)
                dx[c] = factor * (a[c] - b[c]);
        }
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_contrastive_loss = {
    .name = "ContrastiveLoss",
    .brief = "Pulls the items of similar pairs together and pushes those of others apart.",
    .family = "loss",
    .params = {"contrastive_loss_param"},
    .bottoms = {3, 3},
    .tops = {1, 1},
    .flags = LUNGO_LOSS | LUNGO_AUTO_TOPS,
    .no_backward = 1 << 2,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
