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

lungo_status lungo_blob_reshape(lungo_blob *blob, const lungo_shape *shape) {
    if (lungo_shape_check(shape)) return lungo_trail("in blob '%s'", blob->name);
    blob->shape = *shape;
    blob->count = lungo_shape_count(shape);
    need(blob->data, blob->count);
    need(blob->diff, blob->count);
    LUNGO_TRY(keep_up(blob->data, blob->name));
    return keep_up(blob->diff, blob->name);
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
    if (blob->diff->values) memset(blob->diff->values, 0, blob->diff->capacity * sizeof(float));
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

static float *for_writing(lungo_storage *storage) {
    storage->version++;
    return storage->values;
}

const float *lungo_data(const lungo_blob *blob) {
    return blob->data->values;
}

float *lungo_data_overwrite(lungo_blob *blob) {
    return for_writing(blob->data);
}

float *lungo_data_update(lungo_blob *blob) {
    return for_writing(blob->data);
}

const float *lungo_diff(const lungo_blob *blob) {
    return blob->diff->values;
}

float *lungo_diff_overwrite(lungo_blob *blob) {
    blob->diff->stale = false;
    return for_writing(blob->diff);
}

float *lungo_diff_update(lungo_blob *blob) {
    lungo_blob_settle_diff(blob);
    return for_writing(blob->diff);
}
