#include "proto/wire_decode.h"

#include <string.h>

#include "proto/message.h"
#include "proto/wire.h"

/* The wire type a field's values have when they are not packed. */
static lungo_wire_type wire_type(const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return LUNGO_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return LUNGO_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return LUNGO_WIRE_BYTES;
    default:
        return LUNGO_WIRE_VARINT;
    }
}

static int64_t unzigzag(uint64_t value) {
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

/* Puts a number into the place of a field's value, in the width that protobuf-c stores. */
static void store_number(const ProtobufCFieldDescriptor *field, void *place, uint64_t value) {
    if (field->type == PROTOBUF_C_TYPE_SINT32 || field->type == PROTOBUF_C_TYPE_SINT64)
        value = (uint64_t)unzigzag(value);
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(place, &value, sizeof value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        memcpy(place, &(protobuf_c_boolean){value != 0}, sizeof(protobuf_c_boolean));
        break;
    default:
        memcpy(place, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
    }
}

static lungo_status add_number(lungo_document *document, ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, uint64_t value) {
    if (field->type == PROTOBUF_C_TYPE_ENUM &&
        !protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value))
        return LUNGO_OK;
    void *place = lungo_message_add(document, message, field);
    if (!place) return lungo_fail_memory(field->name, sizeof value);
    store_number(field, place, value);
    return LUNGO_OK;
}

static lungo_status add_packed_varints(lungo_document *document, ProtobufCMessage *message,
                                       const ProtobufCFieldDescriptor *field, lungo_wire values) {
    while (lungo_wire_more(&values)) {
        uint64_t value = 0;
        LUNGO_TRY(lungo_document_check(document));
        LUNGO_TRY(lungo_wire_varint(&values, &value));
        LUNGO_TRY(add_number(document, message, field, value));
    }
    return LUNGO_OK;
}

/* The count is known: weights are long. */
static lungo_status add_packed(lungo_document *document, ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, lungo_wire values) {
    lungo_wire_type type = wire_type(field);
    if (type == LUNGO_WIRE_VARINT) return add_packed_varints(document, message, field, values);
    size_t size = type == LUNGO_WIRE_FIXED32 ? 4 : 8, count = lungo_wire_left(&values) / size;
    char *place = lungo_message_extend(document, message, field, count);
    if (!place) return lungo_fail_memory(field->name, count * size);
    for (size_t i = 0; lungo_wire_more(&values); i++) { /* ends with an error at a part of one */
        uint64_t value;
        LUNGO_TRY(size == 4 ? lungo_wire_fixed32(&values, &value)
                            : lungo_wire_fixed64(&values, &value));
        store_number(field, place + i * size, value);
    }
    return LUNGO_OK;
}

static lungo_status add_string(lungo_document *document, ProtobufCMessage *message,
                               const ProtobufCFieldDescriptor *field, lungo_wire bytes) {
    size_t length = lungo_wire_left(&bytes), most = lungo_document_limits(document)->string;
    if (length > most)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "%s: '%s': expected a string of at most %zu bytes, got "
                          "%zu" LUNGO_BY_LIMIT("string"),
                          bytes.name, field->name, most, length);
    char *text = lungo_message_string(document, (const char *)lungo_wire_bytes(&bytes), length);
    char **place = text ? lungo_message_add(document, message, field) : NULL;
    if (!place) return lungo_fail_memory(field->name, length);
    *place = text;
    return LUNGO_OK;
}

static lungo_status add_bytes(lungo_document *document, ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field, lungo_wire bytes) {
    size_t length = lungo_wire_left(&bytes);
    char *copy = lungo_arena_copy(lungo_document_arena(document),
                                  (const char *)lungo_wire_bytes(&bytes), length);
    ProtobufCBinaryData *place = copy ? lungo_message_add(document, message, field) : NULL;
    if (!place) return lungo_fail_memory(field->name, length);
    *place = (ProtobufCBinaryData){length, (uint8_t *)copy};
    return LUNGO_OK;
}

static lungo_status decode(lungo_document *document, ProtobufCMessage *message, lungo_wire wire,
                           int depth);

static lungo_status add_message(lungo_document *document, ProtobufCMessage *message,
                                const ProtobufCFieldDescriptor *field, lungo_wire bytes,
                                int depth) {
    ProtobufCMessage *inner = field->label == PROTOBUF_C_LABEL_REPEATED
                                  ? lungo_message_add_message(document, message, field)
                                  : lungo_message_ensure(document, message, field);
    if (!inner) return lungo_fail_memory(field->name, sizeof *inner);
    return decode(document, inner, bytes, depth + 1);
}

static lungo_status add_field(lungo_document *document, ProtobufCMessage *message,
                              const ProtobufCFieldDescriptor *field, const lungo_wire_field *read,
                              int depth) {
    lungo_wire_type expected = wire_type(field);
    bool packed = read->type == LUNGO_WIRE_BYTES && expected != LUNGO_WIRE_BYTES;
    if (packed && field->label == PROTOBUF_C_LABEL_REPEATED)
        return add_packed(document, message, field, read->bytes);
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return add_string(document, message, field, read->bytes);
    case PROTOBUF_C_TYPE_BYTES:
        return add_bytes(document, message, field, read->bytes);
    case PROTOBUF_C_TYPE_MESSAGE:
        return add_message(document, message, field, read->bytes, depth);
    default:
        return add_number(document, message, field, read->value);
    }
}

/* Whether the field can hold what was read: its wire type, and for enums the value, is one of
 * the schema's. */
static bool is_known(const ProtobufCFieldDescriptor *field, const lungo_wire_field *read) {
    if (!field) return false;
    if (read->type == LUNGO_WIRE_BYTES && field->label == PROTOBUF_C_LABEL_REPEATED) return true;
    if (read->type != wire_type(field)) return false;
    return field->type != PROTOBUF_C_TYPE_ENUM ||
           protobuf_c_enum_descriptor_get_value(field->descriptor, (int)read->value);
}

/* `at`: the tag, as it stands in the file; the field ends at `end`. */
static lungo_status keep_unknown(lungo_document *document, ProtobufCMessage *message,
                                 const lungo_wire_field *read, const uint8_t *at,
                                 const uint8_t *end) {
    while (*at & 0x80)
        at++;
    ProtobufCMessageUnknownField unknown = {.tag = read->number,
                                            .wire_type = (ProtobufCWireType)read->type,
                                            .len = (size_t)(end - at - 1),
                                            .data = (uint8_t *)at + 1};
    return lungo_message_add_unknown(document, message, &unknown);
}

static lungo_status decode(lungo_document *document, ProtobufCMessage *message, lungo_wire wire,
                           int depth) {
    if (depth > LUNGO_WIRE_MAX_DEPTH)
        return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected at most %d nested messages, got more",
                          wire.name, LUNGO_WIRE_MAX_DEPTH);
    while (lungo_wire_more(&wire)) {
        lungo_wire_field read;
        LUNGO_TRY(lungo_document_check(document));
        const uint8_t *at = lungo_wire_bytes(&wire);
        LUNGO_TRY(lungo_wire_next(&wire, &read));
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(message->descriptor, read.number);
        LUNGO_TRY(is_known(field, &read)
                      ? add_field(document, message, field, &read, depth)
                      : keep_unknown(document, message, &read, at, lungo_wire_bytes(&wire)));
    }
    return LUNGO_OK;
}

lungo_status lungo_wire_decode(lungo_document *document, ProtobufCMessage **out,
                               const ProtobufCMessageDescriptor *type, const void *bytes,
                               size_t length, const char *name) {
    lungo_document_expect(document, length, name);
    ProtobufCMessage *message = lungo_message_new(document, type);
    if (!message) return lungo_fail_memory(type->short_name, type->sizeof_message);
    LUNGO_TRY(lungo_document_set_position(document, message, (lungo_position){name, 1, 1}));
    LUNGO_TRY(decode(document, message, lungo_wire_over(bytes, length, name), 0));
    *out = message;
    return LUNGO_OK;
}
