/* Softmax: y_c = exp(x_c) / sum_k exp(x_k), the classes lying along one axis.
 *
 *   bottom[0]  x  (outer..., C, inner...)   C at `axis`
 *   top[0]     y  the same shape; may be the bottom itself
 *   backward   dx_c = y_c (dy_c - sum_k dy_k y_k)
 *
 * Example:
 *
 *   # x: 2 10
 *   layer {
 *     name: "prob" type: "Softmax" bottom: "x" top: "prob"
 *   }
 */
#include "kernels/softmax.h"

#include "layer/layer.h"

static lungo_status reshape(lungo_layer *layer) {
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    int axis;
    LUNGO_TRY(
        lungo_shape_axis(shape, layer->param->softmax_param->axis, "softmax_param.axis", &axis));
    *(lungo_softmax *)layer->state = (lungo_softmax){.outer = lungo_shape_range(shape, 0, axis),
                                                     .classes = (size_t)shape->dim[axis],
                                                     .inner = lungo_shape_from(shape, axis + 1)};
    return lungo_layer_reshape_like_bottom(layer);
}

static lungo_status forward(lungo_layer *layer) {
    lungo_softmax_forward(layer->state, lungo_data(layer->bottoms[0]),
                          lungo_data_overwrite(layer->tops[0]));
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (lungo_wants_bottom(layer, 0))
        lungo_softmax_backward(layer->state, lungo_data(layer->tops[0]), lungo_diff(layer->tops[0]),
                               lungo_diff_overwrite(layer->bottoms[0]));
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_softmax = {
    .name = "Softmax",
    .brief = "Turns scores along an axis into probabilities.",
    .family = "common",
    .params = {"softmax_param"},
    .state_size = sizeof(lungo_softmax),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
