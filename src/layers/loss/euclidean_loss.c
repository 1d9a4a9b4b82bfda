/* EuclideanLoss: half the mean squared distance of two batches.
 *
 *   bottom[0]  a  (N, ...)
 *   bottom[1]  b  (N, ...)   as many values per item, in any shape
 *   top[0]     loss = sum (a - b)^2 / (2 N)
 *   backward   da = dloss (a - b) / N     db = -da
 *
 * Example:
 *
 *   # a: 4 8
 *   # b: 4 8
 *   layer {
 *     name: "loss" type: "EuclideanLoss" bottom: "a" bottom: "b" top: "loss"
 *   }
 */
#include "layers/loss/loss.h"

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *a = layer->bottoms[0], *b = layer->bottoms[1];
    LUNGO_TRY(lungo_loss_reshape(layer));
    if (lungo_shape_from(&a->shape, 1) != lungo_shape_from(&b->shape, 1))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "expected as many values per item in bottom '%s' as in bottom '%s', got "
                          "shapes %s and %s",
                          b->name, a->name, lungo_shape_text(&b->shape).text,
                          lungo_shape_text(&a->shape).text);
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const float *a = lungo_data(layer->bottoms[0]), *b = lungo_data(layer->bottoms[1]);
    size_t count = layer->bottoms[0]->count;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)(a[i] - b[i]) * (a[i] - b[i]);
    *lungo_data_overwrite(layer->tops[0]) = (float)(sum / layer->bottoms[0]->shape.dim[0] / 2);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    const float *a = lungo_data(layer->bottoms[0]), *b = lungo_data(layer->bottoms[1]);
    size_t count = layer->bottoms[0]->count;
    float scale = *lungo_diff(layer->tops[0]) / (float)layer->bottoms[0]->shape.dim[0];
    for (int i = 0; i < 2; i++) {
        if (!lungo_wants_bottom(layer, i)) continue;
        float *dx = lungo_diff_overwrite(layer->bottoms[i]), factor = i == 0 ? scale : -scale;
        for (size_t k = 0; k < count; k++)
            dx[k] = factor * (a[k] - b[k]);
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_euclidean_loss = {
    .name = "EuclideanLoss",
    .brief = "Half the mean squared distance of two batches, for regression.",
    .family = "loss",
    .bottoms = {2, 2},
    .tops = {1, 1},
    .flags = LUNGO_LOSS | LUNGO_AUTO_TOPS,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
