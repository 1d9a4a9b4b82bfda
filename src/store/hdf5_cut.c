/* Datasets that grow, cut back: written anew, so that nothing is lost whenever it fails. */
#include <stdlib.h>

#include "store/hdf5.h"

enum { BLOCK_VALUES = 1 << 20 };

static lungo_status copy_blocks(lungo_hdf5_writer *to, lungo_hdf5 *from, const char *dataset,
                                lungo_shape shape, size_t rows, size_t row, float *values) {
    size_t block = row > 0 && row < BLOCK_VALUES ? BLOCK_VALUES / row : 1;
    for (size_t done = 0; done < rows; done += (size_t)shape.dim[0]) {
        shape.dim[0] = (int)(rows - done < block ? rows - done : block);
        LUNGO_TRY(lungo_hdf5_read_rows(from, dataset, done, values, (size_t)shape.dim[0] * row));
        LUNGO_TRY(lungo_hdf5_append(to, dataset, &shape, values));
    }
    return LUNGO_OK;
}

static lungo_status copy_rows(lungo_hdf5_writer *to, lungo_hdf5 *from, const char *dataset,
                              size_t rows) {
    lungo_shape shape;
    size_t row = 1;
    LUNGO_TRY(lungo_hdf5_shape(&shape, from, dataset));
    for (int i = 1; i < shape.axes; i++)
        row *= (size_t)shape.dim[i];
    size_t most = row < BLOCK_VALUES ? BLOCK_VALUES : row;
    float *values = malloc(most * sizeof *values);
    if (!values) return lungo_fail_memory("rows of an HDF5 file", most * sizeof *values);
    lungo_status status = copy_blocks(to, from, dataset, shape, rows, row, values);
    free(values);
    return status;
}

static lungo_status copy_datasets(lungo_hdf5 *from, const char *path, const char *const *datasets,
                                  size_t rows) {
    lungo_hdf5_writer *to;
    lungo_status status = LUNGO_OK;
    LUNGO_TRY(lungo_hdf5_create(&to, path));
    for (; !status && *datasets; datasets++)
        status = copy_rows(to, from, *datasets, rows);
    if (!status) return lungo_hdf5_commit(to);
    lungo_hdf5_abandon(to);
    return status;
}

static lungo_status may_stay(bool *out, lungo_hdf5 *file, const char *const *datasets,
                             size_t rows) {
    lungo_shape shape;
    LUNGO_TRY(lungo_hdf5_is_closed(out, file));
    for (; *datasets; datasets++) {
        LUNGO_TRY(lungo_hdf5_shape(&shape, file, *datasets));
        *out = *out && shape.axes > 0 && (size_t)shape.dim[0] == rows;
    }
    return LUNGO_OK;
}

lungo_status lungo_hdf5_cut(const char *path, const char *const *datasets, size_t rows) {
    lungo_hdf5 *file;
    bool stays;
    LUNGO_TRY(lungo_hdf5_open(&file, path));
    lungo_status status = may_stay(&stays, file, datasets, rows);
    if (!status && !stays) status = copy_datasets(file, path, datasets, rows);
    lungo_hdf5_close(file);
    return status;
}
