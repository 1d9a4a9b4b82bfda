/* Shapes: counts with overflow checks, axes counted from either end, text for errors. */
#ifndef LUNGO_BLOB_SHAPE_H
#define LUNGO_BLOB_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "lungo/blob.h"

/* LUNGO_SHAPE(64, 10) is a lungo_shape of two axes; lungo_scalar_shape one of none. */
#define LUNGO_SHAPE(...)                                                                           \
    ((lungo_shape){(int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), {__VA_ARGS__}})
extern const lungo_shape lungo_scalar_shape;

/* No negative dimension, at most LUNGO_MAX_AXES axes, count at most INT_MAX. */
lungo_status lungo_shape_check(const lungo_shape *shape);

/* Product of all dimensions, of those in [first, end), or of those from `first` on. */
size_t lungo_shape_count(const lungo_shape *shape);
size_t lungo_shape_range(const lungo_shape *shape, int first, int end);
size_t lungo_shape_from(const lungo_shape *shape, int first);

bool lungo_shape_equal(const lungo_shape *a, const lungo_shape *b);

/* An axis as Caffe writes it (-1 is the last) as an index; `field` names the setting in the error.
 */
lungo_status lungo_shape_axis(const lungo_shape *shape, int axis, const char *field, int *index);

/* num, channels, height, width of a blob of up to four axes: 1 for those it lacks. */
int lungo_shape_legacy(const lungo_shape *shape, int index);

/* "64x50x4x4", "()" for a scalar. */
typedef struct lungo_shape_string {
    char text[160];
} lungo_shape_string;
lungo_shape_string lungo_shape_text(const lungo_shape *shape);

#endif
