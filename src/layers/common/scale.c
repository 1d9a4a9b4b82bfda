/* Scale: y = x f, or x f + b; f and b are repeated over the axes they do not cover.
 *
 *   bottom[0]  x  any shape
 *   bottom[1]  f  the dimensions of x from `axis` on, as many as it has; learned when left out
 *   top[0]     y  the shape of x; may be bottom[0] itself
 *   weights    f  `num_axes` dimensions of x from `axis` on (-1: all the rest, 0: a scalar);
 *                 ones unless `filler` says otherwise; absent when f is a bottom
 *              b  the shape of f; absent unless bias_term
 *   backward   dx = dy f     df += sum of dy x over the axes not covered (f a bottom: overwritten)
 *              db += the same sum of dy
 *
 * In place, a copy of x is kept for df.
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
 *   layer {
 *     name: "scale" type: "Scale" bottom: "y" top: "y"
 *     param { decay_mult: 0 } param { decay_mult: 0 }
 *     scale_param { bias_term: true }
 *   }
 */
#include "layer/op.h"
#include "layers/common/broadcast.h"
#include "math/vector.h"

typedef struct state {
    lungo_broadcast shape;
    Caffe__FillerParameter ones;
    lungo_blob *copy; /* of x; NULL when not in place */
} state;

static bool is_learned(const lungo_layer *layer) {
    return layer->bottom_count == 1;
}

static const lungo_blob *factor_of(const lungo_layer *layer) {
    return is_learned(layer) ? layer->params[0].blob : layer->bottoms[1];
}

static bool has_bias(const lungo_layer *layer) {
    return layer->param->scale_param->bias_term;
}

/* The bias is the last of the learned blobs. */
static int bias_index(const lungo_layer *layer) {
    return layer->param_count - 1;
}

static bool wants_factor(const lungo_layer *layer) {
    return is_learned(layer) ? lungo_wants_param(layer, 0) : lungo_wants_bottom(layer, 1);
}

static lungo_status add_bias(lungo_layer *layer, const lungo_shape *shape) {
    /* Caffe makes a Bias layer of the same name inside, and log parsers know this line. */
    lungo_log_info("layer_factory.hpp", 77, "Creating layer %s", layer->name);
    return lungo_layer_add_param(layer, shape, layer->param->scale_param->bias_filler);
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__ScaleParameter *param = layer->param->scale_param;
    state *s = layer->state;
    lungo_shape shape = layer->bottoms[is_learned(layer) ? 0 : 1]->shape;
    if (is_learned(layer)) {
        s->ones = (Caffe__FillerParameter)CAFFE__FILLER_PARAMETER__INIT;
        s->ones.value = 1;
        LUNGO_TRY(lungo_broadcast_learned(&shape, layer->bottoms[0], param->axis, param->num_axes,
                                          "scale_param"));
        LUNGO_TRY(lungo_layer_add_param(layer, &shape, param->filler ? param->filler : &s->ones));
    }
    if (has_bias(layer)) LUNGO_TRY(add_bias(layer, &shape));
    if (!lungo_is_in_place(layer, 0)) return LUNGO_OK;
    return lungo_layer_add_buffer(layer, &s->copy, "input");
}

/* A factor that is a bottom may change its shape; the bias that was made after it cannot. */
static lungo_status check_bias(const lungo_layer *layer, const lungo_blob *factor) {
    if (!has_bias(layer)) return LUNGO_OK;
    const lungo_shape *bias = &layer->params[bias_index(layer)].blob->shape;
    if (lungo_shape_equal(bias, &factor->shape)) return LUNGO_OK;
    return lungo_fail(
        LUNGO_ERR_CONFIG, "shapes do not fit: bottom '%s': expected shape %s like the bias, got %s",
        factor->name, lungo_shape_text(bias).text, lungo_shape_text(&factor->shape).text);
}

static lungo_status reshape(lungo_layer *layer) {
    state *s = layer->state;
    const lungo_blob *bottom = layer->bottoms[0], *factor = factor_of(layer);
    LUNGO_TRY(lungo_broadcast_fit(&s->shape, bottom, factor, layer->param->scale_param->axis,
                                  "scale_param"));
    LUNGO_TRY(check_bias(layer, factor));
    if (s->copy) LUNGO_TRY(lungo_blob_reshape(s->copy, &bottom->shape));
    return lungo_layer_reshape_like_bottom(layer);
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    const float *bias = has_bias(layer) ? lungo_param(layer, bias_index(layer)) : NULL;
    if (s->copy && wants_factor(layer))
        lungo_copy(s->copy->count, x, lungo_data_overwrite(s->copy));
    lungo_broadcast_multiply(&s->shape, x, lungo_data(factor_of(layer)), bias,
                             lungo_data_overwrite(layer->tops[0]));
    return LUNGO_OK;
}

static void backward_factor(lungo_layer *layer, const float *dy) {
    const state *s = layer->state;
    const float *x = lungo_data(s->copy ? s->copy : layer->bottoms[0]);
    float beta = is_learned(layer) ? lungo_grad_beta(layer, 0) : 0;
    float *gradient =
        is_learned(layer) ? lungo_param_diff(layer, 0) : lungo_diff_overwrite(layer->bottoms[1]);
    lungo_broadcast_dot(&s->shape, x, dy, beta, gradient);
}

/* dx comes last: in place it takes the memory of dy. */
static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    const float *dy = lungo_diff(layer->tops[0]);
    int bias = bias_index(layer);
    if (wants_factor(layer)) backward_factor(layer, dy);
    if (has_bias(layer) && lungo_wants_param(layer, bias))
        lungo_broadcast_sum(&s->shape, dy, lungo_grad_beta(layer, bias),
                            lungo_param_diff(layer, bias));
    if (lungo_wants_bottom(layer, 0))
        lungo_broadcast_multiply(&s->shape, dy, lungo_data(factor_of(layer)), NULL,
                                 lungo_diff_overwrite(layer->bottoms[0]));
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    if (!is_learned(layer)) return;
    op->kind = LUNGO_OP_SCALE;
    op->scale = ((const state *)layer->state)->shape;
}

const lungo_layer_type lungo_layer_scale = {
    .name = "Scale",
    .brief = "Multiplies by a learned or given vector, and may add another one.",
    .family = "common",
    .params = {"scale_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 2},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
