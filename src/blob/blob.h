/* A blob: a name and a shape over two storages, the values and their gradient.
 *
 * Reshape notes what is needed; the first memory comes with allocate, so that a net can be built
 * and looked at without any; from then on reshape sees to it that there is enough. The public part
 * is include/lungo/blob.h. */
#ifndef LUNGO_BLOB_BLOB_H
#define LUNGO_BLOB_BLOB_H

#include "blob/shape.h"
#include "blob/storage.h"

struct lungo_blob {
    const char *name; /* borrowed from whoever made the blob */
    lungo_shape shape;
    size_t count;
    size_t reshapes; /* how often the shape has changed */
    lungo_storage *data, *diff;
};

lungo_status lungo_blob_init(lungo_blob *blob, const char *name);
void lungo_blob_dispose(lungo_blob *blob);

/* After a failure the shape is what it was. */
lungo_status lungo_blob_reshape(lungo_blob *blob, const lungo_shape *shape);
lungo_status lungo_blob_allocate_data(lungo_blob *blob);
lungo_status lungo_blob_allocate_diff(lungo_blob *blob);

/* From now on `blob` stands on the values (gradient) of `other`; shapes may differ. */
void lungo_blob_share_data(lungo_blob *blob, lungo_blob *other);
void lungo_blob_share_diff(lungo_blob *blob, lungo_blob *other);

/* The blob's shape (images, channels, the rest) as a layout of that many lanes; none of fewer than
 * two axes. */
lungo_blocked lungo_blob_layout(const lungo_blob *blob, size_t lanes);

/* Whether its storage keeps the values blocked, too, and in the blob's own shape. A blob that takes
 * another shape gives the layout up. */
bool lungo_blob_is_blocked(const lungo_blob *blob);

/* The gradient counts as zeros; lungo_blob_settle_diff writes them if nobody has written since. */
void lungo_blob_clear_diff(lungo_blob *blob);
void lungo_blob_settle_diff(lungo_blob *blob);

#endif
