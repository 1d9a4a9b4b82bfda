/* Convolution: every output is a weighted sum of the inputs under a window, plus a bias.
 *
 *   bottom[i]  x  (N..., C, in...)       channels at `axis`, any number of spatial axes after it;
 *                                        all bottoms of one shape
 *   top[i]     y  (N..., M, out...)      M = num_output
 *                 out = floor((in + 2 pad - (dilation (kernel - 1) + 1)) / stride) + 1
 *   weights    W  (M, C / group, kernel...)
 *              b  (M)                    absent when bias_term is false
 *   backward   dW += dy * x     db += sum of dy over all but M     dx = W' * dy
 *
 * All bottoms go through the same weights, whose gradients add up.
 *
 * Example:
 *
 *   # x: 2 3 8 8
 *   layer {
 *     name: "conv" type: "Convolution" bottom: "x" top: "conv"
 *     param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0 }
 *     convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } }
 *   }
 */
#include "layer/op.h"
#include "layers/vision/filters.h"

static lungo_status setup(lungo_layer *layer) {
    return lungo_filters_setup(layer, false);
}

static lungo_status forward(lungo_layer *layer) {
    const lungo_filters *filters = layer->state;
    const float *w = lungo_param(layer, LUNGO_FILTERS_WEIGHTS), *b = lungo_filters_bias(layer);
    for (int i = 0; i < layer->bottom_count; i++)
        lungo_convolution_forward(&filters->conv, lungo_data(layer->bottoms[i]), w, b,
                                  lungo_data_overwrite(layer->tops[i]), lungo_layer_scratch(layer));
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    const lungo_filters *filters = layer->state;
    const float *w = lungo_param(layer, LUNGO_FILTERS_WEIGHTS);
    lungo_filters_backward(layer);
    for (int i = 0; i < layer->bottom_count; i++)
        if (lungo_wants_bottom(layer, i))
            lungo_convolution_backward_data(&filters->conv, w, lungo_diff(layer->tops[i]),
                                            lungo_diff_overwrite(layer->bottoms[i]),
                                            lungo_layer_scratch(layer));
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    op->kind = LUNGO_OP_CONVOLUTION;
    op->convolution = ((const lungo_filters *)layer->state)->conv;
}

const lungo_layer_type lungo_layer_convolution = {
    .name = "Convolution",
    .brief = "Slides a bank of learned filters over the spatial axes, one or more of them.",
    .family = "vision",
    .params = {"convolution_param"},
    .state_size = sizeof(lungo_filters),
    .bottoms = {1, -1},
    .tops = {1, -1},
    .flags = LUNGO_TOPS_EQUAL_BOTTOMS,
    .setup = setup,
    .reshape = lungo_filters_reshape,
    .forward = forward,
    .backward = backward,
    .describe = describe,
};
