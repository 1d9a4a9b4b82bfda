#include "layers/common/broadcast.h"

#include <stdio.h>

static lungo_status find_axis(const lungo_blob *bottom, int axis, const char *message, int *index) {
    char field[64];
    snprintf(field, sizeof field, "%s.axis", message);
    return lungo_shape_axis(&bottom->shape, axis, field, index);
}

lungo_status lungo_broadcast_learned(lungo_shape *out, const lungo_blob *bottom, int axis,
                                     int num_axes, const char *message) {
    const lungo_shape *shape = &bottom->shape;
    int first;
    LUNGO_TRY(find_axis(bottom, axis, message, &first));
    if (num_axes < -1 || num_axes > shape->axes - first)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "%s.num_axes: expected -1 to %d from axis %d of bottom '%s' (shape %s), "
                          "got %d",
                          message, shape->axes - first, first, bottom->name,
                          lungo_shape_text(shape).text, num_axes);
    *out = (lungo_shape){.axes = num_axes < 0 ? shape->axes - first : num_axes};
    for (int i = 0; i < out->axes; i++)
        out->dim[i] = shape->dim[first + i];
    return LUNGO_OK;
}

static bool covers(const lungo_shape *vector, const lungo_shape *shape, int first) {
    if (vector->axes > shape->axes - first) return false;
    for (int i = 0; i < vector->axes; i++)
        if (vector->dim[i] != shape->dim[first + i]) return false;
    return true;
}

lungo_status lungo_broadcast_fit(lungo_broadcast *out, const lungo_blob *bottom,
                                 const lungo_blob *vector, int axis, const char *message) {
    const lungo_shape *shape = &bottom->shape, *laid = &vector->shape;
    int first = 0;
    if (laid->axes > 0) LUNGO_TRY(find_axis(bottom, axis, message, &first));
    if (!covers(laid, shape, first))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: blob '%s': expected the dimensions of bottom '%s' "
                          "(shape %s) from axis %d on, got shape %s",
                          vector->name, bottom->name, lungo_shape_text(shape).text, first,
                          lungo_shape_text(laid).text);
    *out = (lungo_broadcast){.outer = lungo_shape_range(shape, 0, first),
                             .length = vector->count,
                             .inner = lungo_shape_from(shape, first + laid->axes)};
    return LUNGO_OK;
}
