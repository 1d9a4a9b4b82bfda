/* convert_imageset: the pictures that a list of lines `path label` names become a database for the
 * Data layer: their pixels, or with --encoded their files. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/lungo.h"
#include "support/companion.h"
#include "support/glog.h"

static bool gray, shuffle, check_size, encoded;
static const char *backend = "lmdb", *encode_type = "";
static int resize_width, resize_height, seed = -1;

static tool_flag flags[] = {
    {"gray", FLAG_BOOL, &gray, "Read the pictures as grayscale ones.", NULL, false},
    {"shuffle", FLAG_BOOL, &shuffle, "Put the pictures and their labels into a random order.", NULL,
     false},
    {"seed", FLAG_INT, &seed, "Of that order; negative: another order each time.", NULL, false},
    {"backend", FLAG_TEXT, &backend, "The kind of database to make: lmdb or leveldb.", NULL, false},
    {"resize_width", FLAG_INT, &resize_width, "Width that pictures are resized to; 0: as they are.",
     NULL, false},
    {"resize_height", FLAG_INT, &resize_height,
     "Height that pictures are resized to; 0: as they are.", NULL, false},
    {"check_size", FLAG_BOOL, &check_size, "End at a picture of another size than the first.", NULL,
     false},
    {"encoded", FLAG_BOOL, &encoded, "Keep picture files, not pixels.", NULL, false},
    {"encode_type", FLAG_TEXT, &encode_type,
     "The format to keep them in (png, jpg, ...); empty: by the file's name.", NULL, false},
    {0},
};

enum { PER_COMMIT = 1000 };

typedef struct conversion {
    const char *root;
    lungo_image_list *list;
    lungo_db_writer *writer;
    lungo_image image, resized;
    int first[3]; /* channels, height and width of the first picture, for check_size */
    size_t done, missed;
    char *path, *key; /* of the picture at hand */
} conversion;

/* Functions below are false when they fail, after saying why. */

static bool succeeded(lungo_status status) {
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

static void log_info(int line, const char *text, size_t count) {
    glog_line(LUNGO_LOG_INFO, "convert_imageset.cpp", line, text, count);
}

/* ---- one picture ---- */

static bool same_word(const char *left, const char *right) {
    while (*left && tolower((unsigned char)*left) == tolower((unsigned char)*right))
        left++, right++;
    return !*left && !*right;
}

/* The ending of a file's name; without a point the whole name. */
static const char *ending(const char *path) {
    const char *point = strrchr(path, '.');
    return point ? point + 1 : path;
}

/* The format to keep the file in; "" for pixels. */
static const char *type_of(const char *path) {
    if (*encode_type || !encoded) return encode_type;
    if (!strchr(path, '.'))
        glog_line(LUNGO_LOG_WARNING, "convert_imageset.cpp", 117,
                  "Failed to guess the encoding of '%s'", path);
    return ending(path);
}

static bool matches(const char *path, const char *type) {
    return same_word(ending(path), type) ||
           (same_word(type, "jpg") && same_word(ending(path), "jpeg"));
}

/* The file itself when nothing is changed about it. */
static bool read_file(unsigned char **bytes, size_t *size, const char *path) {
    FILE *file = fopen(path, "rb");
    long length = file && !fseek(file, 0, SEEK_END) ? ftell(file) : -1;
    *bytes = length > 0 && !fseek(file, 0, SEEK_SET) ? malloc((size_t)length) : NULL;
    *size = *bytes ? fread(*bytes, 1, (size_t)length, file) : 0;
    if (file) fclose(file);
    if (*size && *size == (size_t)length) return true;
    free(*bytes);
    glog_complain("cannot read '%s'", path);
    return false;
}

static bool put_file(conversion *job, const lungo_image *image, const char *type, int label) {
    unsigned char *bytes;
    size_t size;
    bool as_it_is = resize_height <= 0 && resize_width <= 0 && matches(job->path, type);
    bool got = as_it_is ? read_file(&bytes, &size, job->path)
                        : succeeded(lungo_image_encode(&bytes, &size, image, type));
    if (!got) return false;
    lungo_datum datum = {.data = bytes,
                         .data_size = size,
                         .label = label,
                         .has_label = true,
                         .encoded = true,
                         .has_encoded = true};
    lungo_status status = lungo_db_writer_put(job->writer, job->key, strlen(job->key), &datum);
    free(bytes);
    return succeeded(status);
}

static bool fits(conversion *job, const lungo_image *image) {
    int shape[3] = {image->channels, image->height, image->width};
    if (job->done == 0) memcpy(job->first, shape, sizeof shape);
    if (!check_size || !memcmp(job->first, shape, sizeof shape)) return true;
    glog_complain("'%s': expected the size of the first picture, %dx%dx%d, got %dx%dx%d; "
                  "resize_width and resize_height make all alike",
                  job->path, job->first[0], job->first[1], job->first[2], shape[0], shape[1],
                  shape[2]);
    return false;
}

static bool put(conversion *job, int label) {
    const lungo_image *image = &job->image;
    const char *type = type_of(job->path + strlen(job->root));
    if (resize_height > 0 && resize_width > 0) {
        if (!succeeded(lungo_image_resize(&job->resized, &job->image, resize_height, resize_width)))
            return false;
        image = &job->resized;
    }
    if (!fits(job, image)) return false;
    if (*type) return put_file(job, image, type, label);
    return succeeded(
        lungo_db_writer_put_image(job->writer, job->key, strlen(job->key), image, label));
}

/* ---- all pictures ---- */

/* As Caffe does it, a picture that cannot be read is left out; not so when it is no fault of the
 * picture. */
static bool convert_one(conversion *job, size_t index) {
    const char *path = lungo_image_list_path(job->list, index);
    free(job->path);
    free(job->key);
    job->path = job->key = NULL;
    if (asprintf(&job->path, "%s%s", job->root, path) < 0 ||
        asprintf(&job->key, "%08zu_%s", index, path) < 0) {
        glog_complain("out of memory");
        return false;
    }
    lungo_status status =
        lungo_image_read(&job->image, job->path, gray ? LUNGO_IMAGE_GRAY : LUNGO_IMAGE_COLOR);
    if (status == LUNGO_ERR_UNSUPPORTED || status == LUNGO_ERR_MEMORY) return succeeded(status);
    if (status) {
        glog_line(LUNGO_LOG_ERROR, "io.cpp", 80, "Could not open or find file %s\n%s", job->path,
                  lungo_error_text());
        job->missed++;
        return true;
    }
    if (!put(job, lungo_image_list_label(job->list, index))) return false;
    if (++job->done % PER_COMMIT) return true;
    if (!succeeded(lungo_db_writer_commit(job->writer))) return false;
    log_info(147, "Processed %zu files.", job->done);
    return true;
}

static bool finish(conversion *job) {
    if (job->missed)
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "%zu of %zu pictures could not be read and are left out", job->missed,
                  lungo_image_list_count(job->list));
    if (!job->done) {
        glog_complain("none of the pictures could be read: no database is made");
        return false;
    }
    lungo_db_writer *writer = job->writer;
    job->writer = NULL;
    if (!succeeded(lungo_db_writer_close(writer))) return false;
    if (job->done % PER_COMMIT) log_info(153, "Processed %zu files.", job->done);
    return true;
}

static bool convert(conversion *job, const char *const *paths) {
    job->root = paths[0];
    if (!succeeded(lungo_image_list_open(&job->list, paths[1]))) return false;
    if (shuffle) {
        glog_line(LUNGO_LOG_INFO, "convert_imageset.cpp", 86, "Shuffling data");
        if (!succeeded(lungo_image_list_shuffle(job->list, seed))) return false;
    }
    size_t count = lungo_image_list_count(job->list);
    log_info(89, "A total of %zu images.", count);
    if (*encode_type && !encoded)
        glog_line(LUNGO_LOG_INFO, "convert_imageset.cpp", 92,
                  "encode_type specified, assuming encoded=true.");
    if (!succeeded(lungo_db_writer_open(&job->writer, backend, paths[2]))) return false;
    for (size_t i = 0; i < count; i++)
        if (!convert_one(job, i)) return false;
    return finish(job);
}

static void dispose(conversion *job) {
    lungo_db_writer_abandon(job->writer);
    lungo_image_list_free(job->list);
    lungo_image_dispose(&job->image);
    lungo_image_dispose(&job->resized);
    free(job->path);
    free(job->key);
}

static int run(const char *const *words, int count) {
    (void)count;
    conversion job = {.image = LUNGO_IMAGE_INIT, .resized = LUNGO_IMAGE_INIT};
    bool done = convert(&job, words);
    dispose(&job);
    return done ? 0 : 1;
}

int main(int argc, char **argv) {
    static const companion tool = {
        .name = "convert_imageset",
        .usage = "convert_imageset: make a database of the pictures that a list names\n"
                 "usage: convert_imageset <flags> ROOTFOLDER/ LISTFILE DATABASE\n"
                 "Lines of the list: a path, which is put behind ROOTFOLDER/, a blank, and a "
                 "label.\nDATABASE must not exist yet.\n",
        .flags = flags,
        .least = 3,
        .most = 3,
        .run = run};
    return companion_main(&tool, argc, argv);
}
