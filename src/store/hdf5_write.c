#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"
#include "store/hdf5.h"
#include "store/hdf5_guard.h"

struct lungo_hdf5_writer {
    hid_t id;
    char *path;              /* as errors name it */
    lungo_file_writer *file; /* of a new one */
};

/* ---- files ---- */

/* A place for what a file would get. Closing may cut or lengthen it, which /dev/null refuses, so
 * that memory is taken where it can be as long as the file. */
static int open_nowhere(hid_t id) {
    hsize_t size = 0;
    int memory = memfd_create("lungo", MFD_CLOEXEC);
    if (memory >= 0 && H5Fget_filesize(id, &size) >= 0 && !ftruncate(memory, (off_t)size))
        return memory;
    if (memory >= 0) close(memory);
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* Where a file cannot be written, it cannot be closed either; libhdf5 would keep it open for good,
 * and crash over it when the process ends. What it still has to write of a file that is given up
 * goes nowhere. */
static void write_to_nowhere(hid_t id) {
    int *file, nowhere = open_nowhere(id);
    if (nowhere < 0) return;
    if (H5Fget_vfd_handle(id, H5P_DEFAULT, (void **)&file) >= 0) dup3(nowhere, *file, O_CLOEXEC);
    close(nowhere);
}

/* Nobody else opens a file under its temporary name, which is locked already: in network file
 * systems libhdf5's own lock would meet that one. */
static hid_t create(const char *temporary) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true);
#endif
    hid_t id = H5Fcreate(temporary, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    return id;
}

/* A file whose very beginning cannot be written, too, would be kept open: it is tried before. */
static lungo_status make_room(lungo_hdf5_writer *writer) {
    static const char nothing[4096];
    LUNGO_TRY(lungo_file_writer_open(&writer->file, writer->path));
    return lungo_file_writer_write(writer->file, nothing, sizeof nothing);
}

static lungo_status open_new(lungo_hdf5_writer *writer, size_t bytes) {
    (void)bytes;
    LUNGO_TRY(make_room(writer));
    lungo_hdf5_enter();
    writer->id = create(lungo_file_writer_temporary(writer->file));
    if (writer->id >= 0) return lungo_hdf5_leave(LUNGO_OK);
    return lungo_hdf5_leave(lungo_hdf5_fail(writer->path, "create", "/"));
}

/* What a file may grow by with `bytes` of rows: as much again at most for chunks that they do not
 * fill, the index of the chunks, and something for datasets of few values. */
static off_t most_growth(size_t bytes) {
    return (off_t)(2 * bytes + bytes / 16) + (1 << 20);
}

/* A full disk in the midst of an append would leave a file that cannot be opened, as it would be
 * shorter than it says; so would a machine that fails. So it gets its room first, and for good;
 * libhdf5 cuts off what is left of it when it closes the file, which tells that it has. */
static lungo_status reserve(int file, off_t size, size_t bytes, const char *path) {
    int error;
    do
        error = posix_fallocate(file, size, most_growth(bytes));
    while (error == EINTR);
    if (!error) return fsync(file) ? lungo_fail_errno("sync", path) : LUNGO_OK;
    errno = error;
    return lungo_fail_errno("make room in", path);
}

static lungo_status open_in_place(lungo_hdf5_writer *writer) {
    lungo_hdf5_enter();
    writer->id = H5Fopen(writer->path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (writer->id >= 0) return lungo_hdf5_leave(LUNGO_OK);
    return lungo_hdf5_leave(lungo_hdf5_fail(writer->path, "write to", "/"));
}

static lungo_status open_old(lungo_hdf5_writer *writer, size_t bytes) {
    struct stat info;
    int file = open(writer->path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return lungo_fail_errno("write to", writer->path);
    lungo_status status = fstat(file, &info) ? lungo_fail_errno("look at", writer->path) : LUNGO_OK;
    if (!status) {
        status = reserve(file, info.st_size, bytes, writer->path);
        if (!status) status = open_in_place(writer);
        if (status && ftruncate(file, info.st_size))
            lungo_trail("and zeros are left at the end of the file");
    }
    close(file);
    return status;
}

typedef lungo_status open_function(lungo_hdf5_writer *writer, size_t bytes);

static lungo_status new_writer(lungo_hdf5_writer **out, const char *path, open_function *open,
                               size_t bytes) {
    lungo_hdf5_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return lungo_fail_memory("an HDF5 file", sizeof *writer);
    writer->id = -1;
    writer->path = strdup(path);
    lungo_status status =
        writer->path ? open(writer, bytes) : lungo_fail_memory("a file name", strlen(path));
    if (status) {
        lungo_hdf5_abandon(writer);
        return status;
    }
    *out = writer;
    return LUNGO_OK;
}

lungo_status lungo_hdf5_create(lungo_hdf5_writer **out, const char *path) {
    return new_writer(out, path, open_new, 0);
}

lungo_status lungo_hdf5_extend(lungo_hdf5_writer **out, const char *path, size_t bytes) {
    return new_writer(out, path, open_old, bytes);
}

static lungo_status close_file(lungo_hdf5_writer *writer) {
    if (writer->id < 0) return LUNGO_OK;
    lungo_hdf5_enter();
    if (H5Fflush(writer->id, H5F_SCOPE_GLOBAL) < 0 || H5Fclose(writer->id) < 0)
        return lungo_hdf5_leave(lungo_hdf5_fail(writer->path, "finish", "/"));
    writer->id = -1;
    return lungo_hdf5_leave(LUNGO_OK);
}

void lungo_hdf5_abandon(lungo_hdf5_writer *writer) {
    if (!writer) return;
    if (writer->id >= 0) {
        lungo_hdf5_enter();
        if (writer->file) write_to_nowhere(writer->id);
        H5Fclose(writer->id);
        lungo_hdf5_leave(LUNGO_OK);
    }
    lungo_file_writer_abandon(writer->file);
    free(writer->path);
    free(writer);
}

lungo_status lungo_hdf5_seal(lungo_hdf5_writer *writer) {
    LUNGO_TRY(close_file(writer));
    return lungo_seal(writer->file);
}

static lungo_status sync_extended(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int failed = file < 0 || fsync(file);
    lungo_status status = failed ? lungo_fail_errno("sync", path) : LUNGO_OK;
    if (file >= 0) close(file);
    return status;
}

lungo_status lungo_hdf5_commit(lungo_hdf5_writer *writer) {
    lungo_status status = close_file(writer);
    if (!status && writer->file) {
        status = lungo_file_writer_commit(writer->file);
        writer->file = NULL;
    } else if (!status) {
        status = sync_extended(writer->path);
    }
    lungo_hdf5_abandon(writer);
    return status;
}

/* ---- groups and whole datasets ---- */

lungo_status lungo_hdf5_write_group(lungo_hdf5_writer *writer, const char *name) {
    lungo_hdf5_enter();
    hid_t group = H5Gcreate2(writer->id, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group < 0) return lungo_hdf5_leave(lungo_hdf5_fail(writer->path, "write group", name));
    H5Gclose(group);
    return lungo_hdf5_leave(LUNGO_OK);
}

typedef struct content {
    hid_t type, space, properties;
    const void *values;
    size_t count;
} content;

/* No times in the file: the same values are the same bytes. */
static hid_t new_properties(void) {
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(properties, false);
    return properties;
}

/* An id below 0, of a call that failed before, makes this one fail. */
static lungo_status make_dataset(lungo_hdf5_writer *writer, const char *name, const content *what) {
    hid_t dataset = H5Dcreate2(writer->id, name, what->type, what->space, H5P_DEFAULT,
                               what->properties, H5P_DEFAULT);
    if (dataset < 0) return lungo_hdf5_fail(writer->path, "write dataset", name);
    lungo_status status = LUNGO_OK;
    if ((what->count > 0 &&
         H5Dwrite(dataset, what->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, what->values) < 0) ||
        H5Dflush(dataset) < 0) {
        status = lungo_hdf5_fail(writer->path, "write dataset", name);
        if (writer->file) write_to_nowhere(writer->id);
    }
    H5Dclose(dataset);
    return status;
}

static size_t to_dims(hsize_t *dims, const lungo_shape *shape) {
    size_t count = 1;
    for (int i = 0; i < shape->axes; i++) {
        dims[i] = (hsize_t)shape->dim[i];
        count *= (size_t)shape->dim[i];
    }
    return count;
}

static lungo_status write_simple(lungo_hdf5_writer *writer, const char *name,
                                 const lungo_shape *shape, hid_t type, const void *values) {
    hsize_t dims[LUNGO_MAX_AXES];
    content what = {.type = type, .values = values};
    what.count = to_dims(dims, shape);
    what.space = H5Screate_simple(shape->axes, dims, NULL);
    if (what.space < 0) return lungo_hdf5_fail(writer->path, "write dataset", name);
    what.properties = new_properties();
    lungo_status status = make_dataset(writer, name, &what);
    H5Pclose(what.properties);
    H5Sclose(what.space);
    return status;
}

lungo_status lungo_hdf5_write(lungo_hdf5_writer *writer, const char *dataset,
                              const lungo_shape *shape, const float *values) {
    lungo_hdf5_enter();
    return lungo_hdf5_leave(write_simple(writer, dataset, shape, H5T_NATIVE_FLOAT, values));
}

lungo_status lungo_hdf5_write_int(lungo_hdf5_writer *writer, const char *dataset, int value) {
    const lungo_shape one = {1, {1}};
    lungo_hdf5_enter();
    return lungo_hdf5_leave(write_simple(writer, dataset, &one, H5T_NATIVE_INT, &value));
}

lungo_status lungo_hdf5_write_bytes(lungo_hdf5_writer *writer, const char *dataset,
                                    const void *bytes, size_t length) {
    const lungo_shape shape = {1, {(int)length}};
    if (length > INT_MAX)
        return lungo_fail(LUNGO_ERR_DATA, "dataset '%s': expected at most %d bytes, got %zu",
                          dataset, INT_MAX, length);
    lungo_hdf5_enter();
    return lungo_hdf5_leave(write_simple(writer, dataset, &shape, H5T_NATIVE_UINT8, bytes));
}

/* As Caffe's: one string of its own length, with the 0 byte. */
static lungo_status write_string(lungo_hdf5_writer *writer, const char *name, const char *text) {
    content what = {.type = H5Tcopy(H5T_C_S1), .values = text, .count = 1};
    if (what.type < 0 || H5Tset_size(what.type, strlen(text) + 1) < 0)
        return lungo_hdf5_fail(writer->path, "write dataset", name);
    const lungo_shape scalar = {0};
    hsize_t none[1];
    what.space = H5Screate_simple(scalar.axes, none, NULL);
    what.properties = new_properties();
    lungo_status status = make_dataset(writer, name, &what);
    H5Pclose(what.properties);
    H5Sclose(what.space);
    H5Tclose(what.type);
    return status;
}

lungo_status lungo_hdf5_write_string(lungo_hdf5_writer *writer, const char *dataset,
                                     const char *text) {
    lungo_hdf5_enter();
    return lungo_hdf5_leave(write_string(writer, dataset, text));
}

/* ---- datasets that grow ---- */

enum { CHUNK_VALUES = 16384 };

/* Chunks of some 64 KiB: whole rows, at least one. */
static void choose_chunk(hsize_t *chunk, const hsize_t *dims, int axes) {
    hsize_t row = 1;
    for (int i = 1; i < axes; i++) {
        chunk[i] = dims[i] ? dims[i] : 1;
        row *= chunk[i];
    }
    chunk[0] = row < CHUNK_VALUES ? CHUNK_VALUES / row : 1;
}

static lungo_status begin_rows(lungo_hdf5_writer *writer, const char *name,
                               const lungo_shape *shape, const float *values) {
    hsize_t dims[LUNGO_MAX_AXES], most[LUNGO_MAX_AXES], chunk[LUNGO_MAX_AXES];
    content what = {.type = H5T_NATIVE_FLOAT, .values = values};
    what.count = to_dims(dims, shape);
    memcpy(most, dims, sizeof most);
    most[0] = H5S_UNLIMITED;
    choose_chunk(chunk, dims, shape->axes);
    what.space = H5Screate_simple(shape->axes, dims, most);
    what.properties = new_properties();
    lungo_status status = LUNGO_OK;
    if (H5Pset_chunk(what.properties, shape->axes, chunk) < 0)
        status = lungo_hdf5_fail(writer->path, "write dataset", name);
    if (!status) status = make_dataset(writer, name, &what);
    H5Pclose(what.properties);
    H5Sclose(what.space);
    return status;
}

/* A dataset is extended along axis 0 alone: all else must be as it is. */
static lungo_status extend_dims(hsize_t *start, hsize_t *dims, hid_t dataset,
                                const lungo_shape *shape, const char *name) {
    hsize_t have[H5S_MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    bool same = H5Sget_simple_extent_ndims(space) == shape->axes &&
                H5Sget_simple_extent_dims(space, have, NULL) >= 0;
    H5Sclose(space);
    memset(start, 0, LUNGO_MAX_AXES * sizeof *start);
    for (int i = 1; same && i < shape->axes; i++)
        same = have[i] == dims[i];
    if (!same)
        return lungo_fail(LUNGO_ERR_DATA,
                          "dataset '%s' has rows of another shape: expected rows like those before",
                          name);
    start[0] = have[0];
    dims[0] += have[0]; /* NOLINT(*): rows lie along an axis */
    return LUNGO_OK;
}

static lungo_status write_rows(lungo_hdf5_writer *writer, hid_t dataset, const char *name,
                               const lungo_shape *shape, const float *values) {
    hsize_t rows[LUNGO_MAX_AXES], whole[LUNGO_MAX_AXES], start[LUNGO_MAX_AXES];
    to_dims(rows, shape);
    to_dims(whole, shape);
    LUNGO_TRY(extend_dims(start, whole, dataset, shape, name));
    if (H5Dset_extent(dataset, whole) < 0)
        return lungo_hdf5_fail(writer->path, "extend dataset", name);
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(shape->axes, rows, NULL);
    lungo_status status = LUNGO_OK;
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, rows, NULL) < 0 ||
        H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values) < 0)
        status = lungo_hdf5_fail(writer->path, "extend dataset", name);
    H5Sclose(memory);
    H5Sclose(space);
    return status;
}

static lungo_status append(lungo_hdf5_writer *writer, const char *name, const lungo_shape *shape,
                           const float *values) {
    if (H5Lexists(writer->id, name, H5P_DEFAULT) <= 0)
        return begin_rows(writer, name, shape, values);
    hid_t dataset = H5Dopen2(writer->id, name, H5P_DEFAULT);
    if (dataset < 0) return lungo_hdf5_fail(writer->path, "open dataset", name);
    lungo_status status = write_rows(writer, dataset, name, shape, values);
    H5Dclose(dataset);
    return status;
}

lungo_status lungo_hdf5_append(lungo_hdf5_writer *writer, const char *dataset,
                               const lungo_shape *shape, const float *values) {
    lungo_hdf5_enter();
    return lungo_hdf5_leave(append(writer, dataset, shape, values));
}
