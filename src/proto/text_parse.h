/* What the parser of prototxt (text_parse.c), its reader of scalars (text_value.c) and what passes
 * over unknown fields (text_skip.c) share. */
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

/* "inf", "infinity" or "nan", in any case. */
bool lungo_token_is_number_name(const lungo_token *token);

/* Passes over an unknown field of this type of message, whose name has been taken, and logs it. */
lungo_status lungo_parser_skip(lungo_parser *parser, const char *message, const lungo_token *name);

/* What the error of a field says that need not be one. */
#define LUNGO_PASS_OVER "; --unknown-fields=warn passes over it"

#endif
