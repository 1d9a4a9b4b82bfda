/* Log lines of the library; see include/lungo/log.h for where they go. */
#ifndef LUNGO_BASE_LOG_H
#define LUNGO_BASE_LOG_H

#include "lungo/log.h"

/* `file` and `line`: the Caffe source that prints this line, e.g. lungo_log_info("net.cpp", 84,
 * ...). */
void lungo_log_info(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void lungo_log_warning(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void lungo_log_error(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A warning of Lungo's own, which Caffe does not have. */
#define lungo_warn(...) lungo_log_warning("lungo.c", __LINE__, __VA_ARGS__)
#define lungo_note(...) lungo_log_info("lungo.c", __LINE__, __VA_ARGS__)

#endif
