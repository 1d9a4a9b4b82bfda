/* BNLL, the binomial normal log likelihood: y = log(1 + exp(x)).
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself, of which a copy is kept then
 *   backward   dx = dy exp(x) / (1 + exp(x))
 *
 * Unlike Caffe's, the gradient is right in place too.
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "bnll" type: "BNLL" bottom: "x" top: "y"
 *   }
 */
#include <math.h>

#include "layers/activation/kept_input.h"
#include "math/parallel.h"

static lungo_status forward(lungo_layer *layer) {
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input_keep(layer);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = (x[i] > 0 ? x[i] : 0) + log1pf(expf(-fabsf(x[i])));
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_input(layer), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = dy[i] / (1 + expf(-x[i]));
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_bnll = {
    .name = "BNLL",
    .brief = "log(1 + exp(x)) of every value.",
    .family = "activation",
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = lungo_input_setup,
    .reshape = lungo_input_reshape,
    .forward = forward,
    .backward = backward,
};
