#include "store/hdf5_direct.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- files ---- */

lungo_status lungo_hdf5_direct_open(lungo_hdf5_direct *file, const char *path) {
    struct stat info;
    file->path = path;
    file->size = stat(path, &info) ? 0 : (size_t)info.st_size;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* it would print its errors */
    file->id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    return file->id < 0 ? lungo_hdf5_fail(path, "open", "/") : LUNGO_OK;
}

lungo_status lungo_hdf5_direct_length(size_t *out, const lungo_hdf5_direct *file) {
    haddr_t end;
    if (H5Fget_eoa(file->id, &end) < 0) return lungo_hdf5_fail(file->path, "find the end of", "/");
    *out = (size_t)end;
    return LUNGO_OK;
}

/* ---- groups ---- */

static lungo_status describe_entry(lungo_hdf5_entry *entry, lungo_arena *arena, hid_t group,
                                   size_t index, const lungo_hdf5_direct *file) {
    ssize_t length =
        H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, NULL, 0, H5P_DEFAULT);
    if (length < 0) return lungo_hdf5_fail(file->path, "list", "a group");
    char *name = lungo_arena_alloc(arena, (size_t)length + 1);
    if (!name) return lungo_fail_memory("a name", (size_t)length + 1);
    if (H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, name, (size_t)length + 1,
                           H5P_DEFAULT) < 0)
        return lungo_hdf5_fail(file->path, "list", "a group");
    entry->name = name;
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0) return lungo_hdf5_fail(file->path, "open", name);
    H5I_type_t type = H5Iget_type(object);
    entry->is_group = type == H5I_GROUP;
    entry->is_dataset = type == H5I_DATASET;
    H5Oclose(object);
    return LUNGO_OK;
}

static lungo_status list_group(lungo_hdf5_entry **out, size_t *count, lungo_arena *arena,
                               hid_t group, const lungo_hdf5_direct *file) {
    H5G_info_t info;
    if (H5Gget_info(group, &info) < 0) return lungo_hdf5_fail(file->path, "list", "a group");
    *count = (size_t)info.nlinks;
    *out = lungo_arena_array(arena, *count ? *count : 1, sizeof **out);
    if (!*out) return lungo_fail_memory("a list of names", *count * sizeof **out);
    for (size_t i = 0; i < *count; i++)
        LUNGO_TRY(describe_entry(&(*out)[i], arena, group, i, file));
    return LUNGO_OK;
}

lungo_status lungo_hdf5_direct_list(lungo_hdf5_entry **out, size_t *count, lungo_arena *arena,
                                    const lungo_hdf5_direct *file, const char *name) {
    hid_t group = H5Gopen2(file->id, name, H5P_DEFAULT);
    if (group < 0) return lungo_hdf5_fail(file->path, "open group", name);
    lungo_status status = list_group(out, count, arena, group, file);
    H5Gclose(group);
    return status;
}

/* ---- datasets ---- */

typedef lungo_status dataset_function(void *out, hid_t dataset, const lungo_hdf5_direct *file,
                                      const char *name);

/* Opens it for the call. */
static lungo_status with_dataset(const lungo_hdf5_direct *file, const char *name,
                                 dataset_function *function, void *out) {
    hid_t dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    if (dataset < 0) return lungo_hdf5_fail(file->path, "open dataset", name);
    lungo_status status = function(out, dataset, file, name);
    H5Dclose(dataset);
    return status;
}

/* Numbers of at most 16 bytes whose bits lie within them. What a damaged file says otherwise would
 * lead libhdf5 astray. */
static bool is_number(hid_t type) {
    H5T_class_t class = H5Tget_class(type);
    size_t bits = 8 * H5Tget_size(type), precision = H5Tget_precision(type);
    size_t sign, exponent, exponent_bits, mantissa, mantissa_bits;
    int offset = H5Tget_offset(type);
    if (class != H5T_INTEGER && class != H5T_FLOAT) return false;
    if (bits > 128 || precision < 1 || precision > bits || offset < 0 ||
        (size_t)offset > bits - precision)
        return false;
    if (class == H5T_INTEGER) return true;
    return H5Tget_fields(type, &sign, &exponent, &exponent_bits, &mantissa, &mantissa_bits) >= 0 &&
           sign < bits && exponent_bits > 0 && mantissa_bits > 0 &&
           exponent + exponent_bits <= bits && mantissa + mantissa_bits <= bits;
}

static lungo_status check_type(hid_t dataset, bool text, const lungo_hdf5_direct *file,
                               const char *name) {
    static const char *const classes[] = {
        [H5T_INTEGER] = "integers of a strange form",
        [H5T_FLOAT] = "floating point of a strange form",
        [H5T_TIME] = "times",
        [H5T_STRING] = "strings",
        [H5T_BITFIELD] = "bit fields",
        [H5T_OPAQUE] = "opaque bytes",
        [H5T_COMPOUND] = "structures",
        [H5T_REFERENCE] = "references",
        [H5T_ENUM] = "an enumeration",
        [H5T_VLEN] = "lists",
        [H5T_ARRAY] = "arrays",
    };
    hid_t type = H5Dget_type(dataset);
    if (type < 0) return lungo_hdf5_fail(file->path, "read the type of", name);
    int class = H5Tget_class(type);
    bool fixed_text = class == H5T_STRING && H5Tis_variable_str(type) <= 0;
    bool number = is_number(type);
    H5Tclose(type);
    if (text ? fixed_text : number) return LUNGO_OK;
    const char *got = class >= 0 && class <= H5T_ARRAY ? classes[class] : "an unknown type";
    return lungo_fail(LUNGO_ERR_DATA, "HDF5 file '%s': dataset '%s': expected %s, got %s",
                      file->path, name, text ? "a string of fixed length" : "numbers", got);
}

/* More values than that for each byte of the file no compression reaches: whoever takes memory by
 * the shape takes no more than the file may hold. */
enum { MOST_PER_BYTE = 1 << 14 };

static lungo_status check_count(const lungo_shape *shape, const lungo_hdf5_direct *file,
                                const char *name) {
    size_t count = 1;
    for (int i = 0; i < shape->axes; i++)
        if (__builtin_mul_overflow(count, (size_t)shape->dim[i], &count)) count = SIZE_MAX;
    if (count / MOST_PER_BYTE <= file->size) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "HDF5 file '%s': dataset '%s': expected a file of at least %zu bytes for %zu "
                      "values, got %zu",
                      file->path, name, count / MOST_PER_BYTE, count, file->size);
}

static lungo_status copy_shape(lungo_shape *shape, hid_t space, const lungo_hdf5_direct *file,
                               const char *name) {
    hsize_t dims[H5S_MAX_RANK];
    int axes = H5Sget_simple_extent_ndims(space);
    if (H5Sget_simple_extent_type(space) == H5S_NULL || axes < 0 || axes > LUNGO_MAX_AXES ||
        H5Sget_simple_extent_dims(space, dims, NULL) < 0)
        return lungo_fail(LUNGO_ERR_DATA,
                          "HDF5 file '%s': dataset '%s': expected values along at most %d axes, "
                          "got something else",
                          file->path, name, LUNGO_MAX_AXES);
    shape->axes = axes;
    for (int i = 0; i < axes; i++) {
        if (dims[i] > INT_MAX)
            return lungo_fail(
                LUNGO_ERR_DATA,
                "HDF5 file '%s': dataset '%s': axis %d: expected at most %d, got %llu", file->path,
                name, i, INT_MAX, (unsigned long long)dims[i]);
        shape->dim[i] = (int)dims[i];
    }
    return check_count(shape, file, name);
}

static lungo_status take_shape(void *out, hid_t dataset, const lungo_hdf5_direct *file,
                               const char *name) {
    LUNGO_TRY(check_type(dataset, false, file, name));
    hid_t space = H5Dget_space(dataset);
    if (space < 0) return lungo_hdf5_fail(file->path, "read the shape of", name);
    lungo_status status = copy_shape(out, space, file, name);
    H5Sclose(space);
    return status;
}

lungo_status lungo_hdf5_direct_shape(lungo_shape *out, const lungo_hdf5_direct *file,
                                     const char *dataset) {
    return with_dataset(file, dataset, take_shape, out);
}

/* ---- values ---- */

typedef struct destination {
    hid_t type; /* of the values in memory */
    void *values;
    size_t count;
    size_t first; /* row, where only some are read */
} destination;

/* libhdf5 trusts the size that a damaged file gives to values stored in one piece, and would read
 * beyond its buffers. Values that were never written have no place in the file. */
static lungo_status check_storage(hid_t dataset, size_t count, const lungo_hdf5_direct *file,
                                  const char *name) {
    hid_t type = H5Dget_type(dataset), properties = H5Dget_create_plist(dataset);
    size_t size = type < 0 ? 0 : H5Tget_size(type);
    int layout = properties < 0 ? H5D_LAYOUT_ERROR : (int)H5Pget_layout(properties);
    hsize_t stored = H5Dget_storage_size(dataset);
    bool one_piece = layout == H5D_COMPACT || (layout == H5D_CONTIGUOUS && stored > 0);
    if (type >= 0) H5Tclose(type);
    if (properties >= 0) H5Pclose(properties);
    if (size > 0 && layout >= 0 && (!one_piece || (stored / size == count && stored % size == 0)))
        return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "HDF5 file '%s': dataset '%s' is damaged: expected %zu values of %zu bytes, "
                      "got %llu bytes",
                      file->path, name, count, size, (unsigned long long)stored);
}

static lungo_status take_values(void *out, hid_t dataset, const lungo_hdf5_direct *file,
                                const char *name) {
    const destination *to = out;
    LUNGO_TRY(check_type(dataset, false, file, name));
    hid_t space = H5Dget_space(dataset);
    hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (space >= 0) H5Sclose(space);
    if (count < 0 || (size_t)count != to->count)
        return lungo_fail(LUNGO_ERR_DATA,
                          "HDF5 file '%s': dataset '%s': expected %zu values, got %lld", file->path,
                          name, to->count, (long long)count);
    LUNGO_TRY(check_storage(dataset, to->count, file, name));
    if (count > 0 && H5Dread(dataset, to->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to->values) < 0)
        return lungo_hdf5_fail(file->path, "read dataset", name);
    return LUNGO_OK;
}

lungo_status lungo_hdf5_direct_read(const lungo_hdf5_direct *file, const char *dataset,
                                    float *values, size_t count) {
    destination to = {H5T_NATIVE_FLOAT, values, count, 0};
    return with_dataset(file, dataset, take_values, &to);
}

/* Rows along axis 0, into values one behind another. */
static lungo_status take_selected(hid_t dataset, const lungo_shape *shape, size_t rows,
                                  const destination *to, const lungo_hdf5_direct *file,
                                  const char *name) {
    hsize_t start[LUNGO_MAX_AXES] = {to->first}, block[LUNGO_MAX_AXES] = {rows}, count = to->count;
    for (int i = 1; i < shape->axes; i++)
        block[i] = (hsize_t)shape->dim[i];
    hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(1, &count, NULL);
    lungo_status status = LUNGO_OK;
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, block, NULL) < 0 ||
        H5Dread(dataset, to->type, memory, space, H5P_DEFAULT, to->values) < 0)
        status = lungo_hdf5_fail(file->path, "read dataset", name);
    if (memory >= 0) H5Sclose(memory);
    if (space >= 0) H5Sclose(space);
    return status;
}

static lungo_status take_rows(void *out, hid_t dataset, const lungo_hdf5_direct *file,
                              const char *name) {
    const destination *to = out;
    lungo_shape shape;
    LUNGO_TRY(take_shape(&shape, dataset, file, name));
    size_t all = shape.axes > 0 ? (size_t)shape.dim[0] : 0, row = 1;
    for (int i = 1; i < shape.axes; i++)
        row *= (size_t)shape.dim[i];
    size_t rows = row > 0 ? to->count / row : 0;
    if (rows == 0 || to->count % row || to->first > all || rows > all - to->first)
        return lungo_fail(LUNGO_ERR_DATA,
                          "HDF5 file '%s': dataset '%s': expected %zu values from row %zu on, got "
                          "%zu rows of %zu",
                          file->path, name, to->count, to->first, all, row);
    LUNGO_TRY(check_storage(dataset, all * row, file, name));
    return take_selected(dataset, &shape, rows, to, file, name);
}

lungo_status lungo_hdf5_direct_read_rows(const lungo_hdf5_direct *file, const char *dataset,
                                         size_t first, float *values, size_t count) {
    destination to = {H5T_NATIVE_FLOAT, values, count, first};
    return with_dataset(file, dataset, take_rows, &to);
}

lungo_status lungo_hdf5_direct_read_int(int *out, const lungo_hdf5_direct *file,
                                        const char *dataset) {
    destination to = {H5T_NATIVE_INT, out, 1, 0};
    return with_dataset(file, dataset, take_values, &to);
}

lungo_status lungo_hdf5_direct_read_bytes(uint8_t **out, size_t *count,
                                          const lungo_hdf5_direct *file, const char *dataset) {
    lungo_shape shape = {0};
    LUNGO_TRY(lungo_hdf5_direct_shape(&shape, file, dataset));
    if (shape.axes != 1)
        return lungo_fail(
            LUNGO_ERR_DATA,
            "HDF5 file '%s': dataset '%s': expected bytes along one axis, got %d axes", file->path,
            dataset, shape.axes);
    uint8_t *bytes = malloc((size_t)shape.dim[0] + 1);
    if (!bytes) return lungo_fail_memory("bytes", (size_t)shape.dim[0]);
    destination to = {H5T_NATIVE_UINT8, bytes, (size_t)shape.dim[0], 0};
    lungo_status status = with_dataset(file, dataset, take_values, &to);
    if (status) {
        free(bytes);
        return status;
    }
    *out = bytes;
    *count = to.count;
    return LUNGO_OK;
}

static lungo_status read_text(char **out, hid_t dataset, hid_t type, const lungo_hdf5_direct *file,
                              const char *name) {
    size_t size = H5Tget_size(type);
    hssize_t count = -1;
    hid_t space = H5Dget_space(dataset);
    if (space >= 0) count = H5Sget_simple_extent_npoints(space);
    if (space >= 0) H5Sclose(space);
    if (count != 1)
        return lungo_fail(LUNGO_ERR_DATA,
                          "HDF5 file '%s': dataset '%s': expected 1 string, got %lld", file->path,
                          name, (long long)count);
    char *text = calloc(size + 1, 1);
    if (!text) return lungo_fail_memory("a string", size + 1);
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0) {
        free(text);
        return lungo_hdf5_fail(file->path, "read dataset", name);
    }
    *out = text;
    return LUNGO_OK;
}

static lungo_status take_string(void *out, hid_t dataset, const lungo_hdf5_direct *file,
                                const char *name) {
    LUNGO_TRY(check_type(dataset, true, file, name));
    hid_t type = H5Dget_type(dataset);
    if (type < 0) return lungo_hdf5_fail(file->path, "read the type of", name);
    lungo_status status = read_text(out, dataset, type, file, name);
    H5Tclose(type);
    return status;
}

lungo_status lungo_hdf5_direct_read_string(char **out, const lungo_hdf5_direct *file,
                                           const char *dataset) {
    return with_dataset(file, dataset, take_string, out);
}
