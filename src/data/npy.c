/* NumPy's file format, version 1.0: a magic string, the length of a header, the header (a Python
 * literal padded with blanks to a multiple of 64 bytes in all), and the values.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "lungo/data.h"

enum { ALIGNMENT = 64, PREFIX = 10 /* magic, version, length of the header */ };

struct lungo_npy_writer {
    lungo_file_writer *file;
    uint64_t left; /* values that are still to come */
};

static bool is_little_endian(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

static void put_header(lungo_buffer *out, const lungo_shape *shape) {
    lungo_buffer_printf(out, "{'descr': '%cf4', 'fortran_order': False, 'shape': (",
                        is_little_endian() ? '<' : '>');
    for (int i = 0; i < shape->axes; i++)
        lungo_buffer_printf(out, "%s%d", i ? ", " : "", shape->dim[i]);
    lungo_buffer_puts(out, shape->axes == 1 ? ",), }" : "), }");
    while (!out->failed && (PREFIX + out->length + 1) % ALIGNMENT)
        lungo_buffer_puts(out, " ");
    lungo_buffer_puts(out, "\n");
}

static lungo_status write_header(lungo_file_writer *file, const lungo_shape *shape) {
    lungo_buffer header = {0};
    put_header(&header, shape);
    unsigned char prefix[PREFIX] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    prefix[8] = (unsigned char)(header.length & 0xff);
    prefix[9] = (unsigned char)(header.length >> 8);
    lungo_status status = header.failed ? lungo_fail_memory("a .npy header", header.length)
                                        : lungo_file_writer_write(file, prefix, sizeof prefix);
    if (!status) status = lungo_file_writer_write(file, header.bytes, header.length);
    lungo_buffer_dispose(&header);
    return status;
}

/* A file may hold more values than a blob: the count is wider than lungo_shape_count's. */
static lungo_status count_values(uint64_t *count, const lungo_shape *shape) {
    *count = 1;
    for (int i = 0; i < shape->axes; i++)
        if (shape->dim[i] < 0 || __builtin_mul_overflow(*count, (uint64_t)shape->dim[i], count))
            return lungo_fail(LUNGO_ERR_USAGE, "a .npy file of more values than can be counted");
    return LUNGO_OK;
}

lungo_status lungo_npy_writer_open(lungo_npy_writer **out, const char *path,
                                   const lungo_shape *shape) {
    uint64_t count;
    LUNGO_TRY(count_values(&count, shape));
    lungo_npy_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return lungo_fail_memory("a writer of .npy files", sizeof *writer);
    writer->left = count;
    lungo_status status = lungo_file_writer_open(&writer->file, path);
    if (!status) status = write_header(writer->file, shape);
    if (status)
        lungo_npy_writer_abandon(writer);
    else
        *out = writer;
    return status;
}

lungo_status lungo_npy_writer_put(lungo_npy_writer *writer, const float *values, size_t count) {
    if (count > writer->left)
        return lungo_fail(LUNGO_ERR_USAGE, "expected %" PRIu64 " more values, got %zu",
                          writer->left, count);
    writer->left -= count;
    return lungo_file_writer_write(writer->file, values, count * sizeof *values);
}

lungo_status lungo_npy_writer_close(lungo_npy_writer *writer) {
    if (writer->left > 0) {
        lungo_status status =
            lungo_fail(LUNGO_ERR_USAGE, "expected all values of the shape, got %" PRIu64 " fewer",
                       writer->left);
        lungo_npy_writer_abandon(writer);
        return status;
    }
    lungo_status status = lungo_file_writer_commit(writer->file);
    free(writer);
    return status;
}

void lungo_npy_writer_abandon(lungo_npy_writer *writer) {
    if (!writer) return;
    if (writer->file) lungo_file_writer_abandon(writer->file);
    free(writer);
}
