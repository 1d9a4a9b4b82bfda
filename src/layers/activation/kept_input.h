/* For element-wise layers that may work in place and whose gradient needs the values they
 * overwrote: in place, a copy of the bottom is kept in the layer's first buffer. */
#ifndef LUNGO_LAYERS_ACTIVATION_KEPT_INPUT_H
#define LUNGO_LAYERS_ACTIVATION_KEPT_INPUT_H

#include "layer/layer.h"

/* The setup of such a layer, or a part of it: before any other buffer. */
lungo_status lungo_input_setup(lungo_layer *layer);

/* Its whole reshape. */
lungo_status lungo_input_reshape(lungo_layer *layer);

/* In forward, before the top is written: the bottom's values, which are kept now. */
const float *lungo_input_keep(lungo_layer *layer);

/* In backward: the bottom's values as they were. */
const float *lungo_input(const lungo_layer *layer);

#endif
