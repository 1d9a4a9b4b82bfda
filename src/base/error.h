/* Making error text. Whoever detects a fault states it with lungo_fail(); each caller on the way up
 * that knows a name (layer, file, net) adds a line with lungo_trail(); nobody rewrites. */
#ifndef LUNGO_BASE_ERROR_H
#define LUNGO_BASE_ERROR_H

#include "lungo/status.h"

/* Replaces the text by "lungo: <message>" and returns `code`. */
#define lungo_fail(...) lungo_failure(lungo_error_set(__VA_ARGS__))

/* Out of memory while getting `bytes` for `what`. */
#define lungo_fail_memory(what, bytes) lungo_failure(lungo_error_set_memory(what, bytes))

/* "cannot <action> '<path>': <errno's text>", e.g. lungo_fail_errno("open", path); and from where a
 * relative path was looked for. */
#define lungo_fail_errno(action, path) lungo_failure(lungo_error_set_errno(action, path))

/* Adds the line "  <message>" and returns the code of the failure under way. */
#define lungo_trail(...) lungo_failure(lungo_error_trail(__VA_ARGS__))

/* Carries a failure from a worker thread to the one that reports it: copy the text there, raise it
 * here. */
#define lungo_fail_again(code, text) lungo_failure(lungo_error_set_again(code, text))

/* Keeps the failure under way while something else is tried that may fail, too; raises it again. */
typedef struct lungo_held_error {
    lungo_status code;
    char text[8192];
} lungo_held_error;
void lungo_error_hold(lungo_held_error *out);
#define lungo_error_raise(held) lungo_fail_again((held)->code, (held)->text)

/* Behind the macros, which tell the compiler that a failure is never LUNGO_OK: it then knows that
 * what a failed call leaves unset is not used. */
lungo_status lungo_error_set(lungo_status code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
lungo_status lungo_error_set_memory(const char *what, unsigned long long bytes);
lungo_status lungo_error_set_errno(const char *action, const char *path);
lungo_status lungo_error_set_again(lungo_status code, const char *text);
lungo_status lungo_error_trail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline lungo_status lungo_failure(lungo_status code) {
    if (code == LUNGO_OK) __builtin_unreachable();
    return code;
}

#define LUNGO_TRY(expression)                                                                      \
    do {                                                                                           \
        lungo_status lungo_status_ = (expression);                                                 \
        if (lungo_status_ != LUNGO_OK) return lungo_status_;                                       \
    } while (0)

#endif
