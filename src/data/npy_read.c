/* Reading .npy files; npy.c says what they are. Of the types of values, floats of 4 and 8 bytes and
 * single bytes are taken, least byte first. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "blob/shape.h"
#include "lungo/data.h"
#include "proto/wire.h"

typedef struct npy_header {
    char type;   /* 'f', 'u' */
    size_t size; /* bytes of a value */
    const char *values;
    lungo_shape shape;
    size_t count;
} npy_header;

static lungo_status refuse(const char *path, const char *expected) {
    return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected a .npy file with %s", path, expected);
}

/* What stands behind the key and its colon; NULL: no such key. */
static const char *value_of(const char *header, const char *key) {
    const char *at = strstr(header, key);
    at = at ? strchr(at + strlen(key), ':') : NULL;
    return at ? at + 1 + strspn(at + 1, " ") : NULL;
}

static lungo_status read_type(npy_header *out, const char *header, const char *path) {
    static const char *const types[] = {"'<f4'", "'<f8'", "'|u1'"};
    const char *type = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'");
    if (!order || strncmp(order, "False", 5)) return refuse(path, "values in C's order");
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (strncmp(type, types[i], strlen(types[i])) == 0) {
            out->type = types[i][2];
            out->size = (size_t)(types[i][3] - '0');
            return LUNGO_OK;
        }
    return refuse(path, "values of type <f4, <f8 or u1");
}

static lungo_status read_shape(npy_header *out, const char *header, const char *path) {
    const char *at = value_of(header, "'shape'");
    if (!at || *at++ != '(') return refuse(path, "a shape in its header");
    while (*at && *at != ')') {
        char *end;
        long dim = strtol(at, &end, 10);
        if (end == at || dim < 0 || dim > INT_MAX || out->shape.axes == LUNGO_MAX_AXES)
            return refuse(path, "a shape of numbers");
        out->shape.dim[out->shape.axes++] = (int)dim;
        at = end + strspn(end, " ,L");
    }
    LUNGO_TRY(lungo_shape_check(&out->shape));
    out->count = lungo_shape_count(&out->shape);
    return LUNGO_OK;
}

static lungo_status read_header(npy_header *out, char *bytes, size_t length, const char *path) {
    const unsigned char *head = (const unsigned char *)bytes;
    if (length < 12 || memcmp(bytes, "\x93NUMPY", 6)) return refuse(path, "NumPy's first bytes");
    size_t prefix = head[6] == 1 ? 10 : 12;
    size_t size = head[8] | (size_t)head[9] << 8;
    if (prefix == 12) size |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
    if (size == 0 || size > length - prefix) return refuse(path, "a whole header");
    bytes[prefix + size - 1] = '\0'; /* its newline */
    LUNGO_TRY(read_type(out, bytes + prefix, path));
    LUNGO_TRY(read_shape(out, bytes + prefix, path));
    out->values = bytes + prefix + size;
    if (out->count * out->size == length - prefix - size) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected %zu values of %zu bytes, got %zu bytes", path,
                      out->count, out->size, length - prefix - size);
}

static float value_at(const npy_header *header, size_t index) {
    const unsigned char *from = (const unsigned char *)header->values + index * header->size;
    uint64_t bits = 0;
    for (size_t i = 0; i < header->size; i++)
        bits |= (uint64_t)from[i] << (8 * i);
    if (header->type == 'u') return (float)bits;
    return header->size == 8 ? (float)lungo_wire_double(bits) : lungo_wire_float(bits);
}

lungo_status lungo_npy_read(float **values, lungo_shape *shape, const char *path) {
    char *bytes;
    size_t length;
    npy_header header = {0};
    LUNGO_TRY(lungo_file_read(&bytes, &length, path));
    lungo_status status = read_header(&header, bytes, length, path);
    float *out = status ? NULL : malloc(header.count ? header.count * sizeof *out : 1);
    if (!status && !out) status = lungo_fail_memory(path, header.count * sizeof *out);
    for (size_t i = 0; out && i < header.count; i++)
        out[i] = value_at(&header, i);
    free(bytes);
    if (status) return status;
    *values = out;
    *shape = header.shape;
    return LUNGO_OK;
}
