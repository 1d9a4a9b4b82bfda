/* TanH: y = tanh(x).
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself
 *   backward   dx = dy (1 - y^2)
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "tanh" type: "TanH" bottom: "x" top: "x"
 *   }
 */
#include <math.h>

#include "layer/layer.h"
#include "math/parallel.h"

static lungo_status forward(lungo_layer *layer) {
    size_t count = layer->tops[0]->count;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = tanhf(x[i]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    size_t count = layer->tops[0]->count;
    const float *y = lungo_data(layer->tops[0]);
    const float *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = dy[i] * (1 - y[i] * y[i]);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_tanh = {
    .name = "TanH",
    .brief = "Hyperbolic tangent of every value.",
    .family = "activation",
    .params = {"tanh_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .reshape = lungo_layer_reshape_like_bottom,
    .forward = forward,
    .backward = backward,
};
