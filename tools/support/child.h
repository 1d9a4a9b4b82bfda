/* Programs that draw: fed with text, their output kept in memory, or as a file that is whole
 * or not there. */
#ifndef LUNGO_TOOLS_SUPPORT_CHILD_H
#define LUNGO_TOOLS_SUPPORT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct drawing_program {
    const char *const *argv; /* argv[0]: the program, looked for in PATH; ends with NULL */
    const char *package;     /* the Debian package that has it, for the error text */
} drawing_program;

/* Runs it with `text` as its input. What it prints becomes the file `path`. False: it is not there,
 * or failed, which has been said. */
bool child_make_file(const drawing_program *program, const char *text, size_t length,
                     const char *path);

/* The same, with what it prints in memory: *out, which the caller frees, ends with a zero byte. */
bool child_capture(char **out, const drawing_program *program, const char *text, size_t length);

/* Whether `path` ends in one of the words of `formats` ("svg|png"), behind a point; *format: where
 * it begins. False: after saying so for the command `name`. */
bool child_format(const char **format, const char *name, const char *path, const char *formats);

#endif
