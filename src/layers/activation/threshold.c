/* Threshold: y = 1 where x > threshold, else 0.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "threshold" type: "Threshold" bottom: "x" top: "y"
 *     threshold_param { threshold: 0.5 }
 *   }
 */
#include "layer/layer.h"
#include "math/parallel.h"

static lungo_status forward(lungo_layer *layer) {
    float threshold = layer->param->threshold_param->threshold;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] > threshold ? 1 : 0;
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_threshold = {
    .name = "Threshold",
    .brief = "1 where a value is above the threshold, else 0.",
    .family = "activation",
    .params = {"threshold_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .reshape = lungo_layer_reshape_like_bottom,
    .forward = forward,
};
