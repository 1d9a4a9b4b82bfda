/* Making error text. Whoever detects a fault states it with lungo_fail(); each caller on the way up
 * that knows a name (layer, file, net) adds a line with lungo_trail(); nobody rewrites. */
#ifndef LUNGO_BASE_ERROR_H
#define LUNGO_BASE_ERROR_H

#include "lungo/status.h"

/* Replaces the text by "lungo: <message>" and returns `code`. */
lungo_status lungo_fail(lungo_status code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Out of memory while getting `bytes` for `what`. */
lungo_status lungo_fail_memory(const char *what, unsigned long long bytes);

/* "cannot <action> '<path>': <errno's text>", e.g. lungo_fail_errno("open", path). */
lungo_status lungo_fail_errno(const char *action, const char *path);

/* Adds the line "  <message>" and returns the code of the failure under way. */
lungo_status lungo_trail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Carries a failure from a worker thread to the one that reports it: copy the text there, raise it
 * here. */
lungo_status lungo_fail_again(lungo_status code, const char *text);

#define LUNGO_TRY(expression)                                                                      \
    do {                                                                                           \
        lungo_status lungo_status_ = (expression);                                                 \
        if (lungo_status_ != LUNGO_OK) return lungo_status_;                                       \
    } while (0)

#endif
