/* ELU: y = x where x > 0, else alpha (exp(x) - 1).
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself
 *   backward   dx = dy where x > 0, else dy (alpha + y)
 *
 * In place, y has the sign of x unless alpha is negative: only then a copy of x is kept.
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "elu" type: "ELU" bottom: "x" top: "x"
 *     elu_param { alpha: 1 }
 *   }
 */
#include <math.h>

#include "layers/activation/kept_input.h"
#include "math/parallel.h"

static lungo_status setup(lungo_layer *layer) {
    return layer->param->elu_param->alpha < 0 ? lungo_input_setup(layer) : LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    float alpha = layer->param->elu_param->alpha;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input_keep(layer);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : alpha * expm1f(x[i]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    float alpha = layer->param->elu_param->alpha;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input(layer), *y = lungo_data(layer->tops[0]);
    const float *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = x[i] > 0 ? dy[i] : dy[i] * (alpha + y[i]);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_elu = {
    .name = "ELU",
    .brief = "Exponential linear unit: x where positive, else alpha (exp(x) - 1).",
    .family = "activation",
    .params = {"elu_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = lungo_input_reshape,
    .forward = forward,
    .backward = backward,
};
