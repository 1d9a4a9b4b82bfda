/* Dropout: in training, every value is dropped with probability `ratio` and the others are scaled
 * so that the mean stays: y = x m, m = 0 or 1 / (1 - ratio). In testing, y = x.
 *
 *   bottom[0]  x  any shape
 *   top[0]     y  the same; may be x itself
 *   backward   dx = dy m
 *
 * With scale_train false, m = 0 or 1 in training, and y = (1 - ratio) x in testing.
 *
 * One draw per value, in order. With a ratio of 0 everything is kept and the draws are made.
 *
 * Unlike Caffe, where it gives 0 times infinity, refuses a ratio of 1; and has scale_train, a field
 * of py-faster-rcnn's fork.
 *
 * Example:
 *
 *   # x: 2 10
 *   layer {
 *     name: "drop" type: "Dropout" bottom: "x" top: "x"
 *     dropout_param { dropout_ratio: 0.5 }
 *   }
 */
#include "layer/op.h"
#include "math/parallel.h"
#include "math/vector.h"

typedef struct dropout_state {
    double keep;      /* probability: a double, for the draws to be Caffe's */
    float scale;      /* of what is kept; in testing, of everything */
    lungo_blob *mask; /* m; NULL in testing */
} dropout_state;

static lungo_status setup(lungo_layer *layer) {
    dropout_state *state = layer->state;
    const Caffe__DropoutParameter *param = layer->param->dropout_param;
    float ratio = param->dropout_ratio;
    bool training = layer->phase == LUNGO_TRAIN;
    if (!(ratio >= 0 && ratio < 1))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "dropout_ratio: expected at least 0 and less than 1, got %g", ratio);
    state->keep = 1.0 - ratio;
    state->scale = 1;
    if (training && param->scale_train) state->scale = (float)(1.0 / (1.0 - ratio));
    if (!training && !param->scale_train) state->scale = (float)(1.0 - ratio);
    return training ? lungo_layer_add_buffer(layer, &state->mask, "mask") : LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    dropout_state *state = layer->state;
    if (state->mask) LUNGO_TRY(lungo_blob_reshape(state->mask, &layer->bottoms[0]->shape));
    return lungo_layer_reshape_like_bottom(layer);
}

static void multiply(const dropout_state *state, float *out, const float *in, size_t count) {
    if (state->mask) {
        const float *mask = lungo_data(state->mask);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t i = 0; i < count; i++)
            out[i] = in[i] * mask[i];
    } else {
        lungo_copy(count, in, out);
        lungo_rescale(count, state->scale, out);
    }
}

static lungo_status forward(lungo_layer *layer) {
    const dropout_state *state = layer->state;
    size_t count = layer->tops[0]->count;
    if (state->mask) {
        float *mask = lungo_data_overwrite(state->mask);
        for (size_t i = 0; i < count; i++)
            mask[i] = lungo_rng_bernoulli_double(layer->host->rng, state->keep) ? state->scale : 0;
    }
    const float *x = lungo_data(layer->bottoms[0]);
    multiply(state, lungo_data_overwrite(layer->tops[0]), x, count);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const dropout_state *state = layer->state;
    const float *dy = lungo_diff(layer->tops[0]);
    multiply(state, lungo_diff_overwrite(layer->bottoms[0]), dy, layer->tops[0]->count);
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    const dropout_state *state = layer->state;
    if (!state->mask && state->scale == 1) op->kind = LUNGO_OP_IDENTITY;
}

const lungo_layer_type lungo_layer_dropout = {
    .name = "Dropout",
    .brief =
        "Drops values at random in training and scales up the others; the identity in testing.",
    .family = "common",
    .params = {"dropout_param"},
    .state_size = sizeof(dropout_state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
