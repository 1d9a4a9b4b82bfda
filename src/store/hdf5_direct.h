/* Reading HDF5 files by libhdf5 in the process that calls: for the child of hdf5_child.h alone. The
 * functions are those of store/hdf5.h. */
#ifndef LUNGO_STORE_HDF5_DIRECT_H
#define LUNGO_STORE_HDF5_DIRECT_H

#include "store/hdf5.h"
#include "store/hdf5_guard.h"

typedef struct lungo_hdf5_direct {
    hid_t id;
    const char *path;
    size_t size; /* of the file, in bytes */
} lungo_hdf5_direct;

/* `path` stays. */
lungo_status lungo_hdf5_direct_open(lungo_hdf5_direct *file, const char *path);
lungo_status lungo_hdf5_direct_length(size_t *out, const lungo_hdf5_direct *file);

lungo_status lungo_hdf5_direct_list(lungo_hdf5_entry **out, size_t *count, lungo_arena *arena,
                                    const lungo_hdf5_direct *file, const char *group);
lungo_status lungo_hdf5_direct_shape(lungo_shape *out, const lungo_hdf5_direct *file,
                                     const char *dataset);
lungo_status lungo_hdf5_direct_read(const lungo_hdf5_direct *file, const char *dataset,
                                    float *values, size_t count);
lungo_status lungo_hdf5_direct_read_rows(const lungo_hdf5_direct *file, const char *dataset,
                                         size_t first, float *values, size_t count);
lungo_status lungo_hdf5_direct_read_int(int *out, const lungo_hdf5_direct *file,
                                        const char *dataset);
/* The caller frees *out. */
lungo_status lungo_hdf5_direct_read_bytes(uint8_t **out, size_t *count,
                                          const lungo_hdf5_direct *file, const char *dataset);
lungo_status lungo_hdf5_direct_read_string(char **out, const lungo_hdf5_direct *file,
                                           const char *dataset);

#endif
