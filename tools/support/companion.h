/* What the main of every companion tool does: flags, help, version, the count of words. */
#ifndef LUNGO_TOOLS_SUPPORT_COMPANION_H
#define LUNGO_TOOLS_SUPPORT_COMPANION_H

#include "support/manual.h"

typedef struct companion {
    tool_page page;
    tool_flag *flags;
    int least, most; /* words */
    /* Where Caffe's tool says its usage in the log when the count is wrong: its file, line and
     * text. Without them the help is printed. */
    const char *log_file;
    int log_line;
    const char *log_text;
    int (*run)(const char *const *words, int count); /* returns the exit status */
} companion;

int companion_main(const companion *tool, int argc, char **argv);

#endif
