/* Tools as a user runs them, in a new folder for each test. */
#ifndef LUNGO_TESTS_SUPPORT_COMMAND_H
#define LUNGO_TESTS_SUPPORT_COMMAND_H

#include <check.h>
#include <stddef.h>

/* For tcase_add_checked_fixture: a temporary folder, which becomes the current one. */
void lungo_command_enter(void);
void lungo_command_leave(void);

/* The exit status of a shell command. Its output is in the files out and err. */
int lungo_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Expects this text somewhere in a file. */
void lungo_command_wrote(const char *path, const char *part);

/* Expects the status 1 and this text in err. */
void lungo_command_refused(int status, const char *part);

/* Expects these lines in err, without the severity, date, time and thread that log lines have. */
void lungo_command_logged(const char *expected);

void lungo_command_write(const char *path, const void *bytes, size_t size);
#define lungo_command_write_text(path, text) lungo_command_write(path, text, strlen(text))

/* Expects the same bytes in both. */
void lungo_command_same_files(const char *path, const char *expected);

#endif
