/* Tools as a user runs them, in suites of lungo_test_folder_suite. */
#ifndef LUNGO_TESTS_SUPPORT_COMMAND_H
#define LUNGO_TESTS_SUPPORT_COMMAND_H

#include <check.h>

#include "support/files.h"

/* The exit status of a shell command. Its output is in the files out and err. */
int lungo_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Expects this text somewhere in a file. */
void lungo_command_wrote(const char *path, const char *part);

/* Expects the status 1 and this text in err. */
void lungo_command_refused(int status, const char *part);

/* Expects these lines in err, without the severity, date, time and thread that log lines have. */
void lungo_command_logged(const char *expected);

#endif
