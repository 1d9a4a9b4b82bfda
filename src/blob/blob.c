#include "blob/blob.h"

#include <string.h>

lungo_status lungo_blob_init(lungo_blob *blob, const char *name) {
    *blob = (lungo_blob){.name = name, .count = 1};
    LUNGO_TRY(lungo_storage_new(&blob->data));
    lungo_status status = lungo_storage_new(&blob->diff);
    if (status) lungo_blob_dispose(blob);
    return status;
}

void lungo_blob_dispose(lungo_blob *blob) {
    lungo_storage_leave(blob->data);
    lungo_storage_leave(blob->diff);
    *blob = (lungo_blob){0};
}

static void need(lungo_storage *storage, size_t count) {
    if (storage->needed < count) storage->needed = count;
}

/* Storage that has memory already never has less than its blobs need. */
static lungo_status keep_up(lungo_storage *storage, const char *name) {
    return storage->values ? lungo_storage_allocate(storage, name) : LUNGO_OK;
}

/* ---- blocked layouts ---- */

lungo_blocked lungo_blob_layout(const lungo_blob *blob, size_t lanes) {
    const lungo_shape *shape = &blob->shape;
    if (shape->axes < 2) return (lungo_blocked){0};
    return (lungo_blocked){.images = (size_t)shape->dim[0],
                           .channels = (size_t)shape->dim[1],
                           .pixels = lungo_shape_from(shape, 2),
                           .lanes = lanes};
}

static bool has_shape_of(const lungo_storage *storage, const lungo_blob *blob) {
    lungo_blocked mine = lungo_blob_layout(blob, storage->layout.lanes);
    return storage->layout.lanes > 0 && lungo_blocked_equal(&mine, &storage->layout);
}

bool lungo_blob_is_blocked(const lungo_blob *blob) {
    return has_shape_of(blob->data, blob);
}

static lungo_status drop_layouts(lungo_blob *blob) {
    static const lungo_blocked none = {0};
    if (has_shape_of(blob->data, blob))
        LUNGO_TRY(lungo_storage_block(blob->data, &none, blob->name));
    if (!has_shape_of(blob->diff, blob)) return LUNGO_OK;
    return lungo_storage_block(blob->diff, &none, blob->name);
}

/* ---- shape and memory ---- */

static lungo_status take_shape(lungo_blob *blob, const lungo_shape *shape) {
    blob->shape = *shape;
    blob->count = lungo_shape_count(shape);
    need(blob->data, blob->count);
    need(blob->diff, blob->count);
    LUNGO_TRY(keep_up(blob->data, blob->name));
    return keep_up(blob->diff, blob->name);
}

lungo_status lungo_blob_reshape(lungo_blob *blob, const lungo_shape *shape) {
    if (lungo_shape_check(shape)) return lungo_trail("in blob '%s'", blob->name);
    if (!lungo_shape_equal(&blob->shape, shape)) {
        LUNGO_TRY(drop_layouts(blob));
        blob->reshapes++;
    }
    lungo_shape before = blob->shape;
    size_t data = blob->data->needed, diff = blob->diff->needed;
    lungo_status status = take_shape(blob, shape);
    if (!status) return LUNGO_OK;
    blob->shape = before;
    blob->count = lungo_shape_count(&before);
    blob->data->needed = data;
    blob->diff->needed = diff;
    return status;
}

lungo_status lungo_blob_allocate_data(lungo_blob *blob) {
    need(blob->data, blob->count);
    return lungo_storage_allocate(blob->data, blob->name);
}

lungo_status lungo_blob_allocate_diff(lungo_blob *blob) {
    need(blob->diff, blob->count);
    return lungo_storage_allocate(blob->diff, blob->name);
}

static void stand_on(lungo_storage **mine, lungo_storage *other, size_t count) {
    if (*mine != other) {
        lungo_storage_share(other);
        lungo_storage_leave(*mine);
        *mine = other;
    }
    need(other, count);
}

void lungo_blob_share_data(lungo_blob *blob, lungo_blob *other) {
    stand_on(&blob->data, other->data, blob->count);
}

void lungo_blob_share_diff(lungo_blob *blob, lungo_blob *other) {
    stand_on(&blob->diff, other->diff, blob->count);
}

void lungo_blob_clear_diff(lungo_blob *blob) {
    blob->diff->stale = true;
}

void lungo_blob_settle_diff(lungo_blob *blob) {
    if (!blob->diff->stale) return;
    float *values = lungo_storage_values(blob->diff, LUNGO_OVERWRITE);
    if (values) memset(values, 0, blob->diff->capacity * sizeof *values);
    blob->diff->stale = false;
}

const char *lungo_blob_name(const lungo_blob *blob) {
    return blob->name;
}

const lungo_shape *lungo_blob_shape(const lungo_blob *blob) {
    return &blob->shape;
}

size_t lungo_blob_count(const lungo_blob *blob) {
    return blob->count;
}

const float *lungo_data(const lungo_blob *blob) {
    return lungo_storage_values(blob->data, LUNGO_READ);
}

float *lungo_data_overwrite(lungo_blob *blob) {
    return lungo_storage_values(blob->data, LUNGO_OVERWRITE);
}

float *lungo_data_update(lungo_blob *blob) {
    return lungo_storage_values(blob->data, LUNGO_UPDATE);
}

const float *lungo_diff(const lungo_blob *blob) {
    return lungo_storage_values(blob->diff, LUNGO_READ);
}

float *lungo_diff_overwrite(lungo_blob *blob) {
    blob->diff->stale = false;
    return lungo_storage_values(blob->diff, LUNGO_OVERWRITE);
}

float *lungo_diff_update(lungo_blob *blob) {
    lungo_blob_settle_diff(blob);
    return lungo_storage_values(blob->diff, LUNGO_UPDATE);
}
