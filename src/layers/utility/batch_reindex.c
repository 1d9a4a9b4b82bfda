/* BatchReindex: items picked by index, as often and in such order as the indices say.
 *
 *   bottom[0]  x      (N, ...)
 *   bottom[1]  index  (M)       whole numbers from 0 to N-1, cut to integers
 *   top[0]     y      (M, ...)  y_m = x_index[m]
 *   backward   dx_n = sum of dy_m over the m with index n
 *
 * Example:
 *
 *   # x: 4 3
 *   # index: 6
 *   layer {
 *     name: "pick" type: "BatchReindex" bottom: "x" bottom: "index" top: "y"
 *   }
 */
#include <string.h>

#include "layer/layer.h"

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *index = layer->bottoms[1];
    lungo_shape shape = layer->bottoms[0]->shape;
    if (shape.axes < 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected an axis or more, got a scalar",
                          layer->bottoms[0]->name);
    if (index->shape.axes != 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected one axis of indices, got shape %s", index->name,
                          lungo_shape_text(&index->shape).text);
    shape.dim[0] = index->shape.dim[0];
    return lungo_blob_reshape(layer->tops[0], &shape);
}

static lungo_status item_of(const lungo_layer *layer, size_t m, size_t *item) {
    const lungo_blob *index = layer->bottoms[1];
    float value = lungo_data(index)[m];
    int items = layer->bottoms[0]->shape.dim[0];
    if (!(value >= 0 && value < (float)items))
        return lungo_fail(LUNGO_ERR_DATA,
                          "index out of range: bottom '%s'[%zu]: expected 0 to %d, "
                          "got %g",
                          index->name, m, items - 1, value);
    *item = (size_t)value;
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    size_t width = lungo_shape_from(&layer->bottoms[0]->shape, 1), item;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
    for (size_t m = 0; m < layer->bottoms[1]->count; m++, y += width) {
        LUNGO_TRY(item_of(layer, m, &item));
        memcpy(y, x + item * width, width * sizeof *y);
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    size_t width = lungo_shape_from(&layer->bottoms[0]->shape, 1), item;
    const float *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    memset(dx, 0, layer->bottoms[0]->count * sizeof *dx);
    for (size_t m = 0; m < layer->bottoms[1]->count; m++, dy += width) {
        LUNGO_TRY(item_of(layer, m, &item));
        for (size_t k = 0; k < width; k++)
            dx[item * width + k] += dy[k];
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_batch_reindex = {
    .name = "BatchReindex",
    .brief = "Picks items of a batch by index, as often and in such order as the indices say.",
    .family = "utility",
    .bottoms = {2, 2},
    .tops = {1, 1},
    .no_backward = 1 << 1,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
