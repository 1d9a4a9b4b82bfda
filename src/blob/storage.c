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

static void free_blocked(lungo_storage *storage) {
    if (!storage->blocked_lent) lungo_free_floats(storage->blocked);
}

void lungo_storage_leave(lungo_storage *storage) {
    if (!storage || --storage->users > 0) return;
    free_values(storage);
    free_blocked(storage);
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

void lungo_storage_lend_both(lungo_storage *storage, float *values, float *blocked) {
    lungo_storage_lend(storage, values);
    free_blocked(storage);
    storage->blocked = blocked;
    storage->blocked_capacity = lungo_blocked_count(&storage->layout);
    storage->blocked_lent = blocked != NULL;
}

static lungo_status own(float **out, bool lent, size_t floats, const char *name) {
    if (!lent) return LUNGO_OK;
    *out = lungo_new_floats(floats);
    return *out ? LUNGO_OK : lungo_fail_memory(name, floats * sizeof(float));
}

lungo_status lungo_storage_own(lungo_storage *storage, const char *name) {
    float *values = storage->values, *blocked = storage->blocked;
    LUNGO_TRY(own(&values, storage->lent, storage->capacity, name));
    if (own(&blocked, storage->blocked_lent, storage->blocked_capacity, name)) {
        if (storage->lent) lungo_free_floats(values);
        return lungo_error_code();
    }
    storage->values = values;
    storage->blocked = blocked;
    storage->lent = storage->blocked_lent = false;
    storage->version++;
    return LUNGO_OK;
}

/* ---- two layouts ---- */

static void refresh_values(lungo_storage *storage) {
    if (storage->values_stale) lungo_unblock(&storage->layout, storage->blocked, storage->values);
    storage->values_stale = false;
}

lungo_status lungo_storage_block(lungo_storage *storage, const lungo_blocked *layout,
                                 const char *name) {
    if (lungo_blocked_equal(&storage->layout, layout)) return LUNGO_OK;
    size_t count = lungo_blocked_count(layout);
    float *blocked = storage->blocked;
    if (!blocked || count > storage->blocked_capacity) blocked = lungo_new_floats(count);
    if (!blocked) return lungo_fail_memory(name, count * sizeof *blocked);
    refresh_values(storage);
    storage->blocked_stale = true;
    storage->layout = *layout;
    if (blocked == storage->blocked) return LUNGO_OK;
    free_blocked(storage);
    storage->blocked = blocked;
    storage->blocked_capacity = count;
    storage->blocked_lent = false;
    return LUNGO_OK;
}

float *lungo_storage_values(lungo_storage *storage, lungo_access access) {
    if (access != LUNGO_OVERWRITE) refresh_values(storage);
    storage->values_stale = false;
    storage->values_used = true;
    if (access == LUNGO_READ) return storage->values;
    storage->blocked_stale = true;
    storage->version++;
    return storage->values;
}

float *lungo_storage_blocked(lungo_storage *storage, lungo_access access) {
    if (storage->blocked_stale && access != LUNGO_OVERWRITE)
        lungo_block(&storage->layout, storage->values, storage->blocked);
    storage->blocked_stale = false;
    storage->blocked_used = true;
    if (access == LUNGO_READ) return storage->blocked;
    storage->values_stale = true;
    storage->version++;
    return storage->blocked;
}
