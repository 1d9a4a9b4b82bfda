/* A .caffemodel as it stands in its file: the learned blobs of a net's layers, without the net.
 *
 * Layers of every version of the format are taken, with their name, type and blobs; everything else
 * in the file is passed over. */
#ifndef LUNGO_MODEL_H
#define LUNGO_MODEL_H

#include <stddef.h>

#include "lungo/blob.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lungo_model lungo_model;

typedef struct lungo_model_layer_info {
    const char *name, *type; /* the type by its current name; "" when the file does not say */
    size_t blob_count;
} lungo_model_layer_info;

/* The caller frees *out. Old forms in the file are logged as Caffe logs their upgrade. */
lungo_status lungo_model_open(lungo_model **out, const char *path);
void lungo_model_free(lungo_model *model);

size_t lungo_model_layer_count(const lungo_model *model);
lungo_model_layer_info lungo_model_layer(const lungo_model *model, size_t layer);

/* A blob's shape, and how many values that is; then the values themselves. */
lungo_status lungo_model_blob_shape(lungo_shape *shape, size_t *count, const lungo_model *model,
                                    size_t layer, size_t index);
lungo_status lungo_model_blob_values(float *values, size_t count, const lungo_model *model,
                                     size_t layer, size_t index);

#ifdef __cplusplus
}
#endif
#endif
