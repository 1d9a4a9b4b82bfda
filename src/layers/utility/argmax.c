/* ArgMax: the top_k largest values, or where they are.
 *
 *   bottom[0]  x  (outer, K, inner)    without `axis`: (N, K), everything after axis 0 in a row
 *   top[0]     y  (outer, top_k, inner)   with `axis`: indices, or values when `out_max_val`
 *                 (N, 1, top_k)           without: indices
 *                 (N, 2, top_k)           without, `out_max_val`: indices, then values
 *
 * The largest comes first; of equal values, that with the larger index. Without `axis` the top has
 * as many axes as the bottom, at least 3, with 1 in the later ones.
 *
 * Example:
 *
 *   # score: 2 10
 *   layer {
 *     name: "best" type: "ArgMax" bottom: "score" top: "best"
 *     argmax_param { top_k: 3 axis: 1 }
 *   }
 */
#include <math.h>

#include "layer/layer.h"

typedef struct argmax_state {
    size_t outer, classes, inner;
} argmax_state;

static lungo_status find_axis(const lungo_layer *layer, int *axis) {
    const Caffe__ArgMaxParameter *param = layer->param->argmax_param;
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    *axis = -1;
    if (param->has_axis) return lungo_shape_axis(shape, param->axis, "axis", axis);
    if (shape->axes > 0) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected an axis or more, got a scalar",
                      layer->bottoms[0]->name);
}

static lungo_shape top_shape(const lungo_layer *layer, int axis) {
    const Caffe__ArgMaxParameter *param = layer->param->argmax_param;
    lungo_shape shape = layer->bottoms[0]->shape;
    if (axis >= 0) {
        shape.dim[axis] = (int)param->top_k;
        return shape;
    }
    if (shape.axes < 3) shape.axes = 3;
    for (int i = 1; i < shape.axes; i++)
        shape.dim[i] = 1;
    shape.dim[1] = param->out_max_val ? 2 : 1;
    shape.dim[2] = (int)param->top_k;
    return shape;
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__ArgMaxParameter *param = layer->param->argmax_param;
    const lungo_shape *in = &layer->bottoms[0]->shape;
    argmax_state *state = layer->state;
    int axis;
    LUNGO_TRY(find_axis(layer, &axis));
    if (axis >= 0)
        *state = (argmax_state){lungo_shape_range(in, 0, axis), (size_t)in->dim[axis],
                                lungo_shape_from(in, axis + 1)};
    else
        *state = (argmax_state){(size_t)in->dim[0], lungo_shape_from(in, 1), 1};
    if (param->top_k < 1 || param->top_k > state->classes)
        return lungo_fail(LUNGO_ERR_CONFIG, "top_k: expected 1 to %zu for shape %s, got %u",
                          state->classes, lungo_shape_text(in).text, param->top_k);
    lungo_shape out = top_shape(layer, axis);
    return lungo_blob_reshape(layer->tops[0], &out);
}

/* Whether value i comes before value j. Not a number comes last. */
static bool before(const float *x, size_t inner, size_t i, size_t j) {
    float a = x[i * inner], b = x[j * inner];
    if (a > b || a < b) return a > b;
    if (isnan(a) != isnan(b)) return isnan(b);
    return i > j;
}

/* The one that comes next after `last` (`classes`: the first of all). */
static size_t next_best(const argmax_state *state, const float *x, size_t last) {
    size_t best = state->classes;
    for (size_t i = 0; i < state->classes; i++) {
        if (last < state->classes && !before(x, state->inner, last, i)) continue;
        if (best == state->classes || before(x, state->inner, i, best)) best = i;
    }
    return best;
}

static lungo_status forward(lungo_layer *layer) {
    const Caffe__ArgMaxParameter *param = layer->param->argmax_param;
    const argmax_state *state = layer->state;
    size_t k = param->top_k, inner = state->inner;
    bool both = param->out_max_val && !param->has_axis;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
    for (size_t i = 0; i < state->outer * inner; i++) {
        const float *own = x + i / inner * state->classes * inner + i % inner;
        float *out = y + i / inner * (both ? 2 * k : k) * inner + i % inner;
        size_t best = state->classes;
        for (size_t j = 0; j < k; j++) {
            best = next_best(state, own, best);
            out[j * inner] = param->out_max_val && !both ? own[best * inner] : (float)best;
            if (both) out[k + j] = own[best];
        }
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_argmax = {
    .name = "ArgMax",
    .brief = "Where the largest values are, or the values themselves.",
    .family = "utility",
    .params = {"argmax_param"},
    .state_size = sizeof(argmax_state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .reshape = reshape,
    .forward = forward,
};
