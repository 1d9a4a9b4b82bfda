/* ReLU: y = x where x > 0, else negative_slope * x.
 *
 *   bottom[0]  x   any shape
 *   top[0]     y   the same shape; may be the bottom itself
 *   backward   dx = dy where x > 0, else negative_slope * dy
 *
 * In place, backward sees y where x was. That is as good as long as y > 0 exactly where x > 0:
 * for every slope that is not negative.
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "relu" type: "ReLU" bottom: "x" top: "x"
 *     relu_param { negative_slope: 0.1 }
 *   }
 */
#include "layer/op.h"
#include "math/parallel.h"

static lungo_status setup(lungo_layer *layer) {
    float slope = layer->param->relu_param->negative_slope;
    if (lungo_is_in_place(layer, 0) && slope < 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "negative_slope %g: a slope below 0 has no gradient in place; the top "
                          "needs a name of its own",
                          slope);
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    float slope = layer->param->relu_param->negative_slope;
    size_t count = layer->bottoms[0]->count;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : slope * x[i] + 0.0f; /* + 0: a zero comes out positive */
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    float slope = layer->param->relu_param->negative_slope;
    size_t count = layer->bottoms[0]->count;
    const float *x = lungo_data(layer->bottoms[0]), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    op->kind = LUNGO_OP_RELU;
    op->relu_slope = layer->param->relu_param->negative_slope;
}

const lungo_layer_type lungo_layer_relu = {
    .name = "ReLU",
    .brief = "Keeps what is positive and scales the rest by negative_slope (0 unless given).",
    .family = "activation",
    .params = {"relu_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = lungo_layer_reshape_like_bottom,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
