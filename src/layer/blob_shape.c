#include "layer/blob_shape.h"

#include <limits.h>

lungo_status lungo_shape_read(lungo_shape *out, const Caffe__BlobShape *given) {
    lungo_shape shape = lungo_scalar_shape;
    if (given && given->n_dim > LUNGO_MAX_AXES)
        return lungo_fail(LUNGO_ERR_CONFIG, "shape: expected at most %d axes, got %zu",
                          LUNGO_MAX_AXES, given->n_dim);
    for (size_t i = 0; given && i < given->n_dim; i++) {
        if (given->dim[i] < 0 || given->dim[i] > INT_MAX)
            return lungo_fail(LUNGO_ERR_CONFIG, "shape: dim %zu: expected 0 to %d, got %lld", i,
                              INT_MAX, (long long)given->dim[i]);
        shape.dim[shape.axes++] = (int)given->dim[i];
    }
    *out = shape;
    return LUNGO_OK;
}
