/* Log lines: the library never prints, it hands each line to the function set here.
 *
 * `file` and `line` are those of the Caffe source that prints the same line, so that log parsers
 * find what they look for; lines that Caffe does not have carry the file "lungo.c".
 */
#ifndef LUNGO_LOG_H
#define LUNGO_LOG_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lungo_log_level {
    LUNGO_LOG_INFO = 0,
    LUNGO_LOG_WARNING = 1,
    LUNGO_LOG_ERROR = 2
} lungo_log_level;

/* `text` has no trailing newline, may hold several lines, and lives only during the call. Readers'
 * threads may call it at the same time as the main thread. */
typedef void lungo_log_function(void *user, lungo_log_level level, const char *file, int line,
                                const char *text);

/* NULL (the default) drops every line. Not thread-safe: set it before opening nets. */
void lungo_set_log(lungo_log_function *function, void *user);

#ifdef __cplusplus
}
#endif
#endif
