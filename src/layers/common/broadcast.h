/* What Scale and Bias share: a vector that covers some axes of a bottom and is repeated over the
 * others. */
#ifndef LUNGO_LAYERS_COMMON_BROADCAST_H
#define LUNGO_LAYERS_COMMON_BROADCAST_H

#include "kernels/broadcast.h"
#include "layer/layer.h"

/* The shape of a learned vector over `num_axes` axes of the bottom from `axis` on; -1: all the
 * rest, 0: a scalar. `message` ("scale_param") is named in errors. */
lungo_status lungo_broadcast_learned(lungo_shape *out, const lungo_blob *bottom, int axis,
                                     int num_axes, const char *message);

/* Lays a vector of this shape over the bottom from `axis` on; every axis must have its length. */
lungo_status lungo_broadcast_fit(lungo_broadcast *out, const lungo_blob *bottom,
                                 const lungo_blob *vector, int axis, const char *message);

#endif
