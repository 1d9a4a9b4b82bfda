#include "proto/message.h"

#include <stdint.h>
#include <string.h>

enum { FIRST_CAPACITY = 4 };

/* Members of a message's struct, by the offsets that the descriptor gives. */
static void *member(const ProtobufCMessage *message, unsigned offset) {
    return (char *)message + offset;
}

/* The count of a repeated field; protobuf-c keeps `has` of an optional scalar in the same slot. */
static size_t *counter(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    return member(message, field->quantifier_offset);
}

static protobuf_c_boolean *has_flag(const ProtobufCMessage *message,
                                    const ProtobufCFieldDescriptor *field) {
    return member(message, field->quantifier_offset);
}

static void *get_pointer(const void *place) {
    void *pointer;
    memcpy(&pointer, place, sizeof pointer);
    return pointer;
}

static void set_pointer(void *place, const void *pointer) {
    memcpy(place, &pointer, sizeof pointer);
}

static bool is_pointer(const ProtobufCFieldDescriptor *field) {
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

static size_t value_size(const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_FLOAT:
        return sizeof(float);
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(double);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(char *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(ProtobufCMessage *);
    default:
        return sizeof(int32_t);
    }
}

ProtobufCMessage *lungo_message_new(lungo_document *document,
                                    const ProtobufCMessageDescriptor *type) {
    ProtobufCMessage *message =
        lungo_arena_alloc(lungo_document_arena(document), type->sizeof_message);
    if (message) type->message_init(message);
    return message;
}

const ProtobufCFieldDescriptor *lungo_message_field(const ProtobufCMessage *message,
                                                    const char *name) {
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

lungo_position lungo_message_position(const lungo_document *document,
                                      const ProtobufCMessage *message, const char *field) {
    const ProtobufCFieldDescriptor *found = lungo_message_field(message, field);
    lungo_position at = {0};
    if (found && found->type != PROTOBUF_C_TYPE_MESSAGE)
        at = lungo_document_position(document, lungo_message_place(message, found));
    return at.line ? at : lungo_document_position(document, message);
}

bool lungo_message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return *counter(message, field) > 0;
    if (is_pointer(field)) {
        const void *pointer = get_pointer(member(message, field->offset));
        return pointer && pointer != field->default_value;
    }
    return field->label == PROTOBUF_C_LABEL_REQUIRED || *has_flag(message, field);
}

size_t lungo_message_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED) return *counter(message, field);
    return lungo_message_has(message, field);
}

void *lungo_message_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          size_t index) {
    void *place = member(message, field->offset);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) return place;
    return (char *)get_pointer(place) + index * value_size(field);
}

/* Capacities are powers of two from FIRST_CAPACITY on. */
static size_t capacity_of(size_t count) {
    size_t capacity = FIRST_CAPACITY;
    while (capacity < count)
        capacity *= 2;
    return capacity;
}

void *lungo_message_extend(lungo_document *document, ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field, size_t more) {
    size_t count = *counter(message, field), size = value_size(field);
    void *place = member(message, field->offset);
    if (more > SIZE_MAX / 4 - count) return NULL;
    size_t capacity = capacity_of(count), needed = capacity_of(count + more);
    if (needed > capacity || count == 0) {
        void *larger = lungo_arena_array(lungo_document_arena(document), needed, size);
        if (!larger) return NULL;
        if (count) memcpy(larger, get_pointer(place), count * size);
        set_pointer(place, larger);
    }
    *counter(message, field) = count + more;
    return memset((char *)get_pointer(place) + count * size, 0, more * size);
}

void *lungo_message_add(lungo_document *document, ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field) {
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return lungo_message_extend(document, message, field, 1);
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL && !is_pointer(field))
        *has_flag(message, field) = true;
    return member(message, field->offset);
}

ProtobufCMessage *lungo_message_add_message(lungo_document *document, ProtobufCMessage *message,
                                            const ProtobufCFieldDescriptor *field) {
    ProtobufCMessage *made = lungo_message_new(document, field->descriptor);
    void *place = made ? lungo_message_add(document, message, field) : NULL;
    if (!place) return NULL;
    set_pointer(place, made);
    return made;
}

ProtobufCMessage *lungo_message_ensure(lungo_document *document, ProtobufCMessage *message,
                                       const ProtobufCFieldDescriptor *field) {
    ProtobufCMessage *present = get_pointer(member(message, field->offset));
    return present ? present : lungo_message_add_message(document, message, field);
}

void lungo_message_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
    void *place = member(message, field->offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *counter(message, field) = 0;
        set_pointer(place, NULL);
    } else if (is_pointer(field)) {
        set_pointer(place, field->default_value);
    } else {
        if (field->label == PROTOBUF_C_LABEL_OPTIONAL) *has_flag(message, field) = false;
        if (field->default_value)
            memcpy(place, field->default_value, value_size(field));
        else
            memset(place, 0, value_size(field));
    }
}

static lungo_status copy_position(lungo_document *into, const ProtobufCMessage *to,
                                  const ProtobufCMessage *from,
                                  const lungo_document *from_document) {
    if (!from_document) return LUNGO_OK;
    lungo_position position = lungo_document_position(from_document, from);
    return position.line ? lungo_document_set_position(into, to, position) : LUNGO_OK;
}

static lungo_status copy_string(lungo_document *into, void *place, const char *text) {
    const char *copy = lungo_arena_string(lungo_document_arena(into), text);
    if (!copy) return lungo_fail_memory("a string", strlen(text) + 1);
    set_pointer(place, copy);
    return LUNGO_OK;
}

static lungo_status copy_bytes(lungo_document *into, ProtobufCBinaryData *to,
                               const ProtobufCBinaryData *from) {
    void *copy = lungo_arena_copy(lungo_document_arena(into), (const char *)from->data, from->len);
    if (!copy) return lungo_fail_memory("bytes", from->len);
    *to = (ProtobufCBinaryData){from->len, copy};
    return LUNGO_OK;
}

static lungo_status copy_value(lungo_document *into, const ProtobufCFieldDescriptor *field,
                               void *to, const void *from, const lungo_document *from_document) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return copy_string(into, to, get_pointer(from));
    case PROTOBUF_C_TYPE_BYTES:
        return copy_bytes(into, to, from);
    case PROTOBUF_C_TYPE_MESSAGE:
        return lungo_message_copy(into, to, get_pointer(from), from_document);
    default:
        memcpy(to, from, value_size(field));
        return LUNGO_OK;
    }
}

/* Of numbers: copied as a whole. */
static bool is_plain_array(const ProtobufCFieldDescriptor *field) {
    return field->label == PROTOBUF_C_LABEL_REPEATED && !is_pointer(field) &&
           field->type != PROTOBUF_C_TYPE_BYTES;
}

lungo_status lungo_message_merge_field(lungo_document *into, ProtobufCMessage *to,
                                       const ProtobufCFieldDescriptor *to_field,
                                       const ProtobufCMessage *from,
                                       const ProtobufCFieldDescriptor *from_field,
                                       const lungo_document *from_document) {
    size_t count = lungo_message_count(from, from_field);
    bool merges = to_field->type == PROTOBUF_C_TYPE_MESSAGE &&
                  to_field->label != PROTOBUF_C_LABEL_REPEATED && lungo_message_has(to, to_field);
    if (merges && count > 0)
        return lungo_message_merge(into, get_pointer(member(to, to_field->offset)),
                                   get_pointer(member(from, from_field->offset)), from_document);
    if (is_plain_array(to_field) && count > 0) {
        void *values = lungo_message_extend(into, to, to_field, count);
        if (!values) return lungo_fail_memory(to_field->name, count * value_size(to_field));
        memcpy(values, lungo_message_value(from, from_field, 0), count * value_size(to_field));
        return LUNGO_OK;
    }
    for (size_t i = 0; i < count; i++) {
        const void *value = lungo_message_value(from, from_field, i);
        _Alignas(16) char copy[sizeof(ProtobufCBinaryData)];
        LUNGO_TRY(copy_value(into, to_field, copy, value, from_document));
        void *place = lungo_message_add(into, to, to_field);
        if (!place) return lungo_fail_memory(to_field->name, (i + 1) * value_size(to_field));
        memcpy(place, copy, value_size(to_field));
    }
    return LUNGO_OK;
}

static bool make_room_for_unknown(lungo_document *document, ProtobufCMessage *message) {
    size_t count = message->n_unknown_fields, needed = capacity_of(count + 1);
    if (count > 0 && needed == capacity_of(count)) return true;
    ProtobufCMessageUnknownField *larger =
        lungo_arena_array(lungo_document_arena(document), needed, sizeof *larger);
    if (!larger) return false;
    if (count > 0) memcpy(larger, message->unknown_fields, count * sizeof *larger);
    message->unknown_fields = larger;
    return true;
}

lungo_status lungo_message_add_unknown(lungo_document *document, ProtobufCMessage *message,
                                       const ProtobufCMessageUnknownField *unknown) {
    void *copy =
        lungo_arena_copy(lungo_document_arena(document), (const char *)unknown->data, unknown->len);
    if (!copy || !make_room_for_unknown(document, message))
        return lungo_fail_memory("an unknown field", unknown->len);
    ProtobufCMessageUnknownField *added = &message->unknown_fields[message->n_unknown_fields++];
    *added = *unknown;
    added->data = copy;
    return LUNGO_OK;
}

lungo_status lungo_message_merge(lungo_document *into, ProtobufCMessage *to,
                                 const ProtobufCMessage *from,
                                 const lungo_document *from_document) {
    for (unsigned i = 0; i < from->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &from->descriptor->fields[i];
        LUNGO_TRY(lungo_message_merge_field(into, to, field, from, field, from_document));
    }
    for (unsigned i = 0; i < from->n_unknown_fields; i++)
        LUNGO_TRY(lungo_message_add_unknown(into, to, &from->unknown_fields[i]));
    return LUNGO_OK;
}

lungo_status lungo_message_copy(lungo_document *into, void *out, const ProtobufCMessage *from,
                                const lungo_document *from_document) {
    ProtobufCMessage *copy = lungo_message_new(into, from->descriptor);
    if (!copy)
        return lungo_fail_memory(from->descriptor->short_name, from->descriptor->sizeof_message);
    LUNGO_TRY(lungo_message_merge(into, copy, from, from_document));
    LUNGO_TRY(copy_position(into, copy, from, from_document));
    set_pointer(out, copy);
    return LUNGO_OK;
}

static bool equal_value(const ProtobufCFieldDescriptor *field, const void *a, const void *b) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return strcmp(get_pointer(a), get_pointer(b)) == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return lungo_message_equal(get_pointer(a), get_pointer(b));
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *left = a, *right = b;
        return left->len == right->len &&
               (left->len == 0 || memcmp(left->data, right->data, left->len) == 0);
    }
    default:
        return memcmp(a, b, value_size(field)) == 0;
    }
}

bool lungo_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b) {
    if (a->descriptor != b->descriptor) return false;
    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
        size_t count = lungo_message_count(a, field);
        if (count != lungo_message_count(b, field)) return false;
        for (size_t k = 0; k < count; k++)
            if (!equal_value(field, lungo_message_value(a, field, k),
                             lungo_message_value(b, field, k)))
                return false;
    }
    return true;
}

static const char zero_escape[] = "\xC0\x80";

char *lungo_message_string(lungo_document *document, const char *bytes, size_t length) {
    lungo_arena *arena = lungo_document_arena(document);
    if (!memchr(bytes, '\0', length) && !memmem(bytes, length, zero_escape, 2))
        return lungo_arena_copy(arena, bytes, length);
    char *string = length < SIZE_MAX / 3 ? lungo_arena_alloc(arena, 3 * length + 1) : NULL;
    char *to = string;
    for (size_t i = 0; string && i < length; i++) {
        bool is_escape = i + 1 < length && memcmp(bytes + i, zero_escape, 2) == 0;
        if (bytes[i] != '\0' && !is_escape) {
            *to++ = bytes[i];
            continue;
        }
        to = (char *)memcpy(to, zero_escape, 2) + 2;
        *to++ = is_escape ? '1' : '0';
        i += is_escape;
    }
    return string;
}

void lungo_message_string_bytes(lungo_buffer *out, const char *string) {
    for (const char *escape; (escape = strstr(string, zero_escape)) != NULL;) {
        bool is_zero = escape[2] == '0', is_itself = escape[2] == '1';
        lungo_buffer_append(out, string, (size_t)(escape - string));
        lungo_buffer_append(out, is_zero ? "" : zero_escape, is_zero ? 1 : 2);
        string = escape + 2 + (is_zero || is_itself);
    }
    lungo_buffer_puts(out, string);
}
