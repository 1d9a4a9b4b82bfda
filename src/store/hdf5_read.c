/* The reading half of store/hdf5.h: questions to the child that has the file open, hdf5_ask.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/hdf5_ask.h"

lungo_status lungo_hdf5_check(void) {
    return LUNGO_OK;
}

/* ---- by the content: a signature at byte 0, 512, 1024, 2048, ... ---- */

static lungo_status find_signature(bool *found, int file, off_t size, const char *path) {
    static const char signature[8] = "\x89HDF\r\n\x1a\n";
    char bytes[sizeof signature];
    for (off_t at = 0; !*found && at + (off_t)sizeof bytes <= size; at = at ? 2 * at : 512) {
        ssize_t got = pread(file, bytes, sizeof bytes, at);
        if (got < 0) return lungo_fail_errno("read", path);
        *found = got == (ssize_t)sizeof bytes && memcmp(bytes, signature, sizeof bytes) == 0;
    }
    return LUNGO_OK;
}

lungo_status lungo_hdf5_is_file(bool *out, const char *path) {
    struct stat info;
    *out = false;
    if (stat(path, &info) || !S_ISREG(info.st_mode)) return LUNGO_OK;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return lungo_fail_errno("open", path);
    lungo_status status = find_signature(out, file, info.st_size, path);
    close(file);
    return status;
}

/* ---- questions ---- */

/* An answer of exactly `size` bytes. */
static lungo_status ask_fixed(lungo_hdf5 *file, lungo_hdf5_request request, const char *name,
                              void *out, size_t size) {
    LUNGO_TRY(lungo_hdf5_ask(&size, file, request, name, size, size));
    return lungo_hdf5_take(file, out, size, name);
}

/* ---- files ---- */

/* What has an errno is said without libhdf5, whose text for it is long. */
static lungo_status check_readable(const char *path, size_t *size) {
    struct stat info;
    if (lungo_file_is_folder(path)) {
        errno = EISDIR;
        return lungo_fail_errno("read", path);
    }
    if (access(path, R_OK) || stat(path, &info)) return lungo_fail_errno("open", path);
    *size = (size_t)info.st_size;
    return LUNGO_OK;
}

const lungo_hdf5_way lungo_hdf5_usual_way = {lungo_hdf5_serve, 5000};

static lungo_status open_file(lungo_hdf5 *file, const char *path) {
    file->path = strdup(path);
    if (!file->path) return lungo_fail_memory("a file name", strlen(path));
    return lungo_hdf5_start(file);
}

lungo_status lungo_hdf5_open_by(lungo_hdf5 **out, const char *path, const lungo_hdf5_way *way) {
    size_t size = 0;
    LUNGO_TRY(check_readable(path, &size));
    lungo_hdf5 *file = calloc(1, sizeof *file);
    if (!file) return lungo_fail_memory("an HDF5 file", sizeof *file);
    *file = (lungo_hdf5){.size = size, .way = way, .socket = -1};
    lungo_status status = open_file(file, path);
    if (status) {
        lungo_hdf5_close(file);
        return status;
    }
    *out = file;
    return LUNGO_OK;
}

lungo_status lungo_hdf5_open(lungo_hdf5 **out, const char *path) {
    return lungo_hdf5_open_by(out, path, &lungo_hdf5_usual_way);
}

void lungo_hdf5_close(lungo_hdf5 *file) {
    if (!file) return;
    lungo_hdf5_stop(file);
    free(file->path);
    free(file);
}

const char *lungo_hdf5_path(const lungo_hdf5 *file) {
    return file->path;
}

lungo_status lungo_hdf5_is_closed(bool *out, lungo_hdf5 *file) {
    lungo_hdf5_request request = {.question = LUNGO_HDF5_LENGTH};
    size_t length = 0;
    LUNGO_TRY(ask_fixed(file, request, "/", &length, sizeof length));
    *out = length == file->size;
    return LUNGO_OK;
}

/* ---- groups ---- */

/* "g" or "d" and a name, with a 0, for each. */
static lungo_status read_entries(lungo_hdf5_entry **out, size_t *count, lungo_arena *arena,
                                 const char *text, size_t size) {
    size_t found = 0;
    for (size_t i = 0; i < size; i++)
        found += text[i] == '\0';
    *count = 0;
    *out = lungo_arena_array(arena, found + 1, sizeof **out);
    if (!*out) return lungo_fail_memory("a list of names", found * sizeof **out);
    for (size_t at = 0; *count < found; at += strlen(text + at) + 1)
        (*out)[(*count)++] = (lungo_hdf5_entry){.name = text + at + (text[at] != '\0'),
                                                .is_group = text[at] == 'g',
                                                .is_dataset = text[at] == 'd'};
    return LUNGO_OK;
}

lungo_status lungo_hdf5_list(lungo_hdf5_entry **out, size_t *count, lungo_arena *arena,
                             lungo_hdf5 *file, const char *group) {
    size_t size = 0, most = 16 * file->size + LUNGO_HDF5_LONGEST_NAME;
    LUNGO_TRY(lungo_hdf5_ask(&size, file, (lungo_hdf5_request){.question = LUNGO_HDF5_LIST}, group,
                             0, most));
    char *text = lungo_arena_alloc(arena, size + 1);
    if (!text) return lungo_fail_memory("a list of names", size);
    LUNGO_TRY(lungo_hdf5_take(file, text, size, group));
    return read_entries(out, count, arena, text, size);
}

/* ---- datasets ---- */

static bool may_be(const lungo_shape *shape) {
    bool fine = shape->axes >= 0 && shape->axes <= LUNGO_MAX_AXES;
    for (int i = 0; fine && i < shape->axes; i++)
        fine = shape->dim[i] >= 0;
    return fine;
}

lungo_status lungo_hdf5_shape(lungo_shape *out, lungo_hdf5 *file, const char *dataset) {
    LUNGO_TRY(ask_fixed(file, (lungo_hdf5_request){.question = LUNGO_HDF5_SHAPE}, dataset, out,
                        sizeof *out));
    return may_be(out) ? LUNGO_OK : lungo_hdf5_refuse(file, dataset);
}

lungo_status lungo_hdf5_read(lungo_hdf5 *file, const char *dataset, float *values, size_t count) {
    return ask_fixed(file, (lungo_hdf5_request){.question = LUNGO_HDF5_READ, .count = count},
                     dataset, values, count * sizeof *values);
}

lungo_status lungo_hdf5_read_rows(lungo_hdf5 *file, const char *dataset, size_t first,
                                  float *values, size_t count) {
    lungo_hdf5_request request = {.question = LUNGO_HDF5_ROWS, .count = count, .first = first};
    return ask_fixed(file, request, dataset, values, count * sizeof *values);
}

lungo_status lungo_hdf5_read_int(int *out, lungo_hdf5 *file, const char *dataset) {
    return ask_fixed(file, (lungo_hdf5_request){.question = LUNGO_HDF5_INT}, dataset, out,
                     sizeof *out);
}

/* An answer of any length up to what such a file may hold, with a 0 behind it. */
static lungo_status ask_all(char **out, size_t *size, lungo_hdf5 *file,
                            lungo_hdf5_question question, const char *name) {
    LUNGO_TRY(lungo_hdf5_ask(size, file, (lungo_hdf5_request){.question = question}, name, 0,
                             16 * file->size));
    char *bytes = malloc(*size + 1);
    if (!bytes) return lungo_fail_memory(name, *size + 1);
    lungo_status status = lungo_hdf5_take(file, bytes, *size, name);
    if (status) {
        free(bytes);
        return status;
    }
    bytes[*size] = '\0';
    *out = bytes;
    return LUNGO_OK;
}

lungo_status lungo_hdf5_read_bytes(uint8_t **out, size_t *length, lungo_hdf5 *file,
                                   const char *dataset) {
    return ask_all((char **)out, length, file, LUNGO_HDF5_BYTES, dataset);
}

lungo_status lungo_hdf5_read_string(char **out, lungo_hdf5 *file, const char *dataset) {
    size_t size = 0;
    return ask_all(out, &size, file, LUNGO_HDF5_STRING, dataset);
}
