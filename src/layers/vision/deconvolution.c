/* Deconvolution (transposed convolution): a bank of learned filters spreads every input over a
 * window of outputs; where windows overlap, they add up. The gradient of Convolution, run forward.
 *
 *   bottom[i]  x  (N..., C, in...)       channels at `axis`, any number of spatial axes after it;
 *                                        all bottoms of one shape
 *   top[i]     y  (N..., M, out...)      M = num_output
 *                 out = stride (in - 1) + dilation (kernel - 1) + 1 - 2 pad
 *   weights    W  (C, M / group, kernel...)
 *              b  (M)                    absent when bias_term is false
 *   backward   dW += x * dy     db += sum of dy over all but M     dx = convolution of dy with W
 *
 * Example:
 *
 *   # x: 2 4 4 4
 *   layer {
 *     name: "upsample" type: "Deconvolution" bottom: "x" top: "y"
 *     param { lr_mult: 0 decay_mult: 0 }
 *     convolution_param {
 *       num_output: 4 group: 4 kernel_size: 4 stride: 2 pad: 1
 *       bias_term: false weight_filler { type: "bilinear" }
 *     }
 *   }
 */
#include "layer/op.h"
#include "layers/vision/filters.h"

static lungo_status setup(lungo_layer *layer) {
    return lungo_filters_setup(layer, true);
}

static lungo_status forward(lungo_layer *layer) {
    const lungo_filters *filters = layer->state;
    const float *w = lungo_param(layer, LUNGO_FILTERS_WEIGHTS), *b = lungo_filters_bias(layer);
    for (int i = 0; i < layer->bottom_count; i++) {
        float *y = lungo_data_overwrite(layer->tops[i]);
        lungo_convolution_backward_data(&filters->conv, w, lungo_data(layer->bottoms[i]), y,
                                        lungo_layer_scratch(layer));
        if (b) lungo_broadcast_add(&filters->bias, y, b, y);
    }
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    const lungo_filters *filters = layer->state;
    const float *w = lungo_param(layer, LUNGO_FILTERS_WEIGHTS);
    lungo_filters_backward(layer);
    for (int i = 0; i < layer->bottom_count; i++)
        if (lungo_wants_bottom(layer, i))
            lungo_convolution_forward(&filters->conv, lungo_diff(layer->tops[i]), w, NULL,
                                      lungo_diff_overwrite(layer->bottoms[i]),
                                      lungo_layer_scratch(layer));
    return LUNGO_OK;
}

static void describe(const lungo_layer *layer, lungo_op *op) {
    op->kind = LUNGO_OP_DECONVOLUTION;
    op->convolution = ((const lungo_filters *)layer->state)->conv;
}

const lungo_layer_type lungo_layer_deconvolution = {
    .name = "Deconvolution",
    .brief = "Spreads every input over a window of outputs: convolution backwards, to enlarge.",
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
