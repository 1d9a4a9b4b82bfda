/* HDF5 files: groups, and datasets of numbers in them. Everything is named by its path in the file,
 * "/data/ip1/0". Files may be used from any thread; calls into libhdf5 wait for each other.
 *
 * A build without HDF5 has the same functions, and each says what to install. */
#ifndef LUNGO_STORE_HDF5_H
#define LUNGO_STORE_HDF5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "lungo/blob.h"

/* LUNGO_ERR_UNSUPPORTED with what to do when this build lacks HDF5. */
lungo_status lungo_hdf5_check(void);

/* By which Caffe tells states in HDF5 from others: it ends in ".h5". */
static inline bool lungo_hdf5_is_name(const char *path) {
    size_t length = strlen(path);
    return length >= 3 && strcmp(path + length - 3, ".h5") == 0;
}

/* By the content. What is not there, or is no regular file, is none. */
lungo_status lungo_hdf5_is_file(bool *out, const char *path);

/* ---- reading ---- */

typedef struct lungo_hdf5 lungo_hdf5;

lungo_status lungo_hdf5_open(lungo_hdf5 **out, const char *path);
void lungo_hdf5_close(lungo_hdf5 *file);
const char *lungo_hdf5_path(const lungo_hdf5 *file);

/* Whether what was last appended to it in place, by lungo_hdf5_extend, came to its end: such a file
 * is as long as it says. One that is not may not be written to. */
lungo_status lungo_hdf5_is_closed(bool *out, lungo_hdf5 *file);

typedef struct lungo_hdf5_entry {
    const char *name;
    bool is_group, is_dataset;
} lungo_hdf5_entry;

/* What a group ("/" is one) holds, in the order of names, in memory of the arena. */
lungo_status lungo_hdf5_list(lungo_hdf5_entry **out, size_t *count, lungo_arena *arena,
                             lungo_hdf5 *file, const char *group);

/* The shape of a dataset of numbers: integers or floating point, of any size. */
lungo_status lungo_hdf5_shape(lungo_shape *out, lungo_hdf5 *file, const char *dataset);

/* All its values, `count` of them, converted to float, straight into `values`. */
lungo_status lungo_hdf5_read(lungo_hdf5 *file, const char *dataset, float *values, size_t count);

/* `count` of them, from row `first` (along axis 0) on: whole rows. */
lungo_status lungo_hdf5_read_rows(lungo_hdf5 *file, const char *dataset, size_t first,
                                  float *values, size_t count);

/* A dataset of one integer; bytes, or a string, which the caller frees. */
lungo_status lungo_hdf5_read_int(int *out, lungo_hdf5 *file, const char *dataset);
lungo_status lungo_hdf5_read_bytes(uint8_t **out, size_t *length, lungo_hdf5 *file,
                                   const char *dataset);
lungo_status lungo_hdf5_read_string(char **out, lungo_hdf5 *file, const char *dataset);

/* ---- writing ---- */

typedef struct lungo_hdf5_writer lungo_hdf5_writer;

/* A new file, which grows under a temporary name; or `bytes` of rows more for a file that is there,
 * in place: on a full disk that fails before anything changes. A process that is killed, or a
 * machine that fails, while it writes in place may leave a file that cannot be read. */
lungo_status lungo_hdf5_create(lungo_hdf5_writer **out, const char *path);
lungo_status lungo_hdf5_extend(lungo_hdf5_writer **out, const char *path, size_t bytes);

/* Makes it last, and gives a new file its name; frees the writer, also on failure. */
lungo_status lungo_hdf5_commit(lungo_hdf5_writer *writer);
void lungo_hdf5_abandon(lungo_hdf5_writer *writer);

/* Ends a new file with a seal (base/checksum.h): it takes nothing more, and is to be committed. */
lungo_status lungo_hdf5_seal(lungo_hdf5_writer *writer);

/* The group above must be there already. */
lungo_status lungo_hdf5_write_group(lungo_hdf5_writer *writer, const char *group);
lungo_status lungo_hdf5_write(lungo_hdf5_writer *writer, const char *dataset,
                              const lungo_shape *shape, const float *values);
lungo_status lungo_hdf5_write_int(lungo_hdf5_writer *writer, const char *dataset, int value);
lungo_status lungo_hdf5_write_bytes(lungo_hdf5_writer *writer, const char *dataset,
                                    const void *bytes, size_t length);
lungo_status lungo_hdf5_write_string(lungo_hdf5_writer *writer, const char *dataset,
                                     const char *text);

/* Adds rows (axis 0) to a dataset that was begun by this function, or begins it. */
lungo_status lungo_hdf5_append(lungo_hdf5_writer *writer, const char *dataset,
                               const lungo_shape *shape, const float *values);

/* Cuts datasets that grow (NULL behind the last) back to their first `rows` rows, which they have:
 * a new file with these alone takes the old one's place. Nothing happens if they have no more, and
 * the file was closed. */
lungo_status lungo_hdf5_cut(const char *path, const char *const *datasets, size_t rows);

#endif
