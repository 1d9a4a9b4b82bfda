/* A shape as a prototxt gives it. */
#ifndef LUNGO_LAYER_BLOB_SHAPE_H
#define LUNGO_LAYER_BLOB_SHAPE_H

#include "blob/shape.h"
#include "caffe.pb-c.h"

/* NULL, a message that is not there, is a shape of no axes: a scalar. */
lungo_status lungo_shape_read(lungo_shape *out, const Caffe__BlobShape *given);

#endif
