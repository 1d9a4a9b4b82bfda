#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static lungo_log_function *sink;
static void *sink_user;

void lungo_set_log(lungo_log_function *function, void *user) {
    sink = function;
    sink_user = user;
}

/* Lines may be as long as a whole net definition: those that do not fit the stack take the heap. */
static void emit(lungo_log_level level, const char *file, int line, const char *format,
                 va_list arguments) {
    if (!sink) return;
    char small[1024];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    if (length >= 0 && (size_t)length < sizeof small) {
        sink(sink_user, level, file, line, small);
    } else if (length > 0) {
        char *large = malloc((size_t)length + 1);
        if (large) vsnprintf(large, (size_t)length + 1, format, again);
        sink(sink_user, level, file, line, large ? large : small);
        free(large);
    }
    va_end(again);
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *file, int line, const char *format, ...) {                               \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        emit(level, file, line, format, arguments);                                                \
        va_end(arguments);                                                                         \
    }

LOG_FUNCTION(lungo_log_info, LUNGO_LOG_INFO)
LOG_FUNCTION(lungo_log_warning, LUNGO_LOG_WARNING)
LOG_FUNCTION(lungo_log_error, LUNGO_LOG_ERROR)
