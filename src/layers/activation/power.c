/* Power: y = (shift + scale x)^power.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself
 *   backward   dx = dy power scale (shift + scale x)^(power - 1)
 *
 * When power or scale is 0 the result is constant and x is not read at all. In place, the gradient
 * needs an x that is gone unless power is 0 or 1: then a copy is kept.
 *
 * Unlike Caffe's, the gradient is right in place too.
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "square" type: "Power" bottom: "x" top: "y"
 *     power_param { power: 2 shift: 1 }
 *   }
 */
#include <math.h>

#include "layers/activation/kept_input.h"
#include "math/parallel.h"

static lungo_status setup(lungo_layer *layer) {
    const Caffe__PowerParameter *param = layer->param->power_param;
    bool needs_input = param->power * param->scale != 0 && param->power != 1;
    return needs_input ? lungo_input_setup(layer) : LUNGO_OK;
}

static void fill(float *values, size_t count, float value) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

static lungo_status forward(lungo_layer *layer) {
    const Caffe__PowerParameter *param = layer->param->power_param;
    float power = param->power, scale = param->scale, shift = param->shift;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input_keep(layer);
    float *y = lungo_data_overwrite(layer->tops[0]);
    if (power * scale == 0) {
        fill(y, count, powf(shift, power)); /* powf(anything, 0) is 1 */
    } else if (power == 1) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t i = 0; i < count; i++)
            y[i] = shift + scale * x[i];
    } else if (power == 2) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t i = 0; i < count; i++)
            y[i] = (shift + scale * x[i]) * (shift + scale * x[i]);
    } else {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t i = 0; i < count; i++)
            y[i] = powf(shift + scale * x[i], power);
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const Caffe__PowerParameter *param = layer->param->power_param;
    float power = param->power, scale = param->scale, shift = param->shift, slope = power * scale;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input(layer), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    if (slope == 0) {
        fill(dx, count, 0);
    } else if (power == 1) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t i = 0; i < count; i++)
            dx[i] = dy[i] * slope;
    } else if (power == 2) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t i = 0; i < count; i++)
            dx[i] = dy[i] * slope * (shift + scale * x[i]);
    } else {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t i = 0; i < count; i++)
            dx[i] = dy[i] * slope * powf(shift + scale * x[i], power - 1);
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_power = {
    .name = "Power",
    .brief = "(shift + scale x)^power of every value.",
    .family = "activation",
    .params = {"power_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = lungo_input_reshape,
    .forward = forward,
    .backward = backward,
};
