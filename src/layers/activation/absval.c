/* AbsVal: y = |x|.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same
 *   backward   dx = dy sign(x), 0 where x is 0
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "abs" type: "AbsVal" bottom: "x" top: "y"
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
        y[i] = fabsf(x[i]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_data(layer->bottoms[0]), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = dy[i] * (float)((x[i] > 0) - (x[i] < 0));
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_absval = {
    .name = "AbsVal",
    .brief = "Absolute value of every value.",
    .family = "activation",
    .bottoms = {1, 1},
    .tops = {1, 1},
    .reshape = lungo_layer_reshape_like_bottom,
    .forward = forward,
    .backward = backward,
};
