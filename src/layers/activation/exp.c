/* Exp: y = base^(shift + scale x), base e unless given.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself
 *   backward   dx = dy y scale log(base)
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "exp" type: "Exp" bottom: "x" top: "y"
 *     exp_param { base: 2 scale: 0.5 }
 *   }
 */
#include <math.h>

#include "layer/layer.h"
#include "math/parallel.h"

typedef struct exp_state {
    float rate; /* y = factor exp(rate x) */
    float factor;
} exp_state;

static lungo_status setup(lungo_layer *layer) {
    exp_state *state = layer->state;
    const Caffe__ExpParameter *param = layer->param->exp_param;
    bool natural = param->base == -1;
    if (!natural && !(param->base > 0 && isfinite(param->base)))
        return lungo_fail(LUNGO_ERR_CONFIG, "base: expected more than 0, or -1 for e, got %g",
                          param->base);
    float log_base = natural ? 1 : logf(param->base);
    state->rate = log_base * param->scale;
    state->factor = natural ? expf(param->shift) : powf(param->base, param->shift);
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const exp_state *state = layer->state;
    size_t count = layer->tops[0]->count;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = state->factor * expf(state->rate * x[i]);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const exp_state *state = layer->state;
    size_t count = layer->tops[0]->count;
    const float *y = lungo_data(layer->tops[0]), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = dy[i] * y[i] * state->rate;
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_exp = {
    .name = "Exp",
    .brief = "base^(shift + scale x) of every value.",
    .family = "activation",
    .params = {"exp_param"},
    .state_size = sizeof(exp_state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = lungo_layer_reshape_like_bottom,
    .forward = forward,
    .backward = backward,
};
