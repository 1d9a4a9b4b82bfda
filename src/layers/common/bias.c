/* Bias: y = x + b, b repeated over the axes it does not cover.
 *
 *   bottom[0]  x  any shape
 *   bottom[1]  b  the dimensions of x from `axis` on, as many as it has; learned when left out
 *   top[0]     y  the shape of x; may be bottom[0] itself
 *   weights    b  `num_axes` dimensions of x from `axis` on (-1: all the rest, 0: a scalar)
 *   backward   dx = dy     db += sum of dy over the axes not covered (b a bottom: overwritten)
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "bias" type: "Bias" bottom: "x" top: "x"
 *     bias_param { filler { type: "constant" value: 0.1 } }
 *   }
 */
#include "layer/op.h"
#include "layers/common/broadcast.h"
#include "math/vector.h"

static bool is_learned(const lungo_layer *layer) {
    return layer->bottom_count == 1;
}

static const lungo_blob *vector_of(const lungo_layer *layer) {
    return is_learned(layer) ? layer->params[0].blob : layer->bottoms[1];
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__BiasParameter *param = layer->param->bias_param;
    if (!is_learned(layer)) return LUNGO_OK;
    lungo_shape shape;
    LUNGO_TRY(lungo_broadcast_learned(&shape, layer->bottoms[0], param->axis, param->num_axes,
                                      "bias_param"));
    return lungo_layer_add_param(layer, &shape, param->filler);
}

static lungo_status reshape(lungo_layer *layer) {
    LUNGO_TRY(lungo_broadcast_fit(layer->state, layer->bottoms[0], vector_of(layer),
                                  layer->param->bias_param->axis, "bias_param"));
    return lungo_layer_reshape_like_bottom(layer);
}

static lungo_status forward(lungo_layer *layer) {
    lungo_broadcast_add(layer->state, lungo_data(layer->bottoms[0]), lungo_data(vector_of(layer)),
                        lungo_data_overwrite(layer->tops[0]));
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    const float *dy = lungo_diff(layer->tops[0]);
    if (!is_learned(layer) && lungo_wants_bottom(layer, 1))
        lungo_broadcast_sum(layer->state, dy, 0, lungo_diff_overwrite(layer->bottoms[1]));
    if (is_learned(layer) && lungo_wants_param(layer, 0))
        lungo_broadcast_sum(layer->state, dy, lungo_grad_beta(layer, 0),
                            lungo_param_diff(layer, 0));
    if (lungo_wants_bottom(layer, 0) && !lungo_is_in_place(layer, 0))
        lungo_copy(layer->bottoms[0]->count, dy, lungo_diff_overwrite(layer->bottoms[0]));
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    if (!is_learned(layer)) return;
    op->kind = LUNGO_OP_BIAS;
    op->scale = *(const lungo_broadcast *)layer->state;
}

const lungo_layer_type lungo_layer_bias = {
    .name = "Bias",
    .brief = "Adds a learned or given vector, repeated over the axes it does not cover.",
    .family = "common",
    .params = {"bias_param"},
    .state_size = sizeof(lungo_broadcast),
    .bottoms = {1, 2},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
