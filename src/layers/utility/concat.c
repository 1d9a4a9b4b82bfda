/* Concat: the bottoms one after the other along `axis`.
 *
 *   bottom[i]  x_i  (outer, dim_i, inner)   equal but for `axis`
 *   top[0]     y    (outer, sum of dim_i, inner)
 *   backward   dx_i = its part of dy
 *
 * The top of a single bottom stands on the bottom's values and gradient.
 *
 * Example:
 *
 *   # a: 2 3 4 4
 *   # b: 2 5 4 4
 *   layer {
 *     name: "concat" type: "Concat" bottom: "a" bottom: "b" top: "y"
 *     concat_param { axis: 1 }
 *   }
 */
#include <limits.h>

#include "layer/op.h"
#include "layers/utility/parts.h"

static lungo_status check_shapes(const lungo_layer *layer, int axis) {
    const lungo_shape *first = &layer->bottoms[0]->shape;
    for (int i = 1; i < layer->bottom_count; i++) {
        lungo_shape other = layer->bottoms[i]->shape;
        if (other.axes == first->axes) other.dim[axis] = first->dim[axis];
        if (!lungo_shape_equal(first, &other))
            return lungo_fail(
                LUNGO_ERR_CONFIG,
                "bottom '%s': expected shape %s of bottom '%s' but for axis %d, got %s",
                layer->bottoms[i]->name, lungo_shape_text(first).text, layer->bottoms[0]->name,
                axis, lungo_shape_text(&layer->bottoms[i]->shape).text);
    }
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__ConcatParameter *param = layer->param->concat_param;
    lungo_parts_axis given = {param->has_axis, param->has_concat_dim, param->axis,
                              param->concat_dim, "concat_dim"};
    lungo_shape shape = layer->bottoms[0]->shape;
    int *axis = layer->state;
    LUNGO_TRY(lungo_parts_find_axis(&given, &shape, axis));
    LUNGO_TRY(check_shapes(layer, *axis));
    long long total = 0;
    for (int i = 0; i < layer->bottom_count; i++)
        total += layer->bottoms[i]->shape.dim[*axis];
    if (total > INT_MAX)
        return lungo_fail(LUNGO_ERR_MEMORY, "axis %d: expected at most %d in all, got %lld", *axis,
                          INT_MAX, total);
    shape.dim[*axis] = (int)total;
    LUNGO_TRY(lungo_blob_reshape(layer->tops[0], &shape));
    if (layer->bottom_count == 1) {
        lungo_blob_share_data(layer->tops[0], layer->bottoms[0]);
        lungo_blob_share_diff(layer->tops[0], layer->bottoms[0]);
    }
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    if (layer->bottom_count == 1) return LUNGO_OK;
    const int *axis = layer->state;
    lungo_blob *top = layer->tops[0];
    float *y = lungo_data_overwrite(top);
    int start = 0;
    for (int i = 0; i < layer->bottom_count; i++) {
        const lungo_blob *bottom = layer->bottoms[i];
        lungo_parts_put(y, lungo_data(bottom), &bottom->shape, &top->shape, *axis, start);
        start += bottom->shape.dim[*axis];
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (layer->bottom_count == 1) return LUNGO_OK;
    const int *axis = layer->state;
    const lungo_blob *top = layer->tops[0];
    const float *dy = lungo_diff(top);
    int start = 0;
    for (int i = 0; i < layer->bottom_count; i++) {
        lungo_blob *bottom = layer->bottoms[i];
        if (lungo_wants_bottom(layer, i))
            lungo_parts_take(lungo_diff_overwrite(bottom), dy, &bottom->shape, &top->shape, *axis,
                             start);
        start += bottom->shape.dim[*axis];
    }
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    op->kind = LUNGO_OP_CONCAT;
    op->concat_axis = *(const int *)layer->state;
}

const lungo_layer_type lungo_layer_concat = {
    .name = "Concat",
    .brief = "Puts its bottoms one after the other along an axis.",
    .family = "utility",
    .params = {"concat_param"},
    .state_size = sizeof(int), /* the axis */
    .bottoms = {1, -1},
    .tops = {1, 1},
    .flags = LUNGO_ALIASES,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
