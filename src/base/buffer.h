/* A growing run of bytes, also used to build text (always terminated by a 0 beyond `length`). */
#ifndef LUNGO_BASE_BUFFER_H
#define LUNGO_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lungo_buffer {
    char *bytes; /* NULL while empty */
    size_t length;
    size_t capacity;
    bool failed; /* memory ran out: what was appended since is lost; check once at the end */
} lungo_buffer;

void lungo_buffer_dispose(lungo_buffer *buffer);
void lungo_buffer_clear(lungo_buffer *buffer);
void lungo_buffer_append(lungo_buffer *buffer, const void *bytes, size_t length);
void lungo_buffer_puts(lungo_buffer *buffer, const char *text);
void lungo_buffer_printf(lungo_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text so far; "" when empty. */
const char *lungo_buffer_text(const lungo_buffer *buffer);

#endif
