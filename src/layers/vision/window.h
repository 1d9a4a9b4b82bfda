/* Reading the window of convolution_param: one value per spatial axis of kernel_size, stride, pad
 * and dilation, however the prototxt spells them. */
#ifndef LUNGO_LAYERS_VISION_WINDOW_H
#define LUNGO_LAYERS_VISION_WINDOW_H

#include "kernels/window.h"
#include "layer/layer.h"

/* Kernel, stride, pad, dilation and the channels, for a bottom whose channels lie at `axis`. */
lungo_status lungo_window_read(lungo_window *window, const Caffe__ConvolutionParameter *param,
                               const lungo_shape *bottom, int axis);

/* Sizes of input and output; an output without any value is an error. */
lungo_status lungo_window_fit(lungo_window *window, const lungo_blob *bottom, int axis);

/* The other way: the bottom has a value for every place of the window, the input is asked for. */
lungo_status lungo_window_fit_transposed(lungo_window *window, const lungo_blob *bottom, int axis);

#endif
