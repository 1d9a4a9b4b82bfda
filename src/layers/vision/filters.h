/* The bank of filters of Convolution and Deconvolution, and its window.
 *
 * One of them slides the window over its bottom and fills its top with what it sees; the other goes
 * the other way and is the first one's gradient. Both have, in terms of lungo_convolution, an image
 * side (window.channels, window.in) under the window and a map side (filters, window.out) with one
 * value per place of the window:
 *
 *                    bottom   top     weights
 *   Convolution      image    map     (num_output, C / group, kernel...)
 *   Deconvolution    map      image   (C, num_output / group, kernel...)
 */
#ifndef LUNGO_LAYERS_VISION_FILTERS_H
#define LUNGO_LAYERS_VISION_FILTERS_H

#include "kernels/broadcast.h"
#include "kernels/convolution.h"
#include "layer/layer.h"

/* The layer's state. */
typedef struct lungo_filters {
    bool transposed; /* Deconvolution */
    lungo_convolution conv;
    lungo_broadcast bias; /* over the top */
} lungo_filters;

enum { LUNGO_FILTERS_WEIGHTS, LUNGO_FILTERS_BIAS };

/* Reads convolution_param and declares the parameters. */
lungo_status lungo_filters_setup(lungo_layer *layer, bool transposed);
lungo_status lungo_filters_reshape(lungo_layer *layer);

/* NULL when bias_term is false. */
const float *lungo_filters_bias(const lungo_layer *layer);

/* The gradients of weights and bias, over all bottoms. */
void lungo_filters_backward(lungo_layer *layer);

#endif
