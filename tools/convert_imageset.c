/* convert_imageset: the pictures that a list of lines `path label` names become a database for the
 * Data layer: their pixels, or with --encoded their files. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/lungo.h"
#include "support/companion.h"
#include "support/glog.h"
#include "support/ordered.h"
#include "support/progress.h"

static bool gray, shuffle, check_size, encoded;
static const char *backend = "lmdb", *encode_type = "";
static int resize_width, resize_height, seed = -1, threads;

static tool_flag flags[] = {
    {"gray", FLAG_BOOL, &gray, NULL, "Read the pictures as grayscale ones.", NULL, false},
    {"shuffle", FLAG_BOOL, &shuffle, NULL, "Put the pictures and their labels into a random order.",
     NULL, false},
    {"seed", FLAG_INT, &seed, "N", "Of that order; negative: another order each time.", NULL,
     false},
    {"backend", FLAG_TEXT, &backend, "lmdb|leveldb",
     "The kind of database to make: lmdb or leveldb.", NULL, false},
    {"resize_width", FLAG_INT, &resize_width, "N",
     "Width that pictures are resized to; 0: as they are.", NULL, false},
    {"resize_height", FLAG_INT, &resize_height, "N",
     "Height that pictures are resized to; 0: as they are.", NULL, false},
    {"check_size", FLAG_BOOL, &check_size, NULL, "End at a picture of another size than the first.",
     NULL, false},
    {"encoded", FLAG_BOOL, &encoded, NULL, "Keep picture files, not pixels.", NULL, false},
    {"encode_type", FLAG_TEXT, &encode_type, "png|jpg|bmp",
     "The format to keep them in (png, jpg, ...); empty: by the file's name.", NULL, false},
    {"threads", FLAG_INT, &threads, "N", "How many threads decode; 0: one for each core.", NULL,
     false},
    {0},
};

enum { PER_COMMIT = 1000 };

typedef struct conversion {
    const char *root;
    lungo_image_list *list;
    lungo_db_writer *writer;
    bool on_terminal;
    int first[3]; /* channels, height and width of the first picture, for check_size */
    size_t done, missed;
} conversion;

/* One picture on its way from the list to the database. */
typedef struct list_picture {
    char *path, *key;
    lungo_image image, resized;
    const lungo_image *shown; /* of these two, the one that is kept */
    unsigned char *file;      /* NULL: its pixels are kept */
    size_t file_size;
    lungo_status status; /* of reading and all after it, with its text; NULL: none */
    bool is_read;
    char *error;
} list_picture;

/* Functions below are false when they fail, after saying why. */

static bool succeeded(lungo_status status) {
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

static void log_info(int line, const char *text, size_t count) {
    glog_line(LUNGO_LOG_INFO, "convert_imageset.cpp", line, text, count);
}

/* ---- one picture, on any thread ---- */

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
    return *encode_type || !encoded ? encode_type : ending(path);
}

static bool matches(const char *path, const char *type) {
    return same_word(ending(path), type) ||
           (same_word(type, "jpg") && same_word(ending(path), "jpeg"));
}

static void fail(list_picture *picture, lungo_status status) {
    picture->status = status;
    picture->error = status == LUNGO_OK ? NULL : strdup(lungo_error_text());
}

static void fail_file(list_picture *picture) {
    picture->status = LUNGO_ERR_FILE;
    if (asprintf(&picture->error, "lungo: cannot read '%s'", picture->path) < 0)
        picture->error = NULL;
}

/* The file itself when nothing is changed about it. */
static void read_file(list_picture *picture) {
    FILE *file = fopen(picture->path, "rb");
    long length = file && !fseek(file, 0, SEEK_END) ? ftell(file) : -1;
    picture->file = length > 0 && !fseek(file, 0, SEEK_SET) ? malloc((size_t)length) : NULL;
    picture->file_size = picture->file ? fread(picture->file, 1, (size_t)length, file) : 0;
    if (file) fclose(file);
    if (!picture->file_size || picture->file_size != (size_t)length) fail_file(picture);
}

static void make_file(list_picture *picture, const char *type) {
    if (resize_height <= 0 && resize_width <= 0 && matches(picture->path, type))
        read_file(picture);
    else
        fail(picture,
             lungo_image_encode(&picture->file, &picture->file_size, picture->shown, type));
}

static void resize(list_picture *picture) {
    picture->shown = &picture->image;
    if (resize_height <= 0 || resize_width <= 0) return;
    picture->shown = &picture->resized;
    fail(picture,
         lungo_image_resize(&picture->resized, &picture->image, resize_height, resize_width));
}

static bool set_names(list_picture *picture, const conversion *job, size_t index) {
    const char *path = lungo_image_list_path(job->list, index);
    if (asprintf(&picture->path, "%s%s", job->root, path) < 0) picture->path = NULL;
    if (asprintf(&picture->key, "%08zu_%s", index, path) < 0) picture->key = NULL;
    if (picture->path && picture->key) return true;
    picture->status = LUNGO_ERR_MEMORY;
    return false;
}

static void forget(list_picture *picture) {
    free(picture->path);
    free(picture->key);
    free(picture->file);
    free(picture->error);
    picture->path = picture->key = picture->error = NULL;
    picture->file = NULL;
}

/* All that can be done out of order, on any thread. */
static void prepare(void *user, void *slot, size_t index) {
    const conversion *job = user;
    list_picture *picture = slot;
    forget(picture);
    picture->status = LUNGO_OK;
    picture->is_read = false;
    if (!set_names(picture, job, index)) return;
    fail(picture, lungo_image_read(&picture->image, picture->path,
                                   gray ? LUNGO_IMAGE_GRAY : LUNGO_IMAGE_COLOR));
    picture->is_read = picture->status == LUNGO_OK;
    const char *type = type_of(lungo_image_list_path(job->list, index));
    if (!picture->status) resize(picture);
    if (!picture->status && *type) make_file(picture, type);
}

static void release(void *slot) {
    list_picture *picture = slot;
    forget(picture);
    lungo_image_dispose(&picture->image);
    lungo_image_dispose(&picture->resized);
}

/* ---- all pictures, in order ---- */

static bool fits(conversion *job, const list_picture *picture) {
    const lungo_image *image = picture->shown;
    int shape[3] = {image->channels, image->height, image->width};
    if (job->done == 0) memcpy(job->first, shape, sizeof shape);
    if (!check_size || !memcmp(job->first, shape, sizeof shape)) return true;
    glog_complain("'%s': expected the size of the first picture, %dx%dx%d, got %dx%dx%d; "
                  "resize_width and resize_height make all alike",
                  picture->path, job->first[0], job->first[1], job->first[2], shape[0], shape[1],
                  shape[2]);
    return false;
}

static bool put(conversion *job, const list_picture *picture, int label) {
    size_t key_size = strlen(picture->key);
    if (!picture->file)
        return succeeded(
            lungo_db_writer_put_image(job->writer, picture->key, key_size, picture->shown, label));
    lungo_datum datum = {.data = picture->file,
                         .data_size = picture->file_size,
                         .label = label,
                         .has_label = true,
                         .encoded = true,
                         .has_encoded = true};
    return succeeded(lungo_db_writer_put(job->writer, picture->key, key_size, &datum));
}

static void show_count(const conversion *job) {
    if (!job->on_terminal) log_info(147, "Processed %zu files.", job->done);
}

/* As Caffe does it, a picture that cannot be read is left out; not so when it is no fault of the
 * picture. */
static bool leave_out(conversion *job, const list_picture *picture) {
    const char *reason = picture->error ? picture->error : "lungo: out of memory";
    if (picture->is_read || picture->status == LUNGO_ERR_UNSUPPORTED ||
        picture->status == LUNGO_ERR_MEMORY) {
        glog_pass_on(reason);
        return false;
    }
    glog_line(LUNGO_LOG_ERROR, "io.cpp", 80, "Could not open or find file %s\n%s", picture->path,
              reason);
    job->missed++;
    return true;
}

static bool take(void *user, void *slot, size_t index) {
    conversion *job = user;
    const list_picture *picture = slot;
    const char *path = lungo_image_list_path(job->list, index);
    progress_show(index);
    if (picture->status && !picture->is_read) return leave_out(job, picture);
    if (encoded && !*encode_type && !strchr(path, '.'))
        glog_line(LUNGO_LOG_WARNING, "convert_imageset.cpp", 117,
                  "Failed to guess the encoding of '%s'", path);
    if (picture->status) return leave_out(job, picture);
    if (!fits(job, picture) || !put(job, picture, lungo_image_list_label(job->list, index)))
        return false;
    if (++job->done % PER_COMMIT) return true;
    if (!succeeded(lungo_db_writer_commit(job->writer))) return false;
    show_count(job);
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
    if (job->done % PER_COMMIT || job->on_terminal)
        log_info(153, "Processed %zu files.", job->done);
    return true;
}

static bool convert_all(conversion *job) {
    ordered_work work = {.count = lungo_image_list_count(job->list),
                         .threads = threads,
                         .slot_size = sizeof(list_picture),
                         .user = job,
                         .work = prepare,
                         .take = take,
                         .release = release};
    job->on_terminal = progress_start(work.count);
    bool done = ordered_run(&work);
    progress_stop();
    return done && finish(job);
}

static bool convert(conversion *job, const char *const *paths) {
    job->root = paths[0];
    if (!succeeded(lungo_image_list_open(&job->list, paths[1]))) return false;
    if (shuffle) {
        glog_line(LUNGO_LOG_INFO, "convert_imageset.cpp", 86, "Shuffling data");
        if (!succeeded(lungo_image_list_shuffle(job->list, seed))) return false;
    }
    log_info(89, "A total of %zu images.", lungo_image_list_count(job->list));
    if (*encode_type && !encoded)
        glog_line(LUNGO_LOG_INFO, "convert_imageset.cpp", 92,
                  "encode_type specified, assuming encoded=true.");
    return succeeded(lungo_db_writer_open(&job->writer, backend, paths[2])) && convert_all(job);
}

static void dispose(conversion *job) {
    lungo_db_writer_abandon(job->writer);
    lungo_image_list_free(job->list);
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
        .page = {.name = "convert_imageset",
                 .words = "[flags] ROOTFOLDER/ LISTFILE DATABASE",
                 .brief = "make a database of the pictures that a list names",
                 .about = "Lines of the list: a path, which is put behind ROOTFOLDER/, a blank, "
                          "and a label. DATABASE must not exist yet.",
                 .examples = "convert_imageset -resize_width=256 -resize_height=256 -shuffle "
                             "/data/train/ train.txt train_lmdb"},
        .flags = flags,
        .least = 3,
        .most = 3,
        .run = run};
    return companion_main(&tool, argc, argv);
}
