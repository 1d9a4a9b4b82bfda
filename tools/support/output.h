/* A file that a tool makes: under its name when it is whole, or not at all. */
#ifndef LUNGO_TOOLS_SUPPORT_OUTPUT_H
#define LUNGO_TOOLS_SUPPORT_OUTPUT_H

#include <stdbool.h>

typedef struct output_file {
    const char *path;
    char *temporary;
    int descriptor;
} output_file;

/* False: it cannot be written, which has been said. */
bool output_open(output_file *output, const char *path);

/* Keeps it if `whole`, which is what is returned unless keeping fails, which is then said. */
bool output_close(output_file *output, bool whole);

#endif
