/* Swish: y = x s(beta x), s the logistic function.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself, of which a copy is kept then
 *   backward   dx = dy (beta y + s (1 - beta y)), s and y made again from x
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "swish" type: "Swish" bottom: "x" top: "y"
 *     swish_param { beta: 1 }
 *   }
 */
#include <math.h>

#include "layers/activation/kept_input.h"
#include "math/parallel.h"

static float logistic(float x) {
    return 0.5f * tanhf(0.5f * x) + 0.5f;
}

static lungo_status forward(lungo_layer *layer) {
    float beta = layer->param->swish_param->beta;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input_keep(layer);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * logistic(beta * x[i]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    float beta = layer->param->swish_param->beta;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input(layer), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++) {
        float s = logistic(beta * x[i]), beta_y = beta * x[i] * s;
        dx[i] = dy[i] * (beta_y + s * (1 - beta_y));
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_swish = {
    .name = "Swish",
    .brief = "x / (1 + exp(-beta x)) of every value.",
    .family = "activation",
    .params = {"swish_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = lungo_input_setup,
    .reshape = lungo_input_reshape,
    .forward = forward,
    .backward = backward,
};
