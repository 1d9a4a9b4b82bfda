#include "blob/storage.h"

#include <stdlib.h>

enum { ALIGNMENT = 64 };

/* calloc gets large arrays from the system as zeros, and does not touch them. In front of the
 * aligned floats stands where they begin. */
float *lungo_new_floats(size_t count) {
    size_t front = ALIGNMENT + sizeof(void *);
    if (count > (SIZE_MAX - front) / sizeof(float)) return NULL;
    char *memory = calloc(1, count * sizeof(float) + front);
    if (!memory) return NULL;
    uintptr_t first = (uintptr_t)memory + front;
    void **aligned = (void **)(memory + front - first % ALIGNMENT);
    aligned[-1] = memory;
    return (float *)aligned;
}

void lungo_free_floats(float *values) {
    if (values) free(((void **)values)[-1]);
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

static void free_values(lungo_storage *storage) {
    if (!storage->lent) lungo_free_floats(storage->values);
}

void lungo_storage_leave(lungo_storage *storage) {
    if (!storage || --storage->users > 0) return;
    free_values(storage);
    lungo_free_floats(storage->blocked);
    free(storage);
}

lungo_status lungo_storage_allocate(lungo_storage *storage, const char *name) {
    if (storage->values && storage->needed <= storage->capacity) return LUNGO_OK;
    float *values = lungo_new_floats(storage->needed);
    if (!values) return lungo_fail_memory(name, storage->needed * sizeof(float));
    free_values(storage);
    storage->values = values;
    storage->capacity = storage->needed;
    storage->lent = false;
    storage->version++;
    return LUNGO_OK;
}

void lungo_storage_lend(lungo_storage *storage, float *values) {
    free_values(storage);
    storage->values = values;
    storage->capacity = storage->needed;
    storage->lent = true;
    storage->values_stale = false;
    storage->blocked_stale = true;
    storage->version++;
}

/* ---- two layouts ---- */

lungo_status lungo_storage_block(lungo_storage *storage, const lungo_blocked *layout,
                                 const char *name) {
    if (lungo_blocked_equal(&storage->layout, layout)) return LUNGO_OK;
    size_t count = lungo_blocked_count(layout);
    float *blocked = storage->blocked;
    if (!blocked || count > storage->blocked_capacity) blocked = lungo_new_floats(count);
    if (!blocked) return lungo_fail_memory(name, count * sizeof *blocked);
    lungo_storage_values(storage, LUNGO_READ);
    storage->blocked_stale = true;
    storage->layout = *layout;
    if (blocked == storage->blocked) return LUNGO_OK;
    lungo_free_floats(storage->blocked);
    storage->blocked = blocked;
    storage->blocked_capacity = count;
    return LUNGO_OK;
}

float *lungo_storage_values(lungo_storage *storage, lungo_access access) {
    if (storage->values_stale && access != LUNGO_OVERWRITE)
        lungo_unblock(&storage->layout, storage->blocked, storage->values);
    storage->values_stale = false;
    if (access == LUNGO_READ) return storage->values;
    storage->blocked_stale = true;
    storage->version++;
    return storage->values;
}

float *lungo_storage_blocked(lungo_storage *storage, lungo_access access) {
    if (storage->blocked_stale && access != LUNGO_OVERWRITE)
        lungo_block(&storage->layout, storage->values, storage->blocked);
    storage->blocked_stale = false;
    if (access == LUNGO_READ) return storage->blocked;
    storage->values_stale = true;
    storage->version++;
    return storage->blocked;
}
