/* In a build without HDF5: every function that could fail does. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/hdf5_child.h"

lungo_status lungo_hdf5_check(void) {
    return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                      "this build has no HDF5: install it (Debian: libhdf5-dev) and build again");
}

lungo_status lungo_hdf5_is_file(bool *out, const char *path) {
    static const char signature[] = "\x89HDF\r\n\x1a\n";
    char bytes[sizeof signature - 1];
    struct stat info;
    *out = false;
    if (stat(path, &info) || !S_ISREG(info.st_mode)) return LUNGO_OK;
    FILE *file = fopen(path, "rbe");
    if (!file) return lungo_fail_errno("open", path);
    *out = fread(bytes, sizeof bytes, 1, file) == 1 && memcmp(bytes, signature, sizeof bytes) == 0;
    fclose(file);
    return LUNGO_OK;
}

lungo_status lungo_hdf5_open(lungo_hdf5 **out, const char *path) {
    (void)out;
    lungo_hdf5_check();
    return lungo_trail("in file '%s'", path);
}

const lungo_hdf5_way lungo_hdf5_usual_way = {0};

lungo_status lungo_hdf5_open_by(lungo_hdf5 **out, const char *path, const lungo_hdf5_way *way) {
    (void)way;
    return lungo_hdf5_open(out, path);
}

lungo_status lungo_hdf5_is_closed(bool *out, lungo_hdf5 *file) {
    (void)out, (void)file;
    return lungo_hdf5_check();
}

void lungo_hdf5_close(lungo_hdf5 *file) {
    (void)file;
}

const char *lungo_hdf5_path(const lungo_hdf5 *file) {
    (void)file;
    return "";
}

lungo_status lungo_hdf5_list(lungo_hdf5_entry **out, size_t *count, lungo_arena *arena,
                             lungo_hdf5 *file, const char *group) {
    (void)out, (void)count, (void)arena, (void)file, (void)group;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_shape(lungo_shape *out, lungo_hdf5 *file, const char *dataset) {
    (void)out, (void)file, (void)dataset;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_read(lungo_hdf5 *file, const char *dataset, float *values, size_t count) {
    (void)file, (void)dataset, (void)values, (void)count;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_read_rows(lungo_hdf5 *file, const char *dataset, size_t first,
                                  float *values, size_t count) {
    (void)first;
    return lungo_hdf5_read(file, dataset, values, count);
}

lungo_status lungo_hdf5_read_int(int *out, lungo_hdf5 *file, const char *dataset) {
    (void)out, (void)file, (void)dataset;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_read_string(char **out, lungo_hdf5 *file, const char *dataset) {
    (void)out, (void)file, (void)dataset;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_read_bytes(uint8_t **out, size_t *length, lungo_hdf5 *file,
                                   const char *dataset) {
    (void)out, (void)length, (void)file, (void)dataset;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_create(lungo_hdf5_writer **out, const char *path) {
    (void)out;
    lungo_hdf5_check();
    return lungo_trail("in file '%s'", path);
}

lungo_status lungo_hdf5_extend(lungo_hdf5_writer **out, const char *path, size_t bytes) {
    (void)bytes;
    return lungo_hdf5_create(out, path);
}

lungo_status lungo_hdf5_seal(lungo_hdf5_writer *writer) {
    (void)writer;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_commit(lungo_hdf5_writer *writer) {
    (void)writer;
    return lungo_hdf5_check();
}

void lungo_hdf5_abandon(lungo_hdf5_writer *writer) {
    (void)writer;
}

lungo_status lungo_hdf5_write_group(lungo_hdf5_writer *writer, const char *group) {
    (void)writer, (void)group;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_write(lungo_hdf5_writer *writer, const char *dataset,
                              const lungo_shape *shape, const float *values) {
    (void)writer, (void)dataset, (void)shape, (void)values;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_write_int(lungo_hdf5_writer *writer, const char *dataset, int value) {
    (void)writer, (void)dataset, (void)value;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_write_bytes(lungo_hdf5_writer *writer, const char *dataset,
                                    const void *bytes, size_t length) {
    (void)writer, (void)dataset, (void)bytes, (void)length;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_write_string(lungo_hdf5_writer *writer, const char *dataset,
                                     const char *text) {
    (void)writer, (void)dataset, (void)text;
    return lungo_hdf5_check();
}

lungo_status lungo_hdf5_append(lungo_hdf5_writer *writer, const char *dataset,
                               const lungo_shape *shape, const float *values) {
    (void)writer, (void)dataset, (void)shape, (void)values;
    return lungo_hdf5_check();
}
