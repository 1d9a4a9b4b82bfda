/* Databases for the Data layer: records of images, or of any other arrays, with a label each.
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
 * "lmdb"; "leveldb" is known but not in this build. */
lungo_status lungo_db_writer_open(lungo_db_writer **out, const char *backend, const char *path);

/* Records are read back in the order of their keys, byte by byte: number them with leading zeros.
 * They wait in memory for the next commit: one every 1000 records is usual. */
lungo_status lungo_db_writer_put(lungo_db_writer *writer, const void *key, size_t key_size,
                                 const lungo_datum *datum);
lungo_status lungo_db_writer_commit(lungo_db_writer *writer);

/* Commits and frees. On failure, and when abandoned, it leaves nothing behind. */
lungo_status lungo_db_writer_close(lungo_db_writer *writer);
void lungo_db_writer_abandon(lungo_db_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
