#include "blob/shape.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

const lungo_shape lungo_scalar_shape = {0};

lungo_status lungo_shape_check(const lungo_shape *shape) {
    if (shape->axes < 0 || shape->axes > LUNGO_MAX_AXES)
        return lungo_fail(LUNGO_ERR_CONFIG, "shape: expected at most %d axes, got %d",
                          LUNGO_MAX_AXES, shape->axes);
    size_t count = 1;
    for (int i = 0; i < shape->axes; i++) {
        int dim = shape->dim[i];
        if (dim < 0)
            return lungo_fail(LUNGO_ERR_CONFIG, "shape %s: axis %d: expected 0 or more, got %d",
                              lungo_shape_text(shape).text, i, dim);
        if (dim > 0 && count > (size_t)INT_MAX / (size_t)dim)
            return lungo_fail(LUNGO_ERR_MEMORY, "shape %s: expected at most %d values, got more",
                              lungo_shape_text(shape).text, INT_MAX);
        count *= (size_t)dim;
    }
    return LUNGO_OK;
}

size_t lungo_shape_range(const lungo_shape *shape, int first, int end) {
    size_t count = 1;
    for (int i = first; i < end; i++)
        count *= (size_t)shape->dim[i];
    return count;
}

size_t lungo_shape_from(const lungo_shape *shape, int first) {
    return lungo_shape_range(shape, first, shape->axes);
}

size_t lungo_shape_count(const lungo_shape *shape) {
    return lungo_shape_range(shape, 0, shape->axes);
}

bool lungo_shape_equal(const lungo_shape *a, const lungo_shape *b) {
    return a->axes == b->axes && memcmp(a->dim, b->dim, (size_t)a->axes * sizeof a->dim[0]) == 0;
}

lungo_status lungo_shape_axis(const lungo_shape *shape, int axis, const char *field, int *index) {
    if (axis < -shape->axes || axis >= shape->axes)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "%s: expected an axis from %d to %d of shape %s, got %d", field,
                          -shape->axes, shape->axes - 1, lungo_shape_text(shape).text, axis);
    *index = axis < 0 ? axis + shape->axes : axis;
    return LUNGO_OK;
}

int lungo_shape_legacy(const lungo_shape *shape, int index) {
    return index < shape->axes ? shape->dim[index] : 1;
}

lungo_shape_string lungo_shape_text(const lungo_shape *shape) {
    lungo_shape_string out = {"()"};
    size_t used = 0;
    for (int i = 0; i < shape->axes && i < LUNGO_MAX_AXES && used < sizeof out.text; i++)
        used += (size_t)snprintf(out.text + used, sizeof out.text - used, i ? "x%d" : "%d",
                                 shape->dim[i]);
    return out;
}
