#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = sizeof((lungo_held_error *)NULL)->text };

static _Thread_local struct {
    lungo_status code;
    size_t length;
    char text[TEXT_MAX];
} last;

static void append(const char *format, va_list arguments) {
    size_t room = sizeof last.text - last.length;
    int written = vsnprintf(last.text + last.length, room, format, arguments);
    if (written < 0) return;
    last.length += (size_t)written < room ? (size_t)written : room - 1;
}

static void append_text(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    append(format, arguments);
    va_end(arguments);
}

static void begin(lungo_status code) {
    last.code = code;
    last.length = 0;
    last.text[0] = '\0';
}

lungo_status lungo_error_set(lungo_status code, const char *format, ...) {
    begin(code);
    append_text("lungo: ");
    va_list arguments;
    va_start(arguments, format);
    append(format, arguments);
    va_end(arguments);
    return code;
}

lungo_status lungo_error_set_memory(const char *what, unsigned long long bytes) {
    return lungo_fail(LUNGO_ERR_MEMORY, "out of memory: %s needs %llu bytes", what, bytes);
}

/* A relative path that leads nowhere was most often meant from another folder. */
lungo_status lungo_error_set_errno(const char *action, const char *path) {
    int error = errno;
    char folder[PATH_MAX];
    bool lost = error == ENOENT && *path != '/' && getcwd(folder, sizeof folder);
    lungo_fail(LUNGO_ERR_FILE, "cannot %s '%s': %s", action, path, strerror(error));
    if (lost) append_text("; paths begin in the current folder, '%s'", folder);
    return LUNGO_ERR_FILE;
}

lungo_status lungo_error_trail(const char *format, ...) {
    append_text("\n  ");
    va_list arguments;
    va_start(arguments, format);
    append(format, arguments);
    va_end(arguments);
    return last.code ? last.code : LUNGO_ERR_USAGE;
}

lungo_status lungo_error_set_again(lungo_status code, const char *text) {
    begin(code);
    append_text("%s", text);
    return code;
}

void lungo_error_hold(lungo_held_error *out) {
    out->code = last.code;
    memcpy(out->text, last.text, last.length + 1);
}

const char *lungo_error_text(void) {
    return last.text;
}

lungo_status lungo_error_code(void) {
    return last.code;
}
