/* Working on messages of any type by walking protobuf-c's descriptors.
 *
 * Arrays of repeated fields are made by these functions alone: their capacity follows from their
 * length, so that appending needs no allocation most of the time. Taking elements off the end is
 * free to all. Where a function returns a pointer, NULL means out of memory. */
#ifndef LUNGO_PROTO_MESSAGE_H
#define LUNGO_PROTO_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "proto/document.h"

/* A message with every default set and no field present. */
ProtobufCMessage *lungo_message_new(lungo_document *document,
                                    const ProtobufCMessageDescriptor *type);

/* A deep copy in `into`. Positions come along when from_document is given.
 * `out` points to a pointer to the message's own struct or to a ProtobufCMessage. */
lungo_status lungo_message_copy(lungo_document *into, void *out, const ProtobufCMessage *from,
                                const lungo_document *from_document);

/* As protobuf's MergeFrom: what is present in `from` overwrites, repeated fields are appended,
 * sub-messages are merged in turn. Both are of one type. */
lungo_status lungo_message_merge(lungo_document *into, ProtobufCMessage *to,
                                 const ProtobufCMessage *from, const lungo_document *from_document);

/* The same for one field, which may have another name in another type of message, as long as type
 * and label agree: to_field belongs to `to`, from_field to `from`. */
lungo_status lungo_message_merge_field(lungo_document *into, ProtobufCMessage *to,
                                       const ProtobufCFieldDescriptor *to_field,
                                       const ProtobufCMessage *from,
                                       const ProtobufCFieldDescriptor *from_field,
                                       const lungo_document *from_document);

/* The same fields present, with the same values bit for bit (so that a nan equals itself).
 * Unknown fields do not count. */
bool lungo_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b);

/* NULL: the type has no such field. */
const ProtobufCFieldDescriptor *lungo_message_field(const ProtobufCMessage *message,
                                                    const char *name);

/* Where a message keeps the field. The position of a field that holds no message is noted for this
 * address (the first, of those of a repeated field). */
static inline const void *lungo_message_place(const ProtobufCMessage *message,
                                              const ProtobufCFieldDescriptor *field) {
    return (const char *)message + field->offset;
}

/* Where the field was given in the text; where the message begins, if it was not. */
lungo_position lungo_message_position(const lungo_document *document,
                                      const ProtobufCMessage *message, const char *field);

/* Whether the field was given. A repeated field is present when it has an element; a required
 * scalar always is, because protobuf-c keeps no record of it. */
bool lungo_message_has(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Elements of a repeated field; 1 or 0 for any other. */
size_t lungo_message_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* The value of a field, or element `index` of a repeated one: a pointer to int32_t, float, char *,
 * ProtobufCMessage *, ... as protobuf-c stores it. */
void *lungo_message_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                          size_t index);

/* A place for a value: appended to a repeated field (and zeroed), else the field's own, now
 * present. Where that is a sub-message or a string, the caller fills the pointer in. */
void *lungo_message_add(lungo_document *document, ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field);

/* Places for `more` values at once, zeroed, at the end of a repeated field. */
void *lungo_message_extend(lungo_document *document, ProtobufCMessage *message,
                           const ProtobufCFieldDescriptor *field, size_t more);

/* A new sub-message: appended, or in place of the present one. */
ProtobufCMessage *lungo_message_add_message(lungo_document *document, ProtobufCMessage *message,
                                            const ProtobufCFieldDescriptor *field);

/* Appends a field that the schema does not know, as protobuf-c keeps those it finds: behind the tag
 * stand `length` bytes, which are copied. Copies and merged messages have it too. */
lungo_status lungo_message_add_unknown(lungo_document *document, ProtobufCMessage *message,
                                       const ProtobufCMessageUnknownField *unknown);

/* The sub-message of a field that is not repeated, made if absent. */
ProtobufCMessage *lungo_message_ensure(lungo_document *document, ProtobufCMessage *message,
                                       const ProtobufCFieldDescriptor *field);

/* Makes the field absent, with its default as value. */
void lungo_message_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Protobuf's strings may hold zero bytes, a char * may not. In a message such a byte stands as
 * C0 80 '0', and the bytes C0 80 themselves (never found in valid UTF-8) as C0 80 '1'. */
char *lungo_message_string(lungo_document *document, const char *bytes, size_t length);
void lungo_message_string_bytes(lungo_buffer *out, const char *string);

#endif
