/* What the parser of prototxt (text_parse.c) and its reader of scalars (text_value.c) share. */
#ifndef LUNGO_PROTO_TEXT_PARSE_H
#define LUNGO_PROTO_TEXT_PARSE_H

#include <protobuf-c/protobuf-c.h>

#include "base/buffer.h"
#include "proto/document.h"
#include "proto/text_scan.h"

typedef struct lungo_parser {
    lungo_scanner scanner;
    lungo_document *document;
    lungo_buffer scratch;                    /* a string's bytes, a number's text */
    const ProtobufCFieldDescriptor *missing; /* the first required field that was not given */
    const ProtobufCMessageDescriptor *missing_from;
    lungo_position missing_at;
} lungo_parser;

/* Reads a value of the field's type, which is not a message, to where protobuf-c keeps it. */
lungo_status lungo_parser_value(lungo_parser *parser, const ProtobufCFieldDescriptor *field,
                                void *to);

#endif
