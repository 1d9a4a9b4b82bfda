/* Inside of include/lungo/model.h: a NetParameter read in place.
 *
 * Layers come as `layer` (V2), as `layers` (V1), or as V0 layers inside those; of all of them only
 * name, type and blobs are taken, and everything else is passed over. Opening looks at the whole
 * file's structure; each blob is looked at when it is asked for, and its values are read from the
 * file to where they are wanted, so that the file is never in memory. */
#ifndef LUNGO_WEIGHTS_MODEL_H
#define LUNGO_WEIGHTS_MODEL_H

#include <stddef.h>

#include "base/error.h"
#include "blob/stored.h"
#include "lungo/model.h"

/* Like lungo_model_open, over bytes in memory, which must outlive it; `name` stands for the file in
 * errors. */
lungo_status lungo_model_over(lungo_model **out, const void *bytes, size_t length,
                              const char *name);

/* A blob's shape and values (blob/stored.h), borrowed from the model. */
lungo_status lungo_model_blob(lungo_stored_blob *out, const lungo_model *model, size_t layer,
                              size_t index);

#endif
