#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lungo_buffer_dispose(lungo_buffer *buffer) {
    free(buffer->bytes);
    *buffer = (lungo_buffer){0};
}

void lungo_buffer_clear(lungo_buffer *buffer) {
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->bytes) buffer->bytes[0] = '\0';
}

static bool reserve(lungo_buffer *buffer, size_t more) {
    if (buffer->failed || more >= SIZE_MAX / 2 - buffer->length) {
        buffer->failed = true;
        return false;
    }
    size_t need = buffer->length + more + 1;
    if (need <= buffer->capacity) return true;
    size_t capacity = need < 128 ? 128 : need + need / 2;
    char *bytes = realloc(buffer->bytes, capacity);
    buffer->failed = bytes == NULL;
    if (!bytes) return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

void lungo_buffer_append(lungo_buffer *buffer, const void *bytes, size_t length) {
    if (!reserve(buffer, length)) return;
    if (length) memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
}

void lungo_buffer_puts(lungo_buffer *buffer, const char *text) {
    lungo_buffer_append(buffer, text, strlen(text));
}

void lungo_buffer_printf(lungo_buffer *buffer, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length >= 0 && reserve(buffer, (size_t)length)) {
        vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

const char *lungo_buffer_text(const lungo_buffer *buffer) {
    return buffer->bytes ? buffer->bytes : "";
}
