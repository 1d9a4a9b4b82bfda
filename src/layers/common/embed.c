/* Embed: a learned row of numbers for every index.
 *
 *   bottom[0]  index  (...)      whole numbers from 0 to input_dim - 1
 *   top[0]     y      (..., M)   M = num_output: the row of the index, plus b
 *   weights    W  (input_dim, M)
 *              b  (M)            absent when bias_term is false
 *   backward   dW[index] += dy     db += sum of dy     nothing for the indices
 *
 * Unlike Caffe, which reads beyond its memory or cuts them to integers, refuses indices that are
 * out of range or not whole.
 *
 * Example:
 *
 *   # word: 5 2
 *   layer {
 *     name: "embed" type: "Embed" bottom: "word" top: "y"
 *     embed_param {
 *       input_dim: 100 num_output: 8 weight_filler { type: "uniform" min: -0.1 max: 0.1 }
 *     }
 *   }
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "layer/layer.h"

enum { WEIGHT = 0, BIAS = 1 };

static lungo_status setup(lungo_layer *layer) {
    const Caffe__EmbedParameter *param = layer->param->embed_param;
    if (param->num_output < 1 || param->num_output > INT_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG, "num_output: expected 1 to %d, got %u", INT_MAX,
                          param->num_output);
    if (param->input_dim < 1 || param->input_dim > INT_MAX)
        return lungo_fail(LUNGO_ERR_CONFIG, "input_dim: expected 1 to %d, got %u", INT_MAX,
                          param->input_dim);
    lungo_shape weight = LUNGO_SHAPE((int)param->input_dim, (int)param->num_output);
    LUNGO_TRY(lungo_layer_add_param(layer, &weight, param->weight_filler));
    if (!param->bias_term) return LUNGO_OK;
    return lungo_layer_add_param(layer, &LUNGO_SHAPE((int)param->num_output), param->bias_filler);
}

static lungo_status reshape(lungo_layer *layer) {
    lungo_shape shape = layer->bottoms[0]->shape;
    if (shape.axes == LUNGO_MAX_AXES)
        return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected at most %d axes, got shape %s",
                          layer->bottoms[0]->name, LUNGO_MAX_AXES - 1,
                          lungo_shape_text(&shape).text);
    shape.dim[shape.axes++] = (int)layer->param->embed_param->num_output;
    return lungo_blob_reshape(layer->tops[0], &shape);
}

static lungo_status row_of(const lungo_layer *layer, size_t n, size_t *row) {
    const lungo_blob *bottom = layer->bottoms[0];
    float value = lungo_data(bottom)[n];
    uint32_t rows = layer->param->embed_param->input_dim;
    if (!(value >= 0 && value < (float)rows && value == floorf(value)))
        return lungo_fail(LUNGO_ERR_DATA,
                          "index out of range: bottom '%s'[%zu]: expected a whole number from 0 to "
                          "%u, got %g",
                          bottom->name, n, rows - 1, value);
    *row = (size_t)value;
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    size_t width = layer->param->embed_param->num_output, row;
    const float *weights = lungo_param(layer, WEIGHT);
    const float *bias = layer->param_count > BIAS ? lungo_param(layer, BIAS) : NULL;
    float *y = lungo_data_overwrite(layer->tops[0]);
    for (size_t n = 0; n < layer->bottoms[0]->count; n++, y += width) {
        LUNGO_TRY(row_of(layer, n, &row));
        memcpy(y, weights + row * width, width * sizeof *y);
        for (size_t k = 0; bias && k < width; k++)
            y[k] += bias[k];
    }
    return LUNGO_OK;
}

/* The gradient of parameter j, its old values multiplied with beta. */
static float *begin_gradient(lungo_layer *layer, int j) {
    float beta = lungo_grad_beta(layer, j), *gradient = lungo_param_diff(layer, j);
    if (beta == 0) memset(gradient, 0, layer->params[j].blob->count * sizeof *gradient);
    return gradient;
}

static void add(float *sum, const float *values, size_t count) {
    for (size_t k = 0; k < count; k++)
        sum[k] += values[k];
}

static lungo_status backward(lungo_layer *layer) {
    size_t width = layer->param->embed_param->num_output, row;
    const float *dy = lungo_diff(layer->tops[0]);
    if (lungo_wants_param(layer, WEIGHT)) {
        float *gradient = begin_gradient(layer, WEIGHT);
        for (size_t n = 0; n < layer->bottoms[0]->count; n++) {
            LUNGO_TRY(row_of(layer, n, &row));
            add(gradient + row * width, dy + n * width, width);
        }
    }
    if (layer->param_count > BIAS && lungo_wants_param(layer, BIAS)) {
        float *gradient = begin_gradient(layer, BIAS);
        for (size_t n = 0; n < layer->bottoms[0]->count; n++)
            add(gradient, dy + n * width, width);
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_embed = {
    .name = "Embed",
    .brief = "A learned row of numbers for every index.",
    .family = "common",
    .params = {"embed_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .no_backward = 1 << 0,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
