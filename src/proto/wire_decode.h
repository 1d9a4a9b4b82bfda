/* Binary definitions and solver states as messages. Not for weights: see weights/model.h. */
#ifndef LUNGO_PROTO_WIRE_DECODE_H
#define LUNGO_PROTO_WIRE_DECODE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "proto/document.h"

/* As protobuf itself reads, not protobuf-c: unknown fields, known ones of another wire type and
 * unknown enum values are kept as they stand, and packed again; repeated numbers are taken packed
 * and one by one; a field that comes twice is merged. Missing required fields read as zero. The
 * messages have no positions but the outermost, which stands at line 1 of `name`. */
lungo_status lungo_wire_decode(lungo_document *document, ProtobufCMessage **out,
                               const ProtobufCMessageDescriptor *type, const void *bytes,
                               size_t length, const char *name);

#endif
