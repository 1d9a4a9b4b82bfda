/* Slice: cuts the bottom along `axis` into as many parts as there are tops.
 *
 *   bottom[0]  x    (outer, dim, inner)
 *   top[i]     y_i  (outer, dim_i, inner)   cut at each slice_point; equal parts without any
 *   backward   dx = the dy_i one after the other
 *
 * A single top stands on the bottom's values and gradient.
 *
 * Example:
 *
 *   # x: 2 6
 *   layer {
 *     name: "slice" type: "Slice" bottom: "x" top: "a" top: "b"
 *     slice_param { axis: 1 slice_point: 2 }
 *   }
 */
#include <limits.h>

#include "layer/layer.h"
#include "layers/utility/parts.h"

static lungo_status setup(lungo_layer *layer) {
    const Caffe__SliceParameter *param = layer->param->slice_param;
    size_t expected = (size_t)layer->top_count - 1;
    if (param->n_slice_point && param->n_slice_point != expected)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "slice_point: expected none or %zu, one less than the tops, got %zu",
                          expected, param->n_slice_point);
    return LUNGO_OK;
}

/* Where part i ends. */
static lungo_status find_end(const lungo_layer *layer, int i, int start, int dim, int *end) {
    const Caffe__SliceParameter *param = layer->param->slice_param;
    if (param->n_slice_point == 0) {
        *end = start + dim / layer->top_count;
        return LUNGO_OK;
    }
    uint32_t point = (size_t)i < param->n_slice_point ? param->slice_point[i] : (uint32_t)dim;
    if (point > (uint32_t)dim || point <= (uint32_t)start)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "slice_point: expected growing values between 0 and %d, which bottom '%s' "
            "has on the axis, got a part from %d to %u",
            dim, layer->bottoms[0]->name, start, point);
    *end = (int)point;
    return LUNGO_OK;
}

static lungo_status reshape_tops(lungo_layer *layer, int axis) {
    lungo_shape shape = layer->bottoms[0]->shape;
    int dim = shape.dim[axis];
    if (layer->param->slice_param->n_slice_point == 0 && dim % layer->top_count != 0)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "bottom '%s': expected axis %d to divide into %d equal parts (there is no "
            "slice_point), got shape %s",
            layer->bottoms[0]->name, axis, layer->top_count, lungo_shape_text(&shape).text);
    for (int i = 0, start = 0, end; i < layer->top_count; i++, start = end) {
        LUNGO_TRY(find_end(layer, i, start, dim, &end));
        shape.dim[axis] = end - start;
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &shape));
    }
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__SliceParameter *param = layer->param->slice_param;
    lungo_parts_axis given = {param->has_axis, param->has_slice_dim, param->axis, param->slice_dim,
                              "slice_dim"};
    int *axis = layer->state;
    LUNGO_TRY(lungo_parts_find_axis(&given, &layer->bottoms[0]->shape, axis));
    LUNGO_TRY(reshape_tops(layer, *axis));
    if (layer->top_count == 1) {
        lungo_blob_share_data(layer->tops[0], layer->bottoms[0]);
        lungo_blob_share_diff(layer->tops[0], layer->bottoms[0]);
    }
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    if (layer->top_count == 1) return LUNGO_OK;
    const int *axis = layer->state;
    const lungo_blob *bottom = layer->bottoms[0];
    const float *x = lungo_data(bottom);
    int start = 0;
    for (int i = 0; i < layer->top_count; i++) {
        lungo_blob *top = layer->tops[i];
        lungo_parts_take(lungo_data_overwrite(top), x, &top->shape, &bottom->shape, *axis, start);
        start += top->shape.dim[*axis];
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (layer->top_count == 1 || !lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const int *axis = layer->state;
    lungo_blob *bottom = layer->bottoms[0];
    float *dx = lungo_diff_overwrite(bottom);
    int start = 0;
    for (int i = 0; i < layer->top_count; i++) {
        const lungo_blob *top = layer->tops[i];
        lungo_parts_put(dx, lungo_diff(top), &top->shape, &bottom->shape, *axis, start);
        start += top->shape.dim[*axis];
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_slice = {
    .name = "Slice",
    .brief = "Cuts its bottom along an axis into as many parts as it has tops.",
    .family = "utility",
    .params = {"slice_param"},
    .state_size = sizeof(int), /* the axis */
    .bottoms = {1, 1},
    .tops = {1, -1},
    .flags = LUNGO_ALIASES,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
