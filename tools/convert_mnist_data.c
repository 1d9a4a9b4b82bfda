/* convert_mnist_data: images and labels in the IDX files of MNIST (and of the sets made like it)
 * become a database for the Data layer. Big-endian words: magic, count, for images rows and
 * columns; then bytes. Files may be compressed with gzip. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lungo/lungo.h"
#include "support/companion.h"
#include "support/glog.h"

static const char *backend = "lmdb";

static tool_flag flags[] = {
    {"backend", FLAG_TEXT, &backend, "lmdb|leveldb", "The kind of database to make.", NULL, false},
    {0},
};

enum { IMAGES_MAGIC = 2051, LABELS_MAGIC = 2049, PER_COMMIT = 1000, PIECE = 1 << 20 };

/* Functions below are false when they fail, after saying why. */

typedef struct idx_file {
    const char *path;
    gzFile stream;
    uint32_t count;
} idx_file;

static bool read_exactly(idx_file *file, void *bytes, size_t size, const char *what) {
    int got = gzread(file->stream, bytes, (unsigned)size);
    if (got == (int)size) return true;
    int code;
    const char *reason = gzerror(file->stream, &code);
    if (got < 0) {
        glog_complain("cannot read '%s': %s", file->path, reason);
        return false;
    }
    glog_complain("'%s' is cut: expected %zu bytes of %s, got %d", file->path, size, what, got);
    return false;
}

static bool read_word(idx_file *file, uint32_t *word) {
    unsigned char bytes[4];
    if (!read_exactly(file, bytes, sizeof bytes, "its header")) return false;
    *word =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

/* Up to the count, which all IDX files have. */
static bool open_idx(idx_file *file, const char *path, uint32_t magic, const char *kind) {
    uint32_t got;
    file->path = path;
    errno = 0;
    file->stream = gzopen(path, "rb");
    if (!file->stream) {
        glog_complain("cannot open '%s': %s", path, errno ? strerror(errno) : "out of memory");
        return false;
    }
    if (!read_word(file, &got)) return false;
    if (got != magic) {
        glog_complain("'%s' is no IDX file of %s: expected the magic number %" PRIu32
                      ", got %" PRIu32,
                      path, kind, magic, got);
        return false;
    }
    return read_word(file, &file->count);
}

typedef struct conversion {
    idx_file images, labels;
    uint32_t rows, columns;
    unsigned char *pixels; /* of one image; as many as the file was seen to have */
    size_t room;
    lungo_db_writer *writer;
} conversion;

static bool open_files(conversion *job, const char *images, const char *labels) {
    if (!open_idx(&job->images, images, IMAGES_MAGIC, "images")) return false;
    if (!open_idx(&job->labels, labels, LABELS_MAGIC, "labels")) return false;
    if (job->images.count != job->labels.count || job->images.count == 0) {
        glog_complain("expected as many labels as images, at least 1, got %" PRIu32
                      " images in '%s' and %" PRIu32 " labels in '%s'",
                      job->images.count, images, job->labels.count, labels);
        return false;
    }
    if (!read_word(&job->images, &job->rows) || !read_word(&job->images, &job->columns))
        return false;
    uint64_t size = (uint64_t)job->rows * job->columns;
    if (job->rows == 0 || job->columns == 0 || size > INT_MAX) {
        glog_complain("'%s': expected images of 1 to %d pixels, got %" PRIu32 "x%" PRIu32, images,
                      INT_MAX, job->rows, job->columns);
        return false;
    }
    return true;
}

/* What a header promises gets memory as it arrives, in pieces. */
static bool make_room(conversion *job, size_t needed, size_t size) {
    if (needed <= job->room) return true;
    size_t room = needed > size / 2 ? size : 2 * needed;
    unsigned char *pixels = realloc(job->pixels, room);
    if (!pixels) {
        glog_complain("out of memory: an image needs %zu bytes", size);
        return false;
    }
    job->pixels = pixels;
    job->room = room;
    return true;
}

static bool read_image(conversion *job, size_t size, const char *what) {
    for (size_t have = 0; have < size;) {
        size_t piece = size - have < PIECE ? size - have : PIECE;
        if (!make_room(job, have + piece, size)) return false;
        if (!read_exactly(&job->images, job->pixels + have, piece, what)) return false;
        have += piece;
    }
    return true;
}

static bool convert_one(conversion *job, uint32_t index) {
    char what[32], key[16];
    unsigned char label;
    snprintf(what, sizeof what, "item %" PRIu32, index);
    size_t size = (size_t)job->rows * job->columns;
    if (!read_image(job, size, what)) return false;
    if (!read_exactly(&job->labels, &label, 1, what)) return false;
    lungo_datum datum = {.channels = 1,
                         .height = (int)job->rows,
                         .width = (int)job->columns,
                         .data = job->pixels,
                         .data_size = size,
                         .label = label,
                         .has_label = true};
    int length = snprintf(key, sizeof key, "%08" PRIu32, index);
    lungo_status status = lungo_db_writer_put(job->writer, key, (size_t)length, &datum);
    if (!status && (index + 1) % PER_COMMIT == 0) status = lungo_db_writer_commit(job->writer);
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

static bool convert_all(conversion *job) {
    uint32_t count = job->images.count;
    glog_line(LUNGO_LOG_INFO, "convert_mnist_data.cpp", 88, "A total of %" PRIu32 " items.", count);
    glog_line(LUNGO_LOG_INFO, "convert_mnist_data.cpp", 89, "Rows: %" PRIu32 " Cols: %" PRIu32,
              job->rows, job->columns);
    for (uint32_t i = 0; i < count; i++)
        if (!convert_one(job, i)) return false;
    lungo_db_writer *writer = job->writer;
    job->writer = NULL;
    if (lungo_db_writer_close(writer)) {
        glog_report_error();
        return false;
    }
    glog_line(LUNGO_LOG_INFO, "convert_mnist_data.cpp", 108, "Processed %" PRIu32 " files.", count);
    return true;
}

static bool convert(conversion *job, const char *const *paths) {
    if (!open_files(job, paths[0], paths[1])) return false;
    if (!lungo_db_writer_open(&job->writer, backend, paths[2])) return convert_all(job);
    glog_report_error();
    return false;
}

static void dispose(conversion *job) {
    if (job->images.stream) gzclose(job->images.stream);
    if (job->labels.stream) gzclose(job->labels.stream);
    free(job->pixels);
    lungo_db_writer_abandon(job->writer);
}

static int run(const char *const *words, int count) {
    (void)count;
    conversion job = {0};
    bool done = convert(&job, words);
    dispose(&job);
    return done ? 0 : 1;
}

int main(int argc, char **argv) {
    static const companion tool = {
        .page = {.name = "convert_mnist_data",
                 .words = "[flags] IMAGES LABELS DATABASE",
                 .brief = "make a database of the IDX files of MNIST",
                 .about = "IMAGES and LABELS may be compressed (.gz); DATABASE must not exist yet.",
                 .examples = "convert_mnist_data train-images-idx3-ubyte.gz "
                             "train-labels-idx1-ubyte.gz mnist_train_lmdb"},
        .flags = flags,
        .least = 3,
        .most = 3,
        .run = run};
    return companion_main(&tool, argc, argv);
}
