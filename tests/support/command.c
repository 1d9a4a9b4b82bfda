#include "support/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buffer.h"
#include "support/suites.h"

int lungo_command(const char *format, ...) {
    char words[2000], command[2100];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    ck_assert_int_lt(length, (int)sizeof words);
    snprintf(command, sizeof command, "%s >out 2>err", words);
    int status = system(command);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void lungo_command_wrote(const char *path, const char *part) {
    char *text = lungo_test_text(path);
    ck_assert_msg(strstr(text, part) != NULL, "expected \"%s\" in:\n%s", part, text);
    free(text);
}

void lungo_command_refused(int status, const char *part) {
    ck_assert_int_eq(status, 1);
    lungo_command_wrote("err", part);
}

/* "E1122 15:18:43.313572 29569 file.cpp:12] text" -> "file.cpp:12] text". */
static const char *without_prefix(const char *line) {
    const char *end = strstr(line, ".cpp:");
    while (end && end > line && end[-1] != ' ')
        end--;
    return end ? end : line;
}

void lungo_command_logged(const char *expected) {
    char *log = lungo_test_text("err"), *rest;
    lungo_buffer got = {0};
    for (char *line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        lungo_buffer_printf(&got, "%s\n", without_prefix(line));
    ck_assert_str_eq(lungo_buffer_text(&got), expected);
    lungo_buffer_dispose(&got);
    free(log);
}
