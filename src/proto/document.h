/* A document owns the messages read from one or more texts, and remembers where each of them stood.
 *
 * Everything a message consists of (itself, its strings, arrays and sub-messages) lives in the
 * document's arena and goes with it: protobuf_c_message_free_unpacked is never called on it. */
#ifndef LUNGO_PROTO_DOCUMENT_H
#define LUNGO_PROTO_DOCUMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"

typedef struct lungo_document lungo_document;

typedef struct lungo_position {
    const char *file; /* as given by the user; NULL when unknown      */
    int line, column; /* from 1, as protobuf counts; line 0: unknown  */
} lungo_position;

lungo_status lungo_document_new(lungo_document **out);
void lungo_document_free(lungo_document *document);
lungo_arena *lungo_document_arena(lungo_document *document);

/* Whether texts read into it may hold fields that the schema does not know: they are passed over,
 * each with a warning. Otherwise, as from the start, they are errors. */
void lungo_document_skip_unknown(lungo_document *document, bool skip);
bool lungo_document_skips_unknown(const lungo_document *document);

/* What bounds all that is read into it; NULL, as from the start: the defaults. */
void lungo_document_set_limits(lungo_document *document, const lungo_limits *limits);
const lungo_limits *lungo_document_limits(const lungo_document *document);

/* What is read next comes from so many bytes of the file `name`, which is kept, for errors. Then,
 * at every step: refuses it once it takes more memory than they and the limit allow. */
void lungo_document_expect(lungo_document *document, size_t bytes, const char *name);
lungo_status lungo_document_check(const lungo_document *document);

/* Bytes that it takes. */
size_t lungo_document_size(const lungo_document *document);

/* Where the field that holds the message begins; for the outermost message, line 1 of its file. */
lungo_position lungo_document_position(const lungo_document *document, const void *message);

/* Also of a field, by the address of its value (lungo_message_place). The file name is copied. A
 * message that was built from another one gets that one's position. */
lungo_status lungo_document_set_position(lungo_document *document, const void *message,
                                         lungo_position position);

#endif
