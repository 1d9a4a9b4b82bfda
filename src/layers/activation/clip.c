/* Clip: y = x, but at least `min` and at most `max`.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself, of which a copy is kept then
 *   backward   dx = dy where min <= x <= max, else 0
 *
 * Unlike Caffe's, the gradient is right in place too.
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "clip" type: "Clip" bottom: "x" top: "y"
 *     clip_param { min: 0 max: 6 }
 *   }
 */
#include "layers/activation/kept_input.h"
#include "math/parallel.h"

static lungo_status setup(lungo_layer *layer) {
    const Caffe__ClipParameter *param = layer->param->clip_param;
    if (!(param->min <= param->max))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "clip_param: expected min <= max, got min %g and max %g", param->min,
                          param->max);
    return lungo_input_setup(layer);
}

static lungo_status forward(lungo_layer *layer) {
    float min = layer->param->clip_param->min, max = layer->param->clip_param->max;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input_keep(layer);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] < min ? min : x[i] > max ? max : x[i];
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    float min = layer->param->clip_param->min, max = layer->param->clip_param->max;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input(layer), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = x[i] >= min && x[i] <= max ? dy[i] : 0;
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_clip = {
    .name = "Clip",
    .brief = "Keeps every value between min and max.",
    .family = "activation",
    .params = {"clip_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = lungo_input_reshape,
    .forward = forward,
    .backward = backward,
};
