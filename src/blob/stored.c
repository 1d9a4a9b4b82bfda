#include "blob/stored.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are copied as they stand");

/* ---- kinds of values ---- */

static float from_half(uint16_t bits) {
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
    if (exponent == 0) { /* a multiple of 2^-24 */
        float small = (float)fraction * 0x1p-24f;
        return sign ? -small : small;
    }
    uint32_t wide = exponent == 31 ? 255 : exponent + 127 - 15;
    return lungo_wire_float(sign | wide << 23 | fraction << 13);
}

static void copy_doubles(float *out, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, bytes + i * sizeof value, sizeof value);
        out[i] = (float)value;
    }
}

static void copy_halves(float *out, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        out[i] = from_half((uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8));
}

typedef struct value_kind {
    size_t size;
    void (*copy)(float *out, const uint8_t *bytes, size_t count); /* NULL: floats as they stand */
} value_kind;

static const value_kind floats = {4, NULL}, doubles = {8, copy_doubles};

/* By raw_data_type: DOUBLE, FLOAT, FLOAT16; then INT, UINT and BOOL, which no weights are. */
static const value_kind raw_kinds[] = {{8, copy_doubles}, {4, NULL}, {2, copy_halves}};
enum { RAW_KINDS = sizeof raw_kinds / sizeof *raw_kinds };

static const value_kind *kind_of(const lungo_stored_values *values) {
    if (values->field >= 12) return &raw_kinds[values->raw_type];
    return values->field >= 8 ? &doubles : &floats;
}

/* ---- looking at one ---- */

/* How numbers stand in the fields that hold some: one by one as this wire type, or packed. */
static const struct {
    lungo_wire_type single;
    size_t size;
} number_fields[] = {
    [5] = {LUNGO_WIRE_FIXED32, 4}, [6] = {LUNGO_WIRE_FIXED32, 4}, [8] = {LUNGO_WIRE_FIXED64, 8},
    [9] = {LUNGO_WIRE_FIXED64, 8}, [12] = {LUNGO_WIRE_BYTES, 1},  [13] = {LUNGO_WIRE_BYTES, 1},
};
enum { FIELDS = sizeof number_fields / sizeof *number_fields };

typedef struct seen_fields {
    size_t bytes[FIELDS]; /* of all numbers in each */
    int raw_type[2];      /* of raw_data, raw_diff */
} seen_fields;

/* In the order of preference, which is Caffe's: doubles, floats, then what Caffe does not know. */
static lungo_status choose_values(lungo_stored_values *out, const seen_fields *seen, bool diff) {
    int fields[] = {8 + diff, 5 + diff, 12 + diff}, raw_type = seen->raw_type[diff];
    *out = (lungo_stored_values){.raw_type = raw_type};
    for (int i = 0; i < 3 && !out->field; i++)
        if (seen->bytes[fields[i]] > 0) out->field = fields[i];
    if (!out->field) return LUNGO_OK;
    if (out->field >= 12 && (raw_type < 0 || raw_type >= RAW_KINDS))
        return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                          "raw values: expected type 0 (DOUBLE), 1 (FLOAT) or 2 (FLOAT16), got %d",
                          raw_type);
    size_t size = kind_of(out)->size, bytes = seen->bytes[out->field];
    if (bytes % size != 0)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "raw values of %zu bytes each: expected a multiple of "
                          "%zu bytes, got %zu",
                          size, size, bytes);
    out->count = bytes / size;
    return LUNGO_OK;
}

static lungo_status add_dim(lungo_shape *shape, uint64_t value) {
    if (shape->axes == LUNGO_MAX_AXES)
        return lungo_fail(LUNGO_ERR_FORMAT, "shape: expected at most %d axes, got more",
                          LUNGO_MAX_AXES);
    if (value > INT_MAX)
        return lungo_fail(LUNGO_ERR_FORMAT, "shape: axis %d: expected 0 to %d, got %" PRId64,
                          shape->axes, INT_MAX, (int64_t)value);
    shape->dim[shape->axes++] = (int)value;
    return LUNGO_OK;
}

static lungo_status read_shape(lungo_shape *shape, lungo_wire message) {
    while (lungo_wire_more(&message)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&message, &field));
        if (field.number != 1) continue;
        if (field.type == LUNGO_WIRE_VARINT) LUNGO_TRY(add_dim(shape, field.value));
        while (field.type == LUNGO_WIRE_BYTES && lungo_wire_more(&field.bytes)) {
            uint64_t value;
            LUNGO_TRY(lungo_wire_varint(&field.bytes, &value));
            LUNGO_TRY(add_dim(shape, value));
        }
    }
    return LUNGO_OK;
}

/* num, channels, height, width: those that are not given are 0, as in Caffe. */
static lungo_status read_legacy_dim(lungo_stored_blob *blob, int axis, uint64_t value) {
    if (!blob->legacy) blob->shape = LUNGO_SHAPE(0, 0, 0, 0);
    blob->legacy = true;
    lungo_shape one = {.axes = axis};
    LUNGO_TRY(add_dim(&one, value));
    blob->shape.dim[axis] = one.dim[axis];
    return LUNGO_OK;
}

static bool holds_numbers(const lungo_wire_field *field) {
    if (field->number >= FIELDS || number_fields[field->number].size == 0) return false;
    return field->type == LUNGO_WIRE_BYTES || field->type == number_fields[field->number].single;
}

static lungo_status count_numbers(seen_fields *seen, const lungo_wire_field *field) {
    size_t bytes = lungo_wire_left(&field->bytes), size = number_fields[field->number].size;
    if (bytes % size != 0)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "values of %zu bytes each: expected a multiple of %zu bytes, got %zu",
                          size, size, bytes);
    if (size == 1 && seen->bytes[field->number] > 0)
        return lungo_fail(LUNGO_ERR_FORMAT, "raw values: expected them once, got more");
    seen->bytes[field->number] += bytes;
    return LUNGO_OK;
}

static lungo_status look_at(lungo_stored_blob *blob, seen_fields *seen,
                            const lungo_wire_field *field) {
    bool varint = field->type == LUNGO_WIRE_VARINT;
    if (holds_numbers(field)) return count_numbers(seen, field);
    if (varint && field->number >= 1 && field->number <= 4)
        return read_legacy_dim(blob, (int)field->number - 1, field->value);
    if (varint && (field->number == 10 || field->number == 11))
        seen->raw_type[field->number - 10] = (int)field->value;
    if (field->type == LUNGO_WIRE_BYTES && field->number == 7 && !blob->legacy)
        return read_shape(&blob->shape, field->bytes);
    return LUNGO_OK;
}

static lungo_status check_count(const lungo_stored_blob *blob, const lungo_stored_values *values,
                                const char *what) {
    if (values->count == blob->count) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "blob of shape %s: expected %zu %s, got %zu",
                      lungo_shape_text(&blob->shape).text, blob->count, what, values->count);
}

lungo_status lungo_stored_blob_open(lungo_stored_blob *out, lungo_wire message) {
    lungo_stored_blob blob = {.message = message};
    seen_fields seen = {0};
    while (lungo_wire_more(&message)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&message, &field));
        LUNGO_TRY(look_at(&blob, &seen, &field));
    }
    LUNGO_TRY(lungo_shape_check(&blob.shape));
    blob.count = lungo_shape_count(&blob.shape);
    LUNGO_TRY(choose_values(&blob.data, &seen, false));
    LUNGO_TRY(choose_values(&blob.diff, &seen, true));
    LUNGO_TRY(check_count(&blob, &blob.data, "values"));
    if (blob.diff.field) LUNGO_TRY(check_count(&blob, &blob.diff, "gradients"));
    *out = blob;
    return LUNGO_OK;
}

/* ---- using one ---- */

static lungo_status fail_changed(const lungo_stored_blob *blob, const lungo_stored_values *values) {
    return lungo_fail(LUNGO_ERR_FILE, "'%s' has changed while it was read: expected %zu values",
                      blob->message.name, values->count);
}

/* Floats go straight to their place: weights are long. */
static lungo_status copy_run(const value_kind *kind, lungo_wire bytes, float *out) {
    if (!kind->copy) return lungo_wire_read(&bytes, out, lungo_wire_left(&bytes));
    uint8_t chunk[4096];
    while (lungo_wire_more(&bytes)) {
        size_t left = lungo_wire_left(&bytes), length = left < sizeof chunk ? left : sizeof chunk;
        LUNGO_TRY(lungo_wire_read(&bytes, chunk, length));
        kind->copy(out, chunk, length / kind->size);
        out += length / kind->size;
    }
    return LUNGO_OK;
}

/* Counted once more: a file may have changed since the blob was looked at. */
static lungo_status copy_values(const lungo_stored_blob *blob, const lungo_stored_values *values,
                                float *out) {
    const value_kind *kind = kind_of(values);
    lungo_wire message = blob->message;
    size_t missing = values->count;
    while (lungo_wire_more(&message)) {
        lungo_wire_field field;
        LUNGO_TRY(lungo_wire_next(&message, &field));
        if ((int)field.number != values->field || !holds_numbers(&field)) continue;
        size_t bytes = lungo_wire_left(&field.bytes), count = bytes / kind->size;
        if (count > missing || bytes % kind->size != 0) return fail_changed(blob, values);
        LUNGO_TRY(copy_run(kind, field.bytes, out));
        out += count;
        missing -= count;
    }
    return missing > 0 ? fail_changed(blob, values) : LUNGO_OK;
}

lungo_status lungo_stored_blob_data(const lungo_stored_blob *blob, float *out) {
    return copy_values(blob, &blob->data, out);
}

lungo_status lungo_stored_blob_diff(const lungo_stored_blob *blob, float *out) {
    return copy_values(blob, &blob->diff, out);
}

bool lungo_stored_blob_fits(const lungo_stored_blob *blob, const lungo_shape *shape) {
    if (!blob->legacy) return lungo_shape_equal(&blob->shape, shape);
    if (shape->axes > 4) return false;
    int missing = 4 - shape->axes;
    for (int i = 0; i < 4; i++)
        if (blob->shape.dim[i] != (i < missing ? 1 : shape->dim[i - missing])) return false;
    return true;
}

static lungo_status read_blob(float **values, lungo_shape *shape, lungo_wire message) {
    lungo_stored_blob blob;
    LUNGO_TRY(lungo_stored_blob_open(&blob, message));
    float *copy = calloc(blob.count ? blob.count : 1, sizeof *copy);
    if (!copy) return lungo_fail_memory("a blob", blob.count * sizeof *copy);
    lungo_status status = lungo_stored_blob_data(&blob, copy);
    if (status) {
        free(copy);
        return status;
    }
    *values = copy;
    *shape = blob.shape;
    return LUNGO_OK;
}

lungo_status lungo_blob_file_read(float **values, lungo_shape *shape, const char *path) {
    char *bytes;
    size_t length;
    LUNGO_TRY(lungo_file_read(&bytes, &length, path));
    lungo_status status =
        length > 0
            ? read_blob(values, shape, lungo_wire_over(bytes, length, path))
            : lungo_fail(LUNGO_ERR_FORMAT, "%s: expected a BlobProto, got an empty file", path);
    free(bytes);
    return status ? lungo_trail("while reading %s as a blob", path) : LUNGO_OK;
}

/* ---- writing ---- */

static size_t record_size(uint32_t number, size_t length) {
    return lungo_wire_varint_size((uint64_t)number << 3) + lungo_wire_varint_size(length) + length;
}

static size_t dims_size(const lungo_shape *shape) {
    size_t size = 0;
    for (int i = 0; i < shape->axes; i++)
        size += lungo_wire_varint_size((uint64_t)shape->dim[i]);
    return size;
}

static size_t message_size(const lungo_shape *shape, bool with_diff) {
    size_t values = lungo_shape_count(shape) * sizeof(float);
    size_t size = values ? record_size(5, values) : 0;
    if (values && with_diff) size += record_size(6, values);
    if (shape->axes) size += record_size(7, record_size(1, dims_size(shape)));
    return size;
}

size_t lungo_stored_blob_size(uint32_t number, const lungo_shape *shape, bool with_diff) {
    return record_size(number, message_size(shape, with_diff));
}

/* Begins a record of `length` bytes. */
static void put_head(lungo_buffer *out, uint32_t number, size_t length) {
    lungo_wire_put_tag(out, number, LUNGO_WIRE_BYTES);
    lungo_wire_put_varint(out, length);
}

static lungo_status flush(lungo_buffer *head, lungo_file_writer *file) {
    if (head->failed) return lungo_fail_memory("a blob's head", head->length);
    LUNGO_TRY(lungo_file_writer_write(file, head->bytes, head->length));
    lungo_buffer_clear(head);
    return LUNGO_OK;
}

static lungo_status write_values(lungo_file_writer *file, lungo_buffer *head, uint32_t number,
                                 const float *values, size_t count) {
    if (!values || count == 0) return LUNGO_OK;
    put_head(head, number, count * sizeof *values);
    LUNGO_TRY(flush(head, file));
    return lungo_file_writer_write(file, values, count * sizeof *values);
}

static lungo_status write_blob(lungo_file_writer *file, lungo_buffer *head, uint32_t number,
                               const lungo_shape *shape, const float *data, const float *diff) {
    size_t count = lungo_shape_count(shape);
    put_head(head, number, message_size(shape, diff != NULL));
    LUNGO_TRY(write_values(file, head, 5, data, count));
    LUNGO_TRY(write_values(file, head, 6, diff, count));
    if (shape->axes) {
        put_head(head, 7, record_size(1, dims_size(shape)));
        put_head(head, 1, dims_size(shape));
        for (int i = 0; i < shape->axes; i++)
            lungo_wire_put_varint(head, (uint64_t)shape->dim[i]);
    }
    return flush(head, file);
}

lungo_status lungo_stored_blob_write(lungo_file_writer *file, uint32_t number,
                                     const lungo_shape *shape, const float *data,
                                     const float *diff) {
    lungo_buffer head = {0};
    lungo_status status = write_blob(file, &head, number, shape, data, diff);
    lungo_buffer_dispose(&head);
    return status;
}
