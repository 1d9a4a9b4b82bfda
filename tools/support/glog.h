/* Log lines in glog's shape, on stderr: "I1122 15:18:43.313572 29569 caffe.cpp:197] Use CPU."
 * Lines below GLOG_minloglevel (or --minloglevel) are dropped. */
#ifndef LUNGO_TOOLS_SUPPORT_GLOG_H
#define LUNGO_TOOLS_SUPPORT_GLOG_H

#include "lungo/log.h"
#include "lungo/status.h"

/* Sends the library's lines here too. Call it first in main. */
void glog_start(void);
void glog_set_minimum(int level);
/* For a tool that logs less: holds unless the user has said something else. */
void glog_set_default_minimum(int level);

/* A line of the tool's own; `file` and `line` are those of Caffe's source. */
void glog_line(lungo_log_level level, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Prints lungo_error_text() and returns the exit status 1. */
int glog_report_error(void);

/* Prints an error text that was kept; the exit status 1. */
int glog_pass_on(const char *error_text);

/* "lungo: <message>", and the exit status 1: a fault that the tool itself found. */
#define glog_complain(...) glog_failure(glog_complaint(__VA_ARGS__))

/* Behind the macro, which tells the compiler that the status is never 0. */
int glog_complaint(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline int glog_failure(int status) {
    if (status == 0) __builtin_unreachable();
    return status;
}

#endif
