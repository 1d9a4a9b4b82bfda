/* Crop: a part of bottom 0 as large as bottom 1.
 *
 *   bottom[0]  x    what is cropped
 *   bottom[1]  ref  gives the sizes of the axes from `axis` on; its values play no part
 *   top[0]     y    begins at `offset` of x: none (0), one for all these axes, or one for each
 *   backward   dx = dy inside, 0 outside; dref = 0
 *
 * Example:
 *
 *   # x: 2 3 8 8
 *   # ref: 2 3 6 6
 *   layer {
 *     name: "crop" type: "Crop" bottom: "x" bottom: "ref" top: "y"
 *     crop_param { axis: 2 offset: 1 }
 *   }
 */
#include <limits.h>
#include <string.h>

#include "layer/layer.h"

static lungo_status find_offset(const lungo_layer *layer, int first, int axis, int *offset) {
    const Caffe__CropParameter *param = layer->param->crop_param;
    int size = layer->bottoms[0]->shape.dim[axis], part = layer->bottoms[1]->shape.dim[axis];
    uint32_t given = 0;
    if (param->n_offset > 0) given = param->offset[param->n_offset == 1 ? 0 : axis - first];
    if (part > size || given > (uint32_t)(size - part))
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "axis %d: expected offset + size at most %d, as bottom '%s' has, got offset "
            "%u and size %d of bottom '%s'",
            axis, size, layer->bottoms[0]->name, given, part, layer->bottoms[1]->name);
    *offset = (int)given;
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__CropParameter *param = layer->param->crop_param;
    const lungo_shape *in = &layer->bottoms[0]->shape, *like = &layer->bottoms[1]->shape;
    lungo_shape shape = *in;
    int *offsets = layer->state, first;
    LUNGO_TRY(lungo_shape_axis(in, param->axis, "axis", &first));
    if (param->n_offset > 1 && param->n_offset != (size_t)(in->axes - first))
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "offset: expected none, 1, or %d, one for each axis of shape %s from axis %d "
            "on, got %zu",
            in->axes - first, lungo_shape_text(in).text, first, param->n_offset);
    if (like->axes < in->axes)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected %d axes or more as bottom '%s', got "
                          "shape %s",
                          layer->bottoms[1]->name, in->axes, layer->bottoms[0]->name,
                          lungo_shape_text(like).text);
    memset(offsets, 0, LUNGO_MAX_AXES * sizeof *offsets);
    for (int axis = first; axis < in->axes; axis++) {
        LUNGO_TRY(find_offset(layer, first, axis, &offsets[axis]));
        shape.dim[axis] = like->dim[axis];
    }
    return lungo_blob_reshape(layer->tops[0], &shape);
}

/* Where row `row` of the top (a run along the last axis) begins in the bottom. */
static size_t row_start(const lungo_layer *layer, size_t row) {
    const lungo_shape *in = &layer->bottoms[0]->shape, *out = &layer->tops[0]->shape;
    const int *offsets = layer->state;
    int last = in->axes - 1;
    size_t start = (size_t)offsets[last], stride = (size_t)in->dim[last];
    for (int axis = last - 1; axis >= 0; axis--) {
        size_t size = (size_t)out->dim[axis];
        start += (row % size + (size_t)offsets[axis]) * stride;
        row /= size;
        stride *= (size_t)in->dim[axis];
    }
    return start;
}

static size_t row_width(const lungo_layer *layer) {
    return (size_t)layer->tops[0]->shape.dim[layer->tops[0]->shape.axes - 1];
}

static lungo_status forward(lungo_layer *layer) {
    const lungo_blob *top = layer->tops[0];
    size_t width = row_width(layer);
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
    for (size_t row = 0; row * width < top->count; row++)
        memcpy(y + row * width, x + row_start(layer, row), width * sizeof *y);
    return LUNGO_OK;
}

static void backward_part(lungo_layer *layer) {
    const lungo_blob *top = layer->tops[0];
    size_t width = row_width(layer);
    const float *dy = lungo_diff(top);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    memset(dx, 0, layer->bottoms[0]->count * sizeof *dx);
    for (size_t row = 0; row * width < top->count; row++)
        memcpy(dx + row_start(layer, row), dy + row * width, width * sizeof *dx);
}

static lungo_status backward(lungo_layer *layer) {
    if (lungo_wants_bottom(layer, 0)) backward_part(layer);
    if (lungo_wants_bottom(layer, 1))
        memset(lungo_diff_overwrite(layer->bottoms[1]), 0,
               layer->bottoms[1]->count * sizeof(float));
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_crop = {
    .name = "Crop",
    .brief = "Cuts out of its first bottom a part as large as the second.",
    .family = "vision",
    .params = {"crop_param"},
    .state_size = LUNGO_MAX_AXES * sizeof(int), /* the offset on every axis */
    .bottoms = {2, 2},
    .tops = {1, 1},
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
