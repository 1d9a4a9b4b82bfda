/* Protobuf's wire format, read field by field.
 *
 * Weights, database records and solver states come from Caffe's many forks, which use the same
 * field numbers for other things: protobuf-c's own unpacker refuses such a file as a whole. Readers
 * built on this cursor pick the fields they know, by number and wire type, and pass over the rest.
 * Nothing outside the given bytes is ever read; a fault is reported with its offset in the file.
 */
#ifndef LUNGO_PROTO_WIRE_H
#define LUNGO_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"

/* A message, and how much of it has been read. It lies in memory, or in a file of which nothing is
 * read but what is asked for. */
typedef struct lungo_wire {
    const char *name;
    const uint8_t *memory; /* where offset 0 would be; NULL: it lies in `file` */
    lungo_file_reader *file;
    size_t at, end; /* offsets in the file */
} lungo_wire;

typedef enum lungo_wire_type {
    LUNGO_WIRE_VARINT = 0,
    LUNGO_WIRE_FIXED64 = 1,
    LUNGO_WIRE_BYTES = 2,
    LUNGO_WIRE_GROUP = 3, /* passed over as a whole */
    LUNGO_WIRE_FIXED32 = 5
} lungo_wire_type;

typedef struct lungo_wire_field {
    uint32_t number;
    lungo_wire_type type;
    uint64_t value;   /* VARINT, FIXED64, FIXED32 */
    lungo_wire bytes; /* BYTES: a string, packed values, or a message to be read in turn;
                         else: the value as it stands there */
} lungo_wire_field;

enum { LUNGO_WIRE_MAX_DEPTH = 100 }; /* messages in messages, as protobuf has it */

/* `name` is the file in errors, and is kept. */
lungo_wire lungo_wire_over(const void *bytes, size_t length, const char *name);
lungo_wire lungo_wire_over_file(lungo_file_reader *file, const char *name);

static inline bool lungo_wire_more(const lungo_wire *wire) {
    return wire->at < wire->end;
}

static inline size_t lungo_wire_left(const lungo_wire *wire) {
    return wire->end - wire->at;
}

/* What is left of a message in memory, where it lies. */
static inline const uint8_t *lungo_wire_bytes(const lungo_wire *wire) {
    return wire->memory + wire->at;
}

/* The next field, while there is more. */
lungo_status lungo_wire_next(lungo_wire *wire, lungo_wire_field *field);

/* The next value of packed ones. */
lungo_status lungo_wire_varint(lungo_wire *wire, uint64_t *value);
lungo_status lungo_wire_fixed32(lungo_wire *wire, uint64_t *value);
lungo_status lungo_wire_fixed64(lungo_wire *wire, uint64_t *value);

/* The next `length` bytes, as they are. */
lungo_status lungo_wire_read(lungo_wire *wire, void *out, size_t length);

/* The bits of a FIXED32 or FIXED64 as a number. */
float lungo_wire_float(uint64_t bits);
double lungo_wire_double(uint64_t bits);

/* Writing. */
void lungo_wire_put_varint(lungo_buffer *out, uint64_t value);
void lungo_wire_put_tag(lungo_buffer *out, uint32_t number, lungo_wire_type type);
size_t lungo_wire_varint_size(uint64_t value);

#endif
