/* BatchNorm: every channel shifted and scaled to mean 0 and variance 1. No factor and bias of its
 * own: a Scale layer behind it has them.
 *
 *   bottom[0]  x  (N, C, ...)   an x of one axis is one channel
 *   top[0]     y  the same shape; may be the bottom itself
 *                 y = (x - mean) / sqrt(variance + eps), per channel
 *   weights    mean (C), variance (C), factor (1)   not learned by gradients
 *   backward   see kernels/batch_norm.h
 *
 * In TRAIN (or with use_global_stats: false) the statistics are those of x, and every forward adds
 * them to the stored sums:  stored = f stored + new,  f = moving_average_fraction, for the mean,
 * for variance * m / (m - 1) over the m values of a channel, and for 1 (the factor). In TEST (or
 * with use_global_stats: true) they are the stored sums divided by the factor (by nothing yet: 0).
 *
 * Unlike Caffe, which aborts on it, takes an x of one axis.
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "bn" type: "BatchNorm" bottom: "x" top: "x"
 *     batch_norm_param { moving_average_fraction: 0.99 }
 *   }
 */
#include "kernels/batch_norm.h"

#include <math.h>

#include "layer/op.h"
#include "math/vector.h"

enum { MEAN, VARIANCE, FACTOR };

typedef struct state {
    lungo_batch_norm shape;
    bool stored_statistics;
    lungo_blob *used; /* (2, C): the mean and 1 / sqrt(variance + eps) of the last forward */
    lungo_blob *copy; /* of x; NULL when not in place */
} state;

/* ---- setup and reshape ---- */

static lungo_status find_shape(const lungo_layer *layer, lungo_batch_norm *out) {
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    if (shape->axes < 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected at least 1 axis, got shape ()",
                          layer->bottoms[0]->name);
    *out = (lungo_batch_norm){.images = (size_t)shape->dim[0],
                              .channels = shape->axes > 1 ? (size_t)shape->dim[1] : 1,
                              .pixels = lungo_shape_from(shape, 2)};
    return LUNGO_OK;
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__BatchNormParameter *param = layer->param->batch_norm_param;
    state *s = layer->state;
    LUNGO_TRY(find_shape(layer, &s->shape));
    s->stored_statistics =
        param->has_use_global_stats ? param->use_global_stats : layer->phase == LUNGO_TEST;
    int channels = (int)s->shape.channels, lengths[] = {channels, channels, 1};
    for (int j = MEAN; j <= FACTOR; j++) {
        LUNGO_TRY(lungo_layer_add_param(layer, &LUNGO_SHAPE(lengths[j]), NULL));
        LUNGO_TRY(lungo_layer_freeze_param(layer, j));
    }
    LUNGO_TRY(lungo_layer_add_buffer(layer, &s->used, "statistics"));
    if (!lungo_is_in_place(layer, 0)) return LUNGO_OK;
    return lungo_layer_add_buffer(layer, &s->copy, "input");
}

static lungo_status reshape(lungo_layer *layer) {
    state *s = layer->state;
    const lungo_blob *bottom = layer->bottoms[0];
    LUNGO_TRY(find_shape(layer, &s->shape));
    size_t channels = layer->params[MEAN].blob->count;
    if (s->shape.channels != channels)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected %zu channels, as many as the "
                          "stored statistics have, got %zu (shape %s)",
                          bottom->name, channels, s->shape.channels,
                          lungo_shape_text(&bottom->shape).text);
    LUNGO_TRY(lungo_blob_reshape(s->used, &LUNGO_SHAPE(2, (int)channels)));
    if (s->copy) LUNGO_TRY(lungo_blob_reshape(s->copy, &bottom->shape));
    return lungo_layer_reshape_like_bottom(layer);
}

/* ---- forward ---- */

static void read_stored(const lungo_layer *layer, float *mean, float *variance) {
    lungo_batch_norm_stored(&((state *)layer->state)->shape, lungo_param(layer, MEAN),
                            lungo_param(layer, VARIANCE), lungo_param(layer, FACTOR)[0], mean,
                            variance);
}

static void add_to_stored(lungo_layer *layer, const float *mean, const float *variance) {
    lungo_batch_norm_store(&((state *)layer->state)->shape,
                           layer->param->batch_norm_param->moving_average_fraction, mean, variance,
                           lungo_param_update(layer, MEAN), lungo_param_update(layer, VARIANCE),
                           lungo_param_update(layer, FACTOR));
}

static lungo_status forward(lungo_layer *layer) {
    state *s = layer->state;
    const float *x = lungo_data(layer->bottoms[0]);
    size_t channels = s->shape.channels;
    float eps = layer->param->batch_norm_param->eps;
    float *mean = lungo_data_overwrite(s->used), *rstd = mean + channels;
    if (s->stored_statistics) {
        read_stored(layer, mean, rstd);
    } else {
        lungo_batch_norm_statistics(&s->shape, x, mean, rstd);
        add_to_stored(layer, mean, rstd);
        if (s->copy && layer->needs_backward)
            lungo_copy(s->copy->count, x, lungo_data_overwrite(s->copy));
    }
    for (size_t c = 0; c < channels; c++)
        rstd[c] = 1 / sqrtf(rstd[c] + eps);
    lungo_batch_norm_forward(&s->shape, x, mean, rstd, lungo_data_overwrite(layer->tops[0]));
    return LUNGO_OK;
}

/* ---- backward ---- */

static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const float *dy = lungo_diff(layer->tops[0]), *mean = lungo_data(s->used);
    const float *rstd = mean + s->shape.channels;
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    if (s->stored_statistics)
        lungo_batch_norm_backward_fixed(&s->shape, rstd, dy, dx);
    else
        lungo_batch_norm_backward(&s->shape, lungo_data(s->copy ? s->copy : layer->bottoms[0]),
                                  mean, rstd, dy, dx);
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    const Caffe__BatchNormParameter *param = layer->param->batch_norm_param;
    const state *s = layer->state;
    op->kind = LUNGO_OP_BATCH_NORM;
    op->batch_norm.shape = s->shape;
    op->batch_norm.stored = s->stored_statistics;
    op->batch_norm.eps = param->eps;
    op->batch_norm.keep = param->moving_average_fraction;
}

const lungo_layer_type lungo_layer_batch_norm = {
    .name = "BatchNorm",
    .brief = "Shifts and scales every channel to mean 0 and variance 1.",
    .family = "normalization",
    .params = {"batch_norm_param"},
    .state_size = sizeof(state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
