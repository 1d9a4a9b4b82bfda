/* SoftmaxWithLoss: the mean negative logarithm of the probability that a softmax of the scores
 * gives the true class.
 *
 *   bottom[0]  x      (outer, C, inner)   scores, classes along softmax_param.axis
 *   bottom[1]  label  (outer, inner)      in any shape of that count; never gets a gradient
 *   top[0]     loss = -sum log max(p[label], FLT_MIN) / divisor, p = softmax(x)
 *   top[1]     p, if there is a second top; what flows back into it is not used
 *   backward   dx = dloss (p - onehot(label)) / divisor, 0 where the label is ignored
 *
 * The divisor is the number of labels that are not ignored unless loss_param says otherwise.
 *
 * Unlike Caffe, which aborts on it, may have a second top; and a label out of range is an error,
 * where Caffe reads beyond its memory.
 *
 * Example:
 *
 *   # score: 4 10
 *   # label: 4
 *   layer {
 *     name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss"
 *     loss_weight: 1
 *     loss_param { ignore_label: 255 }
 *   }
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels/softmax.h"
#include "layers/loss/loss.h"

typedef struct softmax_loss_state {
    lungo_classes classes;
    lungo_blob *probabilities;
} softmax_loss_state;

static lungo_status setup(lungo_layer *layer) {
    softmax_loss_state *state = layer->state;
    /* Caffe makes a Softmax layer of the same name inside, and log parsers know this line. */
    lungo_log_info("layer_factory.hpp", 77, "Creating layer %s", layer->name);
    return lungo_layer_add_buffer(layer, &state->probabilities, "probabilities");
}

static lungo_status reshape(lungo_layer *layer) {
    softmax_loss_state *state = layer->state;
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    LUNGO_TRY(lungo_loss_reshape(layer));
    LUNGO_TRY(lungo_classes_of(layer, layer->param->softmax_param->axis, &state->classes));
    LUNGO_TRY(lungo_blob_reshape(state->probabilities, shape));
    return layer->top_count > 1 ? lungo_blob_reshape(layer->tops[1], shape) : LUNGO_OK;
}

static float divisor(const lungo_layer *layer, size_t valid) {
    const lungo_classes *classes = &((const softmax_loss_state *)layer->state)->classes;
    lungo_normalization mode = lungo_loss_normalization(
        layer->param->loss_param, CAFFE__LOSS_PARAMETER__NORMALIZATION_MODE__VALID);
    return lungo_loss_divisor(mode, classes->outer, classes->outer * classes->inner, valid);
}

/* Where the score of the true class stands for label `index`. */
static lungo_status own_score(const lungo_layer *layer, const lungo_classes *classes, size_t index,
                              size_t *at) {
    int label;
    LUNGO_TRY(lungo_classes_label(layer, classes, index, &label));
    size_t item = index / classes->inner, position = index % classes->inner;
    *at = (item * classes->classes + (size_t)label) * classes->inner + position;
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const softmax_loss_state *state = layer->state;
    const lungo_classes *classes = &state->classes;
    lungo_softmax shape = {classes->outer, classes->classes, classes->inner};
    float *p = lungo_data_overwrite(state->probabilities);
    lungo_softmax_forward(&shape, lungo_data(layer->bottoms[0]), p);
    if (layer->top_count > 1)
        memcpy(lungo_data_overwrite(layer->tops[1]), p, layer->tops[1]->count * sizeof *p);

    const float *labels = lungo_data(layer->bottoms[1]);
    double loss = 0;
    size_t valid = 0, at;
    for (size_t i = 0; i < classes->outer * classes->inner; i++) {
        if (lungo_label_ignored(layer->param->loss_param, labels[i])) continue;
        LUNGO_TRY(own_score(layer, classes, i, &at));
        loss -= logf(p[at] > FLT_MIN ? p[at] : FLT_MIN);
        valid++;
    }
    *lungo_data_overwrite(layer->tops[0]) = (float)(loss / divisor(layer, valid));
    return LUNGO_OK;
}

static void zero_position(const lungo_classes *classes, size_t index, float *dx) {
    size_t item = index / classes->inner, position = index % classes->inner;
    float *first = dx + item * classes->classes * classes->inner + position;
    for (size_t c = 0; c < classes->classes; c++)
        first[c * classes->inner] = 0;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const softmax_loss_state *state = layer->state;
    const lungo_classes *classes = &state->classes;
    const float *labels = lungo_data(layer->bottoms[1]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    size_t count = layer->bottoms[0]->count, valid = 0, at;
    memcpy(dx, lungo_data(state->probabilities), count * sizeof *dx);
    for (size_t i = 0; i < classes->outer * classes->inner; i++) {
        if (lungo_label_ignored(layer->param->loss_param, labels[i])) {
            zero_position(classes, i, dx);
            continue;
        }
        LUNGO_TRY(own_score(layer, classes, i, &at));
        dx[at] -= 1;
        valid++;
    }
    float scale = *lungo_diff(layer->tops[0]) / divisor(layer, valid);
    for (size_t k = 0; k < count; k++)
        dx[k] *= scale;
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_softmax_with_loss = {
    .name = "SoftmaxWithLoss",
    .brief = "Softmax and the cross entropy of its result with the true classes.",
    .family = "loss",
    .params = {"softmax_param", "loss_param"},
    .state_size = sizeof(softmax_loss_state),
    .bottoms = {2, 2},
    .tops = {1, 2},
    .flags = LUNGO_LOSS | LUNGO_AUTO_TOPS,
    .no_backward = 1 << 1,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
