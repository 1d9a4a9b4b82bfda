/* A .caffemodel: the learned blobs of a net's layers, found by reading a NetParameter in place.
 *
 * Layers come as `layer` (V2), as `layers` (V1), or as V0 layers inside those; of all of them only
 * name, type and blobs are taken, and everything else is passed over. Opening looks at the whole
 * file's structure; each blob is looked at when it is asked for. */
#ifndef LUNGO_WEIGHTS_MODEL_H
#define LUNGO_WEIGHTS_MODEL_H

#include <stddef.h>

#include "base/error.h"
#include "blob/stored.h"

typedef struct lungo_model lungo_model;

typedef struct lungo_model_layer_info {
    const char *name, *type; /* the type by its current name; "" when the file does not say */
    size_t blob_count;
} lungo_model_layer_info;

/* The caller frees *out. Old forms in the file are logged as Caffe logs their upgrade. */
lungo_status lungo_model_open(lungo_model **out, const char *path);
/* The same over bytes in memory, which must outlive it; `name` stands for the file in errors. */
lungo_status lungo_model_over(lungo_model **out, const void *bytes, size_t length,
                              const char *name);
void lungo_model_free(lungo_model *model);

size_t lungo_model_layer_count(const lungo_model *model);
lungo_model_layer_info lungo_model_layer(const lungo_model *model, size_t layer);

/* A blob's shape and values (blob/stored.h), borrowed from the model. */
lungo_status lungo_model_blob(lungo_stored_blob *out, const lungo_model *model, size_t layer,
                              size_t index);

#endif
