#include "layers/utility/parts.h"

#include <string.h>

#include "math/parallel.h"

lungo_status lungo_parts_find_axis(const lungo_parts_axis *given, const lungo_shape *shape,
                                   int *index) {
    if (!given->has_legacy) return lungo_shape_axis(shape, given->axis, "axis", index);
    if (given->has_axis)
        return lungo_fail(LUNGO_ERR_CONFIG, "expected axis or its older name %s, got both",
                          given->legacy_name);
    if (given->legacy >= (uint32_t)shape->axes)
        return lungo_fail(LUNGO_ERR_CONFIG, "%s: expected an axis from 0 to %d of shape %s, got %u",
                          given->legacy_name, shape->axes - 1, lungo_shape_text(shape).text,
                          given->legacy);
    *index = (int)given->legacy;
    return LUNGO_OK;
}

static void copy_rows(float *to, size_t to_pitch, const float *from, size_t from_pitch, size_t rows,
                      size_t width) {
#pragma omp parallel for if (lungo_worth_threads(rows * width))
    for (size_t row = 0; row < rows; row++)
        memcpy(to + row * to_pitch, from + row * from_pitch, width * sizeof *to);
}

void lungo_parts_take(float *part, const float *whole, const lungo_shape *part_shape,
                      const lungo_shape *whole_shape, int axis, int start) {
    size_t width = lungo_shape_from(part_shape, axis), pitch = lungo_shape_from(whole_shape, axis);
    size_t offset = (size_t)start * lungo_shape_from(whole_shape, axis + 1);
    copy_rows(part, width, whole + offset, pitch, lungo_shape_range(whole_shape, 0, axis), width);
}

void lungo_parts_put(float *whole, const float *part, const lungo_shape *part_shape,
                     const lungo_shape *whole_shape, int axis, int start) {
    size_t width = lungo_shape_from(part_shape, axis), pitch = lungo_shape_from(whole_shape, axis);
    size_t offset = (size_t)start * lungo_shape_from(whole_shape, axis + 1);
    copy_rows(whole + offset, pitch, part, width, lungo_shape_range(whole_shape, 0, axis), width);
}
