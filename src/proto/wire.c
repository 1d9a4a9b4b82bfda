/* A field is the varint of  number << 3 | type  and what the type says: a varint, 4 or 8 bytes
 * (little-endian), a varint n and n bytes, or fields up to the end of a group. */
#include "proto/wire.h"

#include <inttypes.h>
#include <string.h>

enum { GROUP_END = 4, MAX_VARINT = 10 };

lungo_wire lungo_wire_over(const void *bytes, size_t length, const char *name) {
    const uint8_t *start = bytes;
    return (lungo_wire){name, start, start, start + length};
}

static size_t offset(const lungo_wire *wire) {
    return (size_t)(wire->at - wire->start);
}

static lungo_status fail_cut(const lungo_wire *wire, uint64_t expected) {
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "%s is cut or damaged: expected %" PRIu64 " bytes at offset %zu, got %zu",
                      wire->name, expected, offset(wire), lungo_wire_left(wire));
}

lungo_status lungo_wire_varint(lungo_wire *wire, uint64_t *value) {
    uint64_t sum = 0;
    for (size_t i = 0; i < MAX_VARINT; i++) {
        if (i >= lungo_wire_left(wire)) return fail_cut(wire, i + 1);
        uint8_t byte = wire->at[i];
        sum |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80) continue;
        wire->at += i + 1;
        *value = sum;
        return LUNGO_OK;
    }
    return lungo_fail(
        LUNGO_ERR_FORMAT,
        "%s is damaged: expected a varint of at most %d bytes at offset %zu, got more", wire->name,
        MAX_VARINT, offset(wire));
}

static lungo_status read_fixed(lungo_wire *wire, size_t size, uint64_t *value) {
    if (lungo_wire_left(wire) < size) return fail_cut(wire, size);
    uint64_t sum = 0;
    for (size_t i = size; i-- > 0;)
        sum = sum << 8 | wire->at[i];
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
    if (length > lungo_wire_left(wire)) return fail_cut(wire, length);
    *bytes = (lungo_wire){wire->name, wire->start, wire->at, wire->at + length};
    wire->at += length;
    return LUNGO_OK;
}

static lungo_status read_tag(lungo_wire *wire, uint32_t *number, unsigned *type) {
    const uint8_t *before = wire->at;
    uint64_t tag;
    LUNGO_TRY(lungo_wire_varint(wire, &tag));
    *number = (uint32_t)(tag >> 3);
    *type = (unsigned)(tag & 7);
    if (tag >> 32 == 0 && *number != 0 && *type <= LUNGO_WIRE_FIXED32) return LUNGO_OK;
    wire->at = before;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "%s is damaged: expected a protobuf field at offset %zu, got number %" PRIu64
                      " of wire type %u",
                      wire->name, offset(wire), tag >> 3, *type);
}

static lungo_status read_value(lungo_wire *wire, lungo_wire_field *field, int depth);

/* Fields up to the end of the group that has just begun. */
static lungo_status skip_group(lungo_wire *wire, uint32_t group, int depth) {
    if (depth >= LUNGO_WIRE_MAX_DEPTH)
        return lungo_fail(
            LUNGO_ERR_FORMAT,
            "%s is damaged: expected at most %d nested groups at offset %zu, got more", wire->name,
            LUNGO_WIRE_MAX_DEPTH, offset(wire));
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
                      wire->name, offset(wire), field->number);
}

lungo_status lungo_wire_next(lungo_wire *wire, lungo_wire_field *field) {
    unsigned type;
    *field = (lungo_wire_field){0};
    LUNGO_TRY(read_tag(wire, &field->number, &type));
    field->type = (lungo_wire_type)type;
    field->bytes = (lungo_wire){wire->name, wire->start, wire->at, wire->at};
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
