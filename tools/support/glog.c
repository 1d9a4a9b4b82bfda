#include "support/glog.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "support/progress.h"

static int minimum = -1; /* nobody has said any */

void glog_set_minimum(int level) {
    minimum = level;
}

void glog_set_default_minimum(int level) {
    if (minimum < 0) minimum = level;
}

/* Lines of different threads do not mix, with each other or with the line at the foot. */
static void print_line(void *user, lungo_log_level level, const char *file, int line,
                       const char *text) {
    (void)user;
    if ((int)level < minimum) return;
    struct timeval now;
    struct tm local;
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &local);
    flockfile(stderr);
    fprintf(stderr, "%s%c%02d%02d %02d:%02d:%02d.%06ld %5d %s:%d] %s\n", progress_erase(),
            "IWE"[level], local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
            local.tm_sec, (long)now.tv_usec, (int)gettid(), file, line, text);
    funlockfile(stderr);
}

void glog_start(void) {
    const char *level = getenv("GLOG_minloglevel");
    if (level && *level) minimum = atoi(level);
    lungo_set_log(print_line, NULL);
}

void glog_line(lungo_log_level level, const char *file, int line, const char *format, ...) {
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    print_line(NULL, level, file, line, text);
}

int glog_pass_on(const char *error_text) {
    fprintf(stderr, "%s%s\n", progress_erase(), error_text);
    return 1;
}

int glog_report_error(void) {
    return glog_pass_on(lungo_error_text());
}

int glog_complaint(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%slungo: ", progress_erase());
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return 1;
}
