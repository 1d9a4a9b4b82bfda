/* The scanner of prototxt: bytes to tokens, one token ahead. Private to the text parser. */
#ifndef LUNGO_PROTO_TEXT_SCAN_H
#define LUNGO_PROTO_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

typedef enum lungo_token_kind {
    LUNGO_TOKEN_END,
    LUNGO_TOKEN_IDENTIFIER,
    LUNGO_TOKEN_INTEGER, /* decimal, 0x.. or octal; never signed */
    LUNGO_TOKEN_FLOAT,
    LUNGO_TOKEN_STRING, /* one literal, its quotes included */
    LUNGO_TOKEN_SYMBOL  /* one byte */
} lungo_token_kind;

typedef struct lungo_token {
    lungo_token_kind kind;
    const char *text;
    size_t length;
    int line, column; /* of its first byte, from 1 */
    int end_column;   /* just behind its last byte */
} lungo_token;

typedef struct lungo_scanner {
    const char *name; /* of the text, for errors */
    const char *at, *end;
    int line, column; /* of *at, from 1 */
    lungo_token token;
    size_t nesting; /* messages and lists that an unknown field may hold in each other */
} lungo_scanner;

/* Begins at the first token of a text of less than 2 GB. */
lungo_status lungo_scanner_start(lungo_scanner *scanner, const char *text, size_t length,
                                 const char *name);

/* Replaces scanner->token by the next one. An error in that one is reported now, before anybody
 * looks at it: protobuf does so too, and the first error wins. */
lungo_status lungo_scanner_next(lungo_scanner *scanner);

/* "lungo: <name>:<line>:<column>: <message>" */
lungo_status lungo_scanner_fail(const lungo_scanner *scanner, int line, int column,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same at the token to come. */
#define lungo_scanner_fail_here(scanner, ...)                                                      \
    lungo_scanner_fail(scanner, (scanner)->token.line, (scanner)->token.column, __VA_ARGS__)

/* At the token to come: "expected <what>, got <that token>". */
lungo_status lungo_scanner_expected(const lungo_scanner *scanner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Moves on if the token is this symbol. */
lungo_status lungo_scanner_take(lungo_scanner *scanner, const char *symbol, bool *taken);

bool lungo_token_is(const lungo_token *token, const char *text);

/* A token's text, cut to what an error can show and a descriptor can know. */
typedef struct lungo_word {
    char text[64];
} lungo_word;

/* The bare text; or as errors show it: in quotes, or "end of file". */
lungo_word lungo_token_word(const lungo_token *token);
lungo_word lungo_token_show(const lungo_token *token);

/* The value of an INTEGER; false when it is larger than max. */
bool lungo_token_integer(const lungo_token *token, uint64_t max, uint64_t *out);

/* Appends what a STRING stands for, escapes resolved. */
void lungo_token_unescape(const lungo_token *token, lungo_buffer *out);

#endif
