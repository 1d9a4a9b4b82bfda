/* Any bytes as an HDF5 file: whatever it holds is listed and read, as weights and as a state. */
#include <string.h>

#include "base/arena.h"
#include "blob/shape.h"
#include "fuzz/input.h"
#include "snapshot/state.h"
#include "store/hdf5.h"

enum { DEEPEST = 4, MOST_VALUES = 1 << 20, MOST_GROUPS = 64 };

static void read_dataset(lungo_hdf5 *file, const char *path) {
    lungo_shape shape;
    char *text;
    if (lungo_hdf5_read_string(&text, file, path) == LUNGO_OK) free(text);
    if (lungo_hdf5_shape(&shape, file, path) || lungo_shape_check(&shape)) return;
    size_t count = lungo_shape_count(&shape);
    if (count > MOST_VALUES) return;
    float *values = malloc(count * sizeof *values + 1);
    require(values != NULL);
    (void)lungo_hdf5_read(file, path, values, count);
    free(values);
}

static void read_group(lungo_hdf5 *file, const char *path, int depth, int *groups) {
    lungo_arena arena = {0};
    lungo_hdf5_entry *entries;
    size_t count;
    if (depth > DEEPEST || (*groups)++ > MOST_GROUPS) return;
    if (lungo_hdf5_list(&entries, &count, &arena, file, path) == LUNGO_OK)
        for (size_t i = 0; i < count; i++) {
            char child[4096];
            if (snprintf(child, sizeof child, "%s/%s", path, entries[i].name) >= (int)sizeof child)
                continue;
            if (entries[i].is_group) read_group(file, child, depth + 1, groups);
            if (entries[i].is_dataset) read_dataset(file, child);
        }
    lungo_arena_dispose(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = input_file("a.h5", data, size);
    lungo_hdf5 *file;
    lungo_saved_state *saved;
    int groups = 0;
    bool is_hdf5;
    if (lungo_hdf5_is_file(&is_hdf5, path) == LUNGO_OK && is_hdf5 &&
        lungo_hdf5_open(&file, path) == LUNGO_OK) {
        read_group(file, "", 0, &groups);
        lungo_hdf5_close(file);
    }
    if (lungo_saved_state_open(&saved, path) == LUNGO_OK) lungo_saved_state_free(saved);
    return 0;
}
