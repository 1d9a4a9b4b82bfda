/* Log: y = log_base(shift + scale x), base e unless given.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself, of which a copy is kept then
 *   backward   dx = dy scale / (log(base) (shift + scale x))
 *
 * Unlike Caffe's, the gradient is right in place too.
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "log" type: "Log" bottom: "x" top: "y"
 *     log_param { shift: 1 }
 *   }
 */
#include <math.h>

#include "layers/activation/kept_input.h"
#include "math/parallel.h"

static lungo_status setup(lungo_layer *layer) {
    const Caffe__LogParameter *param = layer->param->log_param;
    float *log_base = layer->state;
    *log_base = param->base == -1 ? 1 : logf(param->base);
    if (param->base != -1 && !(param->base > 0 && isfinite(*log_base) && *log_base != 0))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "base: expected more than 0 and not 1, or -1 for e, got %g", param->base);
    return lungo_input_setup(layer);
}

static lungo_status forward(lungo_layer *layer) {
    const Caffe__LogParameter *param = layer->param->log_param;
    const float *log_base = layer->state;
    float rate = 1 / *log_base;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input_keep(layer);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = rate * logf(param->shift + param->scale * x[i]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const Caffe__LogParameter *param = layer->param->log_param;
    const float *log_base = layer->state;
    float rate = param->scale / *log_base;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input(layer), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = dy[i] * rate / (param->shift + param->scale * x[i]);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_log = {
    .name = "Log",
    .brief = "Logarithm of shift + scale x, to any base, of every value.",
    .family = "activation",
    .params = {"log_param"},
    .state_size = sizeof(float), /* log(base) */
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = lungo_input_reshape,
    .forward = forward,
    .backward = backward,
};
