/* A field is the varint of  number << 3 | type  and what the type says: a varint, 4 or 8 bytes
 * (little-endian), a varint n and n bytes, or fields up to the end of a group. */
#include "proto/wire.h"

#include <inttypes.h>
#include <string.h>

enum { GROUP_END = 4, MAX_VARINT = 10 };

lungo_wire lungo_wire_over(const void *bytes, size_t length, const char *name) {
    return (lungo_wire){.name = name, .memory = bytes, .end = length};
}

lungo_wire lungo_wire_over_file(lungo_file_reader *file, const char *name) {
    return (lungo_wire){.name = name, .file = file, .end = lungo_file_reader_size(file)};
}

static lungo_status fail_cut(const lungo_wire *wire, uint64_t expected) {
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "%s is cut or damaged: expected %" PRIu64 " bytes at offset %zu, got %zu",
                      wire->name, expected, wire->at, lungo_wire_left(wire));
}

/* At least `length` of the bytes that are left; few. */
static lungo_status look(const lungo_wire *wire, size_t length, const uint8_t **out) {
    if (wire->file) return lungo_file_reader_look(wire->file, wire->at, length, out);
    *out = lungo_wire_bytes(wire);
    return LUNGO_OK;
}

lungo_status lungo_wire_varint(lungo_wire *wire, uint64_t *value) {
    size_t left = lungo_wire_left(wire);
    const uint8_t *bytes;
    uint64_t sum = 0;
    LUNGO_TRY(look(wire, left < MAX_VARINT ? left : MAX_VARINT, &bytes));
    for (size_t i = 0; i < MAX_VARINT; i++) {
        if (i >= left) return fail_cut(wire, i + 1);
        sum |= (uint64_t)(bytes[i] & 0x7f) << (7 * i);
        if (bytes[i] & 0x80) continue;
        wire->at += i + 1;
        *value = sum;
        return LUNGO_OK;
    }
    return lungo_fail(
        LUNGO_ERR_FORMAT,
        "%s is damaged: expected a varint of at most %d bytes at offset %zu, got more", wire->name,
        MAX_VARINT, wire->at);
}

lungo_status lungo_wire_read(lungo_wire *wire, void *out, size_t length) {
    if (lungo_wire_left(wire) < length) return fail_cut(wire, length);
    if (wire->file)
        LUNGO_TRY(lungo_file_reader_read(wire->file, wire->at, out, length));
    else if (length > 0)
        memcpy(out, lungo_wire_bytes(wire), length);
    wire->at += length;
    return LUNGO_OK;
}

static lungo_status read_fixed(lungo_wire *wire, size_t size, uint64_t *value) {
    const uint8_t *bytes;
    uint64_t sum = 0;
    if (lungo_wire_left(wire) < size) return fail_cut(wire, size);
    LUNGO_TRY(look(wire, size, &bytes));
    for (size_t i = size; i-- > 0;)
        sum = sum << 8 | bytes[i];
    wire->at += size;
    *value = sum;
    return LUNGO_OK;
}

lungo_status lungo_wire_fixed32(lungo_wire *wire, uint64_t *value) {
    return read_fixed(wire, 4, value);
}

lungo_status lungo_wire_fixed64(lungo_wire *wire, uint64_t *value) {
    return read_fixed(wire, 8, value);
}

static lungo_status read_bytes(lungo_wire *wire, lungo_wire *bytes) {
    uint64_t length;
    LUNGO_TRY(lungo_wire_varint(wire, &length));
    /* Groups in groups are deeper than an analyzer looks. NOLINTNEXTLINE(*) */
    if (length > lungo_wire_left(wire)) return fail_cut(wire, length);
    *bytes = *wire;
    bytes->end = wire->at += length;
    return LUNGO_OK;
}

static lungo_status read_tag(lungo_wire *wire, uint32_t *number, unsigned *type) {
    size_t before = wire->at;
    uint64_t tag = 0;
    LUNGO_TRY(lungo_wire_varint(wire, &tag));
    *number = (uint32_t)(tag >> 3);
    *type = (unsigned)(tag & 7);
    if (tag >> 32 == 0 && *number != 0 && *type <= LUNGO_WIRE_FIXED32) return LUNGO_OK;
    wire->at = before;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "%s is damaged: expected a protobuf field at offset %zu, got number %" PRIu64
                      " of wire type %u",
                      wire->name, wire->at, tag >> 3, *type);
}

static lungo_status read_value(lungo_wire *wire, lungo_wire_field *field, int depth);

/* Fields up to the end of the group that has just begun. */
static lungo_status skip_group(lungo_wire *wire, uint32_t group, int depth) {
    if (depth >= LUNGO_WIRE_MAX_DEPTH)
        return lungo_fail(
            LUNGO_ERR_FORMAT,
            "%s is damaged: expected at most %d nested groups at offset %zu, got more", wire->name,
            LUNGO_WIRE_MAX_DEPTH, wire->at);
    for (;;) {
        lungo_wire_field inner;
        unsigned type;
        LUNGO_TRY(read_tag(wire, &inner.number, &type));
        if (type == GROUP_END && inner.number == group) return LUNGO_OK;
        inner.type = (lungo_wire_type)type;
        LUNGO_TRY(read_value(wire, &inner, depth + 1));
    }
}

static lungo_status read_value(lungo_wire *wire, lungo_wire_field *field, int depth) {
    switch (field->type) {
    case LUNGO_WIRE_VARINT:
        return lungo_wire_varint(wire, &field->value);
    case LUNGO_WIRE_FIXED64:
        return lungo_wire_fixed64(wire, &field->value);
    case LUNGO_WIRE_FIXED32:
        return lungo_wire_fixed32(wire, &field->value);
    case LUNGO_WIRE_BYTES:
        return read_bytes(wire, &field->bytes);
    case LUNGO_WIRE_GROUP:
        return skip_group(wire, field->number, depth);
    }
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "%s is damaged: expected a field before offset %zu, got the end of group "
                      "%" PRIu32 ", which has not begun",
                      wire->name, wire->at, field->number);
}

lungo_status lungo_wire_next(lungo_wire *wire, lungo_wire_field *field) {
    unsigned type;
    *field = (lungo_wire_field){0};
    LUNGO_TRY(read_tag(wire, &field->number, &type));
    field->type = (lungo_wire_type)type;
    field->bytes = *wire;
    LUNGO_TRY(read_value(wire, field, 0));
    if (field->type != LUNGO_WIRE_BYTES) field->bytes.end = wire->at;
    return LUNGO_OK;
}

float lungo_wire_float(uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}

double lungo_wire_double(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void lungo_wire_put_varint(lungo_buffer *out, uint64_t value) {
    uint8_t bytes[MAX_VARINT];
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[length++] = (uint8_t)(value | 0x80);
    bytes[length++] = (uint8_t)value;
    lungo_buffer_append(out, bytes, length);
}

void lungo_wire_put_tag(lungo_buffer *out, uint32_t number, lungo_wire_type type) {
    lungo_wire_put_varint(out, (uint64_t)number << 3 | type);
}

size_t lungo_wire_varint_size(uint64_t value) {
    size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}
