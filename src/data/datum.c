/* Protocol buffers' wire form of Datum:
 *
 *   channels 1, height 2, width 3, label 5    int32, as varints
 *   data 4                                    bytes
 *   float_data 6                              floats, each with its tag as Caffe writes them;
 *                                             packed ones are read, too
 *   encoded 7                                 bool
 *
 * A field begins with the varint of number << 3 | type. Floats are little-endian.
 */
#include "data/datum.h"

#include <stdint.h>
#include <string.h>

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };
#define TAG(number, type) ((number) << 3 | (type))

/* ---- encoding ---- */

static void append_varint(lungo_buffer *out, uint64_t value) {
    unsigned char bytes[10];
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[length++] = (unsigned char)(value | 0x80);
    bytes[length++] = (unsigned char)value;
    lungo_buffer_append(out, bytes, length);
}

static void append_int(lungo_buffer *out, int number, int value) {
    append_varint(out, TAG(number, VARINT));
    append_varint(out, (uint64_t)(int64_t)value); /* a negative int32 takes ten bytes */
}

static void append_float(lungo_buffer *out, int number, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    unsigned char bytes[] = {(unsigned char)TAG(number, FIXED32), (unsigned char)bits,
                             (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                             (unsigned char)(bits >> 24)};
    lungo_buffer_append(out, bytes, sizeof bytes);
}

lungo_status lungo_datum_encode(lungo_buffer *out, const lungo_datum *datum) {
    if (datum->channels || datum->height || datum->width) {
        append_int(out, 1, datum->channels);
        append_int(out, 2, datum->height);
        append_int(out, 3, datum->width);
    }
    if (datum->data) {
        append_varint(out, TAG(4, BYTES));
        append_varint(out, datum->data_size);
        lungo_buffer_append(out, datum->data, datum->data_size);
    }
    if (datum->has_label) append_int(out, 5, datum->label);
    for (size_t i = 0; i < datum->float_count; i++)
        append_float(out, 6, datum->float_data[i]);
    if (datum->has_encoded) append_int(out, 7, datum->encoded);
    return out->failed ? lungo_fail_memory("a datum", out->length) : LUNGO_OK;
}

/* ---- decoding ---- */

typedef struct cursor {
    const unsigned char *start, *at, *end;
} cursor;

static lungo_status cut(const cursor *from, const char *what) {
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "record is cut or no Datum: expected %s at byte %zu, got the end of its %zu "
                      "bytes",
                      what, (size_t)(from->at - from->start), (size_t)(from->end - from->start));
}

static lungo_status read_varint(uint64_t *out, cursor *from) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (from->at == from->end) return cut(from, "more of a number");
        unsigned char byte = *from->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80) continue;
        *out = value;
        return LUNGO_OK;
    }
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "record is no Datum: expected a number of at most 10 bytes before byte %zu",
                      (size_t)(from->at - from->start));
}

static lungo_status read_int(int *out, cursor *from) {
    uint64_t value;
    LUNGO_TRY(read_varint(&value, from));
    *out = (int)(int32_t)(uint32_t)value;
    return LUNGO_OK;
}

static lungo_status read_span(const unsigned char **out, cursor *from, uint64_t size) {
    if (size > (uint64_t)(from->end - from->at)) return cut(from, "more bytes of a field");
    *out = from->at;
    from->at += size;
    return LUNGO_OK;
}

static lungo_status read_bytes(const unsigned char **out, size_t *size, cursor *from) {
    uint64_t length;
    LUNGO_TRY(read_varint(&length, from));
    LUNGO_TRY(read_span(out, from, length));
    *size = (size_t)length;
    return LUNGO_OK;
}

static lungo_status skip_field(cursor *from, uint64_t tag) {
    const unsigned char *bytes;
    uint64_t number;
    size_t size;
    switch (tag & 7) {
    case VARINT:
        return read_varint(&number, from);
    case FIXED64:
        return read_span(&bytes, from, 8);
    case BYTES:
        return read_bytes(&bytes, &size, from);
    case FIXED32:
        return read_span(&bytes, from, 4);
    default:
        return lungo_fail(
            LUNGO_ERR_FORMAT, "record is no Datum: field %llu before byte %zu has the wire type %d",
            (unsigned long long)(tag >> 3), (size_t)(from->at - from->start), (int)(tag & 7));
    }
}

static lungo_status append_floats(lungo_buffer *floats, const unsigned char *bytes, size_t size) {
    if (size % 4)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "record is no Datum: expected float_data of 4 bytes each, got %zu bytes",
                          size);
    for (size_t i = 0; i < size; i += 4) {
        uint32_t bits = bytes[i] | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2] << 16 |
                        (uint32_t)bytes[i + 3] << 24;
        lungo_buffer_append(floats, &bits, sizeof bits);
    }
    return floats->failed ? lungo_fail_memory("a datum's float_data", size) : LUNGO_OK;
}

static lungo_status read_floats(lungo_buffer *floats, cursor *from, bool packed) {
    const unsigned char *bytes;
    size_t size = 4;
    if (packed)
        LUNGO_TRY(read_bytes(&bytes, &size, from));
    else
        LUNGO_TRY(read_span(&bytes, from, size));
    return append_floats(floats, bytes, size);
}

static lungo_status read_field(lungo_datum *datum, lungo_buffer *floats, cursor *from) {
    uint64_t tag;
    const unsigned char *bytes;
    int flag;
    LUNGO_TRY(read_varint(&tag, from));
    switch (tag) {
    case TAG(1, VARINT):
        return read_int(&datum->channels, from);
    case TAG(2, VARINT):
        return read_int(&datum->height, from);
    case TAG(3, VARINT):
        return read_int(&datum->width, from);
    case TAG(4, BYTES):
        LUNGO_TRY(read_bytes(&bytes, &datum->data_size, from));
        datum->data = bytes;
        return LUNGO_OK;
    case TAG(5, VARINT):
        datum->has_label = true;
        return read_int(&datum->label, from);
    case TAG(6, BYTES):
        return read_floats(floats, from, true);
    case TAG(6, FIXED32):
        return read_floats(floats, from, false);
    case TAG(7, VARINT):
        LUNGO_TRY(read_int(&flag, from));
        datum->has_encoded = true;
        datum->encoded = flag != 0;
        return LUNGO_OK;
    default:
        return skip_field(from, tag);
    }
}

/* What the shape promises is there, so that nobody reads beyond it. */
static lungo_status check_values(const lungo_datum *datum) {
    size_t expected, got = datum->data_size ? datum->data_size : datum->float_count;
    if (datum->encoded) return LUNGO_OK;
    if (datum->channels < 1 || datum->height < 1 || datum->width < 1 ||
        __builtin_mul_overflow((size_t)datum->channels, (size_t)datum->height, &expected) ||
        __builtin_mul_overflow(expected, (size_t)datum->width, &expected))
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "datum: expected channels, height and width of at least 1, got %dx%dx%d",
                          datum->channels, datum->height, datum->width);
    if (got == expected) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "datum: expected %zu values for its shape %dx%dx%d, got %zu", expected,
                      datum->channels, datum->height, datum->width, got);
}

lungo_status lungo_datum_decode(lungo_datum *out, lungo_buffer *floats, const void *bytes,
                                size_t size) {
    lungo_datum datum = {0};
    cursor from = {bytes, bytes, (const unsigned char *)bytes + size};
    lungo_buffer_clear(floats);
    while (from.at < from.end)
        LUNGO_TRY(read_field(&datum, floats, &from));
    datum.float_count = floats->length / sizeof(float);
    if (datum.float_count) datum.float_data = (const float *)(const void *)floats->bytes;
    LUNGO_TRY(check_values(&datum));
    *out = datum;
    return LUNGO_OK;
}
