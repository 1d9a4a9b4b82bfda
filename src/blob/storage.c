#include "blob/storage.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

float *lungo_new_floats(size_t count) {
    if (count > (SIZE_MAX - ALIGNMENT) / sizeof(float)) return NULL;
    size_t bytes = (count * sizeof(float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes == 0) bytes = ALIGNMENT;
    float *values = aligned_alloc(ALIGNMENT, bytes);
    if (values) memset(values, 0, bytes);
    return values;
}

lungo_status lungo_storage_new(lungo_storage **out) {
    lungo_storage *storage = calloc(1, sizeof *storage);
    if (!storage) return lungo_fail_memory("a blob", sizeof *storage);
    storage->users = 1;
    *out = storage;
    return LUNGO_OK;
}

lungo_storage *lungo_storage_share(lungo_storage *storage) {
    storage->users++;
    return storage;
}

void lungo_storage_leave(lungo_storage *storage) {
    if (!storage || --storage->users > 0) return;
    if (!storage->lent) free(storage->values);
    free(storage);
}

lungo_status lungo_storage_allocate(lungo_storage *storage, const char *name) {
    if (storage->values && storage->needed <= storage->capacity) return LUNGO_OK;
    float *values = lungo_new_floats(storage->needed);
    if (!values) return lungo_fail_memory(name, storage->needed * sizeof(float));
    if (!storage->lent) free(storage->values);
    storage->values = values;
    storage->capacity = storage->needed;
    storage->lent = false;
    storage->version++;
    return LUNGO_OK;
}

void lungo_storage_lend(lungo_storage *storage, float *values) {
    if (!storage->lent) free(storage->values);
    storage->values = values;
    storage->capacity = storage->needed;
    storage->lent = true;
    storage->version++;
}
