/* InfogainLoss: softmax and a cross entropy in which every mistake has a weight of its own.
 *
 *   bottom[0]  x      (outer, K, inner)   scores, classes along infogain_loss_param.axis
 *   bottom[1]  label  (outer, inner)      in any shape of that count
 *   bottom[2]  H      K K values, if there is a third bottom; else from the file `source`
 *   top[0]     loss = -sum over labels of sum_k H[label][k] log max(p_k, 1e-20) / divisor,
 *              p = softmax(x)
 *   top[1]     p, if there is a second top; what flows back into it is not used
 *   backward   dx_k = dloss (p_k sum_j H[label][j] - H[label][k]) / divisor, 0 where the label is
 *              ignored; nothing for labels and H
 *
 * With the unit matrix for H this is SoftmaxWithLoss.
 *
 * Unlike Caffe, which reads beyond its memory, refuses a label out of range.
 *
 * Example:
 *
 *   # score: 4 3
 *   # label: 4
 *   # H: 1 1 3 3
 *   layer {
 *     name: "loss" type: "InfogainLoss"
 *     bottom: "score" bottom: "label" bottom: "H" top: "loss"
 *     loss_param { ignore_label: 255 }
 *   }
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blob/stored.h"
#include "kernels/softmax.h"
#include "layers/loss/loss.h"

static const float least_probability = 1e-20f;

typedef struct infogain_state {
    lungo_classes classes;
    lungo_blob *probabilities;
    float *matrix; /* from the file; NULL when it is a bottom */
    lungo_shape matrix_shape;
} infogain_state;

static lungo_status read_matrix(lungo_layer *layer) {
    infogain_state *state = layer->state;
    const char *source = layer->param->infogain_loss_param->source;
    if (!source || !source[0])
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "the infogain matrix has to come from a third bottom or "
                          "from infogain_loss_param { source }, got neither");
    return lungo_blob_file_read(&state->matrix, &state->matrix_shape, source);
}

static lungo_status setup(lungo_layer *layer) {
    infogain_state *state = layer->state;
    if (layer->param->loss_param->has_normalize)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "loss_param: expected normalization, got its older form "
                          "normalize, which this layer does not take");
    /* Caffe makes a Softmax layer of the same name inside, and log parsers know this line. */
    lungo_log_info("layer_factory.hpp", 77, "Creating layer %s", layer->name);
    if (layer->bottom_count < 3) LUNGO_TRY(read_matrix(layer));
    return lungo_layer_add_buffer(layer, &state->probabilities, "probabilities");
}

static lungo_status check_matrix(const lungo_layer *layer) {
    const infogain_state *state = layer->state;
    size_t classes = state->classes.classes;
    const lungo_shape *shape = state->matrix ? &state->matrix_shape : &layer->bottoms[2]->shape;
    if (lungo_shape_count(shape) == classes * classes) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "infogain matrix %s: expected %zux%zu for the classes of bottom '%s', got "
                      "shape %s",
                      state->matrix ? layer->param->infogain_loss_param->source
                                    : layer->bottoms[2]->name,
                      classes, classes, layer->bottoms[0]->name, lungo_shape_text(shape).text);
}

static lungo_status reshape(lungo_layer *layer) {
    infogain_state *state = layer->state;
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    LUNGO_TRY(lungo_loss_reshape(layer));
    LUNGO_TRY(lungo_classes_of(layer, layer->param->infogain_loss_param->axis, &state->classes));
    LUNGO_TRY(check_matrix(layer));
    LUNGO_TRY(lungo_blob_reshape(state->probabilities, shape));
    return layer->top_count > 1 ? lungo_blob_reshape(layer->tops[1], shape) : LUNGO_OK;
}

static float divisor(const lungo_layer *layer, size_t valid) {
    const lungo_classes *classes = &((const infogain_state *)layer->state)->classes;
    return lungo_loss_divisor(layer->param->loss_param->normalization, classes->outer,
                              classes->outer * classes->inner, valid);
}

/* The row of H for label `index`; NULL when it is ignored. */
static lungo_status row_of(const lungo_layer *layer, size_t index, const float **row) {
    const infogain_state *state = layer->state;
    const float *matrix = state->matrix ? state->matrix : lungo_data(layer->bottoms[2]);
    int label;
    *row = NULL;
    if (lungo_label_ignored(layer->param->loss_param, lungo_data(layer->bottoms[1])[index]))
        return LUNGO_OK;
    LUNGO_TRY(lungo_classes_label(layer, &state->classes, index, &label));
    *row = matrix + (size_t)label * state->classes.classes;
    return LUNGO_OK;
}

/* Where the scores for label `index` begin; they are `inner` apart. */
static size_t first_score(const lungo_classes *classes, size_t index) {
    size_t item = index / classes->inner, position = index % classes->inner;
    return item * classes->classes * classes->inner + position;
}

static lungo_status forward(lungo_layer *layer) {
    const infogain_state *state = layer->state;
    const lungo_classes *classes = &state->classes;
    lungo_softmax shape = {classes->outer, classes->classes, classes->inner};
    float *p = lungo_data_overwrite(state->probabilities);
    lungo_softmax_forward(&shape, lungo_data(layer->bottoms[0]), p);
    if (layer->top_count > 1)
        memcpy(lungo_data_overwrite(layer->tops[1]), p, layer->tops[1]->count * sizeof *p);

    double loss = 0;
    size_t valid = 0;
    for (size_t i = 0; i < classes->outer * classes->inner; i++) {
        const float *row, *own = p + first_score(classes, i);
        LUNGO_TRY(row_of(layer, i, &row));
        if (!row) continue;
        for (size_t k = 0; k < classes->classes; k++)
            loss -= row[k] * logf(fmaxf(own[k * classes->inner], least_probability));
        valid++;
    }
    *lungo_data_overwrite(layer->tops[0]) = (float)(loss / divisor(layer, valid));
    return LUNGO_OK;
}

static void slope(const lungo_classes *classes, const float *row, const float *p, float *dx) {
    float sum = 0;
    for (size_t k = 0; k < classes->classes && row; k++)
        sum += row[k];
    for (size_t k = 0; k < classes->classes; k++)
        dx[k * classes->inner] = row ? p[k * classes->inner] * sum - row[k] : 0;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const infogain_state *state = layer->state;
    const lungo_classes *classes = &state->classes;
    const float *p = lungo_data(state->probabilities), *row;
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    size_t valid = 0;
    for (size_t i = 0; i < classes->outer * classes->inner; i++) {
        LUNGO_TRY(row_of(layer, i, &row));
        slope(classes, row, p + first_score(classes, i), dx + first_score(classes, i));
        valid += row != NULL;
    }
    float scale = *lungo_diff(layer->tops[0]) / divisor(layer, valid);
    for (size_t k = 0; k < layer->bottoms[0]->count; k++)
        dx[k] *= scale;
    return LUNGO_OK;
}

static void release(lungo_layer *layer) {
    infogain_state *state = layer->state;
    free(state->matrix);
}

const lungo_layer_type lungo_layer_infogain_loss = {
    .name = "InfogainLoss",
    .brief = "Softmax and a cross entropy in which every mistake has a weight of its own.",
    .family = "loss",
    .params = {"infogain_loss_param", "loss_param"},
    .state_size = sizeof(infogain_state),
    .bottoms = {2, 3},
    .tops = {1, 2},
    .flags = LUNGO_LOSS | LUNGO_AUTO_TOPS,
    .no_backward = 1 << 1 | 1 << 2,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .release = release,
};
