/* What Concat and Slice share: a blob cut along one axis into parts.
 *
 *   whole  (outer, sum of dims, inner)
 *   part   (outer, dim, inner)
 */
#ifndef LUNGO_LAYERS_UTILITY_PARTS_H
#define LUNGO_LAYERS_UTILITY_PARTS_H

#include "blob/blob.h"

/* The axis to cut along: `axis`, negative from the end, or its predecessor (`legacy_name`: a
 * concat_dim or slice_dim), which counts from the front only. */
typedef struct lungo_parts_axis {
    bool has_axis, has_legacy;
    int axis;
    uint32_t legacy;
    const char *legacy_name;
} lungo_parts_axis;

lungo_status lungo_parts_find_axis(const lungo_parts_axis *given, const lungo_shape *shape,
                                   int *index);

/* The part that begins at `start` (in steps of the axis), copied out of or into the whole. */
void lungo_parts_take(float *part, const float *whole, const lungo_shape *part_shape,
                      const lungo_shape *whole_shape, int axis, int start);
void lungo_parts_put(float *whole, const float *part, const lungo_shape *part_shape,
                     const lungo_shape *whole_shape, int axis, int start);

#endif
