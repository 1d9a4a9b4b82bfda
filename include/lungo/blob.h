/* Blobs: the named arrays of float that flow through a net, row-major, last axis fastest.
 *
 * A blob is borrowed from its net and lives as long. Pointers to values are valid until the next
 * reshape of the net. Several blobs may stand on the same values (Split, Reshape, Flatten).
 */
#ifndef LUNGO_BLOB_H
#define LUNGO_BLOB_H

#include <stddef.h>

#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { LUNGO_MAX_AXES = 32 };

/* No axes: a scalar, count 1. A count is at most INT_MAX, as Caffe's formats have it. */
typedef struct lungo_shape {
    int axes;
    int dim[LUNGO_MAX_AXES];
} lungo_shape;

typedef struct lungo_blob lungo_blob;

const char *lungo_blob_name(const lungo_blob *blob);
const lungo_shape *lungo_blob_shape(const lungo_blob *blob);
size_t lungo_blob_count(const lungo_blob *blob);

/* The values. Read them; or write all of them (what was there is void); or read and write. */
const float *lungo_data(const lungo_blob *blob);
float *lungo_data_overwrite(lungo_blob *blob);
float *lungo_data_update(lungo_blob *blob);

/* The gradient of the loss with respect to the values. NULL when the net computes none here. */
const float *lungo_diff(const lungo_blob *blob);
float *lungo_diff_overwrite(lungo_blob *blob);
float *lungo_diff_update(lungo_blob *blob);

#ifdef __cplusplus
}
#endif
#endif
