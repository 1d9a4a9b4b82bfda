/* Databases for the Data layer: records of images, or of any other arrays, with a label each; and
 * what they are made of and give.
 *
 *   lungo_db_writer *writer;
 *   lungo_db_writer_open(&writer, "lmdb", "train_lmdb");
 *   lungo_db_writer_put(writer, "00000000", 8, &(lungo_datum){.channels = 1, ...});
 *   lungo_db_writer_close(writer);
 */
#ifndef LUNGO_DATA_H
#define LUNGO_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/blob.h"
#include "lungo/image.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Caffe's Datum: channels x height x width values, either bytes (`data`) or floats; or an image
 * file as it is (`encoded`), whose shape shows when it is decoded. The arrays are borrowed. */
typedef struct lungo_datum {
    int channels, height, width; /* all 0: not given */
    const void *data;            /* NULL: not given */
    size_t data_size;
    const float *float_data;
    size_t float_count;
    int label;
    bool encoded;
    bool has_label, has_encoded; /* whether a record says so; what is not said is 0 and false */
} lungo_datum;

typedef struct lungo_db_writer lungo_db_writer;

/* Nothing may exist at `path`, where the database appears when the writer is closed. The backend is
 * "lmdb" or "leveldb". */
lungo_status lungo_db_writer_open(lungo_db_writer **out, const char *backend, const char *path);

/* Records are read back in the order of their keys, byte by byte: number them with leading zeros.
 * They wait in memory for the next commit: one every 1000 records is usual. */
lungo_status lungo_db_writer_put(lungo_db_writer *writer, const void *key, size_t key_size,
                                 const lungo_datum *datum);
/* The record that Caffe makes of a picture: channels x height x width bytes. */
lungo_status lungo_db_writer_put_image(lungo_db_writer *writer, const void *key, size_t key_size,
                                       const lungo_image *image, int label);
lungo_status lungo_db_writer_commit(lungo_db_writer *writer);

/* Commits and frees. On failure, and when abandoned, it leaves nothing behind. */
lungo_status lungo_db_writer_close(lungo_db_writer *writer);
void lungo_db_writer_abandon(lungo_db_writer *writer);

/* A database record by record, in the order of the keys. */
typedef struct lungo_db_reader lungo_db_reader;

/* backend NULL: what the folder holds. An empty database is an error. */
lungo_status lungo_db_reader_open(lungo_db_reader **out, const char *backend, const char *path);
void lungo_db_reader_close(lungo_db_reader *reader);

/* "LMDB", "LevelDB"; how many records there are. */
const char *lungo_db_reader_backend(const lungo_db_reader *reader);
lungo_status lungo_db_reader_count(lungo_db_reader *reader, size_t *count);

/* To the first record, and from there to the next; *found false: there is none. */
lungo_status lungo_db_reader_next(lungo_db_reader *reader, bool *found);

/* The record it stands on, until the next move. That one is damaged is an error of this call alone:
 * the next record may be well. Encoded pictures are not decoded. */
const void *lungo_db_reader_key(const lungo_db_reader *reader, size_t *size);
lungo_status lungo_db_reader_datum(lungo_db_reader *reader, lungo_datum *datum);

/* An HDF5 file as HDF5Data sees it: the datasets of numbers at its top, in the order of names. */
typedef struct lungo_hdf5_file lungo_hdf5_file;
lungo_status lungo_hdf5_file_open(lungo_hdf5_file **out, const char *path);
void lungo_hdf5_file_close(lungo_hdf5_file *file);

size_t lungo_hdf5_file_count(const lungo_hdf5_file *file);
const char *lungo_hdf5_file_name(const lungo_hdf5_file *file, size_t index);
const lungo_shape *lungo_hdf5_file_shape(const lungo_hdf5_file *file, size_t index);
/* All values of one, which must be `count`, as floats. */
lungo_status lungo_hdf5_file_read(lungo_hdf5_file *file, size_t index, float *values, size_t count);

/* By the content; false too for what cannot be read. */
bool lungo_hdf5_file_is(const char *path);

/* A .npy file, which numpy.load reads: floats in an array of this shape, row-major. They come in
 * order, in pieces of any size, and as many as the shape says. The file appears at `path`, in place
 * of one that is there, when it is closed. */
typedef struct lungo_npy_writer lungo_npy_writer;
lungo_status lungo_npy_writer_open(lungo_npy_writer **out, const char *path,
                                   const lungo_shape *shape);
lungo_status lungo_npy_writer_put(lungo_npy_writer *writer, const float *values, size_t count);
/* Frees the writer. On failure, and when abandoned, it leaves nothing behind. */
lungo_status lungo_npy_writer_close(lungo_npy_writer *writer);
void lungo_npy_writer_abandon(lungo_npy_writer *writer);

/* The values as floats; the file has floats of 4 or 8 bytes, or single bytes. The caller frees
 * *values. */
lungo_status lungo_npy_read(float **values, lungo_shape *shape, const char *path);

/* A text file of lines `path label`, split at their last blank. An empty list is an error. */
typedef struct lungo_image_list lungo_image_list;
lungo_status lungo_image_list_open(lungo_image_list **out, const char *path);
void lungo_image_list_free(lungo_image_list *list);

size_t lungo_image_list_count(const lungo_image_list *list);
const char *lungo_image_list_path(const lungo_image_list *list, size_t index);
int lungo_image_list_label(const lungo_image_list *list, size_t index);

/* The order that Caffe's generator gives for this seed; negative: another one each time. */
lungo_status lungo_image_list_shuffle(lungo_image_list *list, long long seed);

/* The mean of all records of a database, value by value; encoded ones are decoded as stored. */
typedef struct lungo_mean {
    int channels, height, width;
    float *values;
} lungo_mean;

lungo_status lungo_mean_compute(lungo_mean *mean, const char *backend, const char *path);
/* A mean_file, or a .npy of channels x height x width (or just channels) values. */
lungo_status lungo_mean_load(lungo_mean *mean, const char *path);
lungo_status lungo_mean_save(const lungo_mean *mean, const char *path); /* as a mean_file */
void lungo_mean_dispose(lungo_mean *mean);

#ifdef __cplusplus
}
#endif
#endif
