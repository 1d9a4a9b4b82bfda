/* Prototxt: protobuf's text format for any message that protobuf-c describes. */
#ifndef LUNGO_PROTO_TEXT_H
#define LUNGO_PROTO_TEXT_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/buffer.h"
#include "proto/document.h"

/* Reads the text as a message of this type. What protobuf 3.21's own parser takes is taken; what it
 * refuses is refused at the same line and column: "lungo: <name>:<line>:<column>: ...".
 * Every message in it gets the position of the name of the field that holds it. */
lungo_status lungo_text_parse(lungo_document *document, ProtobufCMessage **out,
                              const ProtobufCMessageDescriptor *type, const char *text,
                              size_t length, const char *name);

/* The same for a file. One that is longer than the limit is not read. */
lungo_status lungo_text_read(lungo_document *document, ProtobufCMessage **out,
                             const ProtobufCMessageDescriptor *type, const char *path);

/* Appends the message as protobuf prints it, fields in the order of their numbers. */
void lungo_text_print(lungo_buffer *out, const ProtobufCMessage *message);

/* Appends one value of a field that holds no message (lungo_message_value). */
void lungo_text_print_value(lungo_buffer *out, const ProtobufCFieldDescriptor *field,
                            const void *value);

#endif
