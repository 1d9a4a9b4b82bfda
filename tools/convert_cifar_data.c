/* convert_cifar_data: the binary batches of CIFAR-10 become two databases for the Data layer. A
 * batch is up to 10000 records: a byte of label, then 32 x 32 bytes of red, of green and of blue.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/lungo.h"
#include "support/companion.h"
#include "support/glog.h"

enum {
    SIDE = 32,
    CHANNELS = 3,
    PIXELS = CHANNELS * SIDE * SIDE,
    RECORD = 1 + PIXELS,
    BATCH = 10000, /* records, at most */
    TRAIN_BATCHES = 5,
    LABELS = 10,
    PER_COMMIT = 1000
};

/* Functions below are false when they fail, after saying why. */

typedef struct conversion {
    const char *input, *output, *backend;
    lungo_db_writer *train, *test; /* both get their names only when both are whole */
} conversion;

typedef struct cifar_batch {
    char *path;
    FILE *file;
    size_t count;
    unsigned char record[RECORD];
} cifar_batch;

static bool open_batch(cifar_batch *batch, const char *folder, const char *name) {
    if (asprintf(&batch->path, "%s/%s", folder, name) < 0) {
        batch->path = NULL;
        glog_complain("out of memory");
        return false;
    }
    batch->file = fopen(batch->path, "rb");
    long size = batch->file && !fseek(batch->file, 0, SEEK_END) ? ftell(batch->file) : -1;
    if (size < 0 || fseek(batch->file, 0, SEEK_SET)) {
        glog_complain("cannot read '%s': %s", batch->path, strerror(errno));
        return false;
    }
    batch->count = (size_t)size / RECORD;
    if (size % RECORD == 0 && batch->count > 0 && batch->count <= BATCH) return true;
    glog_complain("'%s' is no batch of CIFAR-10: expected 1 to %d records of %d bytes, got %ld "
                  "bytes",
                  batch->path, BATCH, RECORD, size);
    return false;
}

static void close_batch(cifar_batch *batch) {
    if (batch->file) fclose(batch->file);
    free(batch->path);
}

static bool read_record(cifar_batch *batch, size_t index) {
    if (fread(batch->record, RECORD, 1, batch->file) != 1) {
        glog_complain("cannot read record %zu of '%s'", index, batch->path);
        return false;
    }
    if (batch->record[0] < LABELS) return true;
    glog_complain("record %zu of '%s': expected a label below %d, got %d", index, batch->path,
                  LABELS, batch->record[0]);
    return false;
}

static bool put_record(lungo_db_writer *writer, const cifar_batch *batch, size_t number) {
    char key[24];
    int length = snprintf(key, sizeof key, "%05zu", number);
    lungo_datum datum = {.channels = CHANNELS,
                         .height = SIDE,
                         .width = SIDE,
                         .data = batch->record + 1,
                         .data_size = PIXELS,
                         .label = batch->record[0],
                         .has_label = true};
    lungo_status status = lungo_db_writer_put(writer, key, (size_t)length, &datum);
    if (!status && (number + 1) % PER_COMMIT == 0) status = lungo_db_writer_commit(writer);
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

/* Records are numbered from *number on. */
static bool convert_batch(lungo_db_writer *writer, const char *folder, const char *name,
                          size_t *number) {
    cifar_batch batch = {0};
    bool done = open_batch(&batch, folder, name);
    for (size_t i = 0; done && i < batch.count; i++)
        done = read_record(&batch, i) && put_record(writer, &batch, (*number)++);
    close_batch(&batch);
    return done;
}

static bool open_database(lungo_db_writer **writer, const conversion *job, const char *set) {
    char *path;
    if (asprintf(&path, "%s/cifar10_%s_%s", job->output, set, job->backend) < 0) {
        glog_complain("out of memory");
        return false;
    }
    lungo_status status = lungo_db_writer_open(writer, job->backend, path);
    free(path);
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

static void log_step(int line, const char *text) {
    glog_line(LUNGO_LOG_INFO, "convert_cifar_data.cpp", line, "%s", text);
}

static bool convert_train(conversion *job) {
    size_t number = 0;
    if (!open_database(&job->train, job, "train")) return false;
    log_step(52, "Writing Training data");
    for (int i = 1; i <= TRAIN_BATCHES; i++) {
        char name[32], text[32];
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        snprintf(text, sizeof text, "Training Batch %d", i);
        log_step(55, text);
        if (!convert_batch(job->train, job->input, name, &number)) return false;
    }
    return true;
}

static bool convert_test(conversion *job) {
    size_t number = 0;
    log_step(73, "Writing Testing data");
    return open_database(&job->test, job, "test") &&
           convert_batch(job->test, job->input, "test_batch.bin", &number);
}

static bool finish(lungo_db_writer **writer) {
    lungo_db_writer *finished = *writer;
    *writer = NULL;
    if (!lungo_db_writer_close(finished)) return true;
    glog_report_error();
    return false;
}

static int run(const char *const *words, int count) {
    (void)count;
    conversion job = {.input = words[0], .output = words[1], .backend = words[2]};
    bool done =
        convert_train(&job) && convert_test(&job) && finish(&job.train) && finish(&job.test);
    lungo_db_writer_abandon(job.train);
    lungo_db_writer_abandon(job.test);
    return done ? 0 : 1;
}

int main(int argc, char **argv) {
    static tool_flag flags[] = {{0}};
    static const companion tool = {
        .page = {.name = "convert_cifar_data",
                 .words = "INPUT_FOLDER OUTPUT_FOLDER DB_TYPE",
                 .brief = "make databases of the binary batches of CIFAR-10",
                 .about = "INPUT_FOLDER holds data_batch_1.bin to data_batch_5.bin and "
                          "test_batch.bin, as http://www.cs.toronto.edu/~kriz/cifar.html has them, "
                          "unpacked. DB_TYPE is lmdb or leveldb; cifar10_train_<DB_TYPE> and "
                          "cifar10_test_<DB_TYPE> must not exist yet.",
                 .examples = "convert_cifar_data cifar-10-batches-bin examples/cifar10 lmdb"},
        .flags = flags,
        .least = 3,
        .most = 3,
        .run = run};
    return companion_main(&tool, argc, argv);
}
