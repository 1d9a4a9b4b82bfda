/* The public view of HDF5 files. */
#include <stdlib.h>

#include "blob/shape.h"
#include "lungo/data.h"
#include "store/hdf5.h"

typedef struct dataset {
    const char *name;
    lungo_shape shape;
} dataset;

struct lungo_hdf5_file {
    lungo_arena arena;
    lungo_hdf5 *file;
    dataset *datasets;
    size_t count;
};

static lungo_status find_datasets(lungo_hdf5_file *file) {
    lungo_hdf5_entry *entries;
    size_t count;
    LUNGO_TRY(lungo_hdf5_list(&entries, &count, &file->arena, file->file, "/"));
    file->datasets = lungo_arena_array(&file->arena, count, sizeof *file->datasets);
    if (!file->datasets) return lungo_fail_memory("a list of datasets", count);
    for (size_t i = 0; i < count; i++) {
        dataset *next = &file->datasets[file->count];
        if (!entries[i].is_dataset) continue;
        next->name = entries[i].name;
        lungo_status status = lungo_hdf5_shape(&next->shape, file->file, next->name);
        if (status == LUNGO_ERR_MEMORY) return status;
        file->count += status == LUNGO_OK; /* others hold no numbers */
    }
    return LUNGO_OK;
}

lungo_status lungo_hdf5_file_open(lungo_hdf5_file **out, const char *path) {
    lungo_hdf5_file *file = calloc(1, sizeof *file);
    if (!file) return lungo_fail_memory("an HDF5 file", sizeof *file);
    lungo_status status = lungo_hdf5_open(&file->file, path);
    if (!status) status = find_datasets(file);
    if (status)
        lungo_hdf5_file_close(file);
    else
        *out = file;
    return status;
}

void lungo_hdf5_file_close(lungo_hdf5_file *file) {
    if (!file) return;
    if (file->file) lungo_hdf5_close(file->file);
    lungo_arena_dispose(&file->arena);
    free(file);
}

size_t lungo_hdf5_file_count(const lungo_hdf5_file *file) {
    return file->count;
}

const char *lungo_hdf5_file_name(const lungo_hdf5_file *file, size_t index) {
    return index < file->count ? file->datasets[index].name : NULL;
}

const lungo_shape *lungo_hdf5_file_shape(const lungo_hdf5_file *file, size_t index) {
    return index < file->count ? &file->datasets[index].shape : NULL;
}

lungo_status lungo_hdf5_file_read(lungo_hdf5_file *file, size_t index, float *values,
                                  size_t count) {
    if (index >= file->count || lungo_shape_count(&file->datasets[index].shape) != count)
        return lungo_fail(LUNGO_ERR_USAGE, "a dataset of the file, and as many values as it has");
    return lungo_hdf5_read(file->file, file->datasets[index].name, values, count);
}

bool lungo_hdf5_file_is(const char *path) {
    bool is_hdf5;
    return lungo_hdf5_is_file(&is_hdf5, path) == LUNGO_OK && is_hdf5;
}
