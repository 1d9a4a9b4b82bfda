/* The mean of all records of a database. Sums are floats, added in key order, as in Caffe: another
 * way of adding would give other last digits. */
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "caffe.pb-c.h"
#include "data/datum.h"
#include "data/decoder.h"
#include "store/database.h"

typedef struct mean_job {
    lungo_database *database;
    lungo_decoder decoder;
    lungo_buffer floats;
    lungo_mean *mean;
    size_t size; /* values of a record */
    size_t done;
} mean_job;

static lungo_status start_sums(mean_job *job, const lungo_datum *first) {
    lungo_mean *mean = job->mean;
    *mean = (lungo_mean){first->channels, first->height, first->width, NULL};
    job->size = (size_t)mean->channels * (size_t)mean->height * (size_t)mean->width;
    mean->values = calloc(job->size, sizeof *mean->values);
    return mean->values ? LUNGO_OK : lungo_fail_memory("a mean", job->size * sizeof(float));
}

static void add(float *sums, const lungo_datum *datum, size_t size) {
    const unsigned char *bytes = datum->data;
    for (size_t i = 0; i < size; i++)
        sums[i] += datum->data_size ? (float)bytes[i] : datum->float_data[i];
}

static void log_start(const lungo_datum *first) {
    if (first->encoded) lungo_log_info("compute_image_mean.cpp", 57, "Decoding Datum");
    lungo_log_info("compute_image_mean.cpp", 70, "Starting iteration");
}

static lungo_status add_record(mean_job *job) {
    lungo_datum datum;
    lungo_bytes value = lungo_database_value(job->database);
    LUNGO_TRY(lungo_datum_decode(&datum, &job->floats, value.data, value.size));
    if (job->done == 0) log_start(&datum);
    LUNGO_TRY(lungo_decoder_unpack(&job->decoder, &datum, LUNGO_IMAGE_AS_STORED));
    if (job->done == 0) LUNGO_TRY(start_sums(job, &datum));
    size_t size = datum.data_size ? datum.data_size : datum.float_count;
    if (size != job->size)
        return lungo_fail(LUNGO_ERR_DATA,
                          "expected records of one size: %zu values as in the first, got %zu",
                          job->size, size);
    add(job->mean->values, &datum, size);
    if (++job->done % 10000 == 0)
        lungo_log_info("compute_image_mean.cpp", 95, "Processed %zu files.", job->done);
    return LUNGO_OK;
}

static lungo_status add_all(mean_job *job) {
    bool found;
    LUNGO_TRY(lungo_database_first(job->database, &found));
    while (found) {
        if (add_record(job)) {
            lungo_bytes key = lungo_database_key(job->database);
            return lungo_trail("in record '%.*s' of '%s'", (int)key.size, (const char *)key.data,
                               lungo_database_path(job->database));
        }
        LUNGO_TRY(lungo_database_next(job->database, &found));
    }
    if (job->done % 10000)
        lungo_log_info("compute_image_mean.cpp", 101, "Processed %zu files.", job->done);
    for (size_t i = 0; i < job->size; i++)
        job->mean->values[i] /= (float)job->done;
    return LUNGO_OK;
}

lungo_status lungo_mean_compute(lungo_mean *mean, const char *backend, const char *path) {
    lungo_backend kind;
    mean_job job = {.mean = mean};
    *mean = (lungo_mean){0};
    LUNGO_TRY(lungo_backend_find(&kind, backend));
    LUNGO_TRY(lungo_database_open(&job.database, kind, path));
    lungo_status status = add_all(&job);
    lungo_database_close(job.database);
    lungo_decoder_dispose(&job.decoder);
    lungo_buffer_dispose(&job.floats);
    if (status) lungo_mean_dispose(mean);
    return status;
}

/* A BlobProto with the dimensions of old, which every Caffe reads. */
lungo_status lungo_mean_save(const lungo_mean *mean, const char *path) {
    Caffe__BlobProto blob = CAFFE__BLOB_PROTO__INIT;
    blob.has_num = blob.has_channels = blob.has_height = blob.has_width = true;
    blob.num = 1;
    blob.channels = mean->channels;
    blob.height = mean->height;
    blob.width = mean->width;
    blob.n_data = (size_t)mean->channels * (size_t)mean->height * (size_t)mean->width;
    blob.data = mean->values;
    size_t size = caffe__blob_proto__get_packed_size(&blob);
    uint8_t *bytes = malloc(size);
    if (!bytes) return lungo_fail_memory("a mean file", size);
    caffe__blob_proto__pack(&blob, bytes);
    lungo_status status = lungo_file_replace(path, bytes, size);
    free(bytes);
    return status;
}

void lungo_mean_dispose(lungo_mean *mean) {
    free(mean->values);
    *mean = (lungo_mean){0};
}
