/* Blobs as Caffe's files hold them: BlobProto messages, in weights, histories and mean files.
 *
 *   shape   7 { dim 1 }, or in files of 2014 and before num 1, channels 2, height 3, width 4
 *   values  data 5 and diff 6 (float), double_data 8 and double_diff 9, packed or one by one;
 *           raw_data 12 and raw_diff 13 of raw_data_type 10 and raw_diff_type 11, as NVIDIA's fork
 *           and OpenCV write them (16-bit floats mostly)
 *
 * They are read in place: the bytes, or the file, that a lungo_stored_blob was made from must
 * outlive it. */
#ifndef LUNGO_BLOB_STORED_H
#define LUNGO_BLOB_STORED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "blob/shape.h"
#include "proto/wire.h"

typedef struct lungo_stored_values {
    int field;    /* of the BlobProto; 0: there are none */
    int raw_type; /* of fields 12 and 13 */
    size_t count;
} lungo_stored_values;

typedef struct lungo_stored_blob {
    lungo_shape shape;
    bool legacy; /* num, channels, height, width: leading ones may stand for no axis at all */
    size_t count;
    lungo_stored_values data, diff;
    lungo_wire message;
} lungo_stored_blob;

/* Looks at a BlobProto: its shape is one that Caffe can hold, and its values are as many. */
lungo_status lungo_stored_blob_open(lungo_stored_blob *out, lungo_wire message);

/* The values as float, blob->count of them. Diffs: only where blob->diff.field is not 0. */
lungo_status lungo_stored_blob_data(const lungo_stored_blob *blob, float *out);
lungo_status lungo_stored_blob_diff(const lungo_stored_blob *blob, float *out);

/* Whether it can be copied into a blob of this shape. */
bool lungo_stored_blob_fits(const lungo_stored_blob *blob, const lungo_shape *shape);

/* A file that is one BlobProto (a mean image). The caller frees *values. */
lungo_status lungo_blob_file_read(float **values, lungo_shape *shape, const char *path);

/* Writing, as Caffe writes: field `number` of the message around it. `diff` may be NULL. */
size_t lungo_stored_blob_size(uint32_t number, const lungo_shape *shape, bool with_diff);
lungo_status lungo_stored_blob_write(lungo_file_writer *file, uint32_t number,
                                     const lungo_shape *shape, const float *data,
                                     const float *diff);

#endif
