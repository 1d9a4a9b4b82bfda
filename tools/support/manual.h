/* What a tool says of itself, as data; printed as help, as a man page, or as completions. */
#ifndef LUNGO_TOOLS_SUPPORT_MANUAL_H
#define LUNGO_TOOLS_SUPPORT_MANUAL_H

#include <stdbool.h>
#include <stddef.h>

#include "support/flags.h"

/* A tool, or a command of one. Texts are NULL where there is nothing to say. */
typedef struct tool_page {
    const char *name;     /* "compute_image_mean", "train" */
    const char *words;    /* how it is called: "[flags] DATABASE [MEAN_FILE]" */
    const char *brief;    /* one phrase, without a full stop */
    const char *about;    /* whole paragraphs, an empty line between two */
    const char *examples; /* command lines, each without a prompt */
    const char *status;   /* what exit statuses other than 0 (done) and 1 (failed) mean; or other
                             meanings of these */
} tool_page;

typedef struct tool_manual {
    tool_page tool;
    const tool_page *const *commands; /* NULL-terminated; NULL: a tool without commands */
    const tool_flag *flags;           /* of all commands; `acts` says of which */
} tool_manual;

/* The page of a command by its name; NULL: there is none. */
const tool_page *manual_command(const tool_manual *manual, const char *name);

/* Whether a flag belongs on a page: that of the tool has all where there are no commands, else
 * none. */
bool manual_has_flag(const tool_manual *manual, const tool_page *page, const tool_flag *flag);

/* Whether the page is the tool's own, and lists what --limit takes. */
bool manual_has_limits(const tool_manual *manual, const tool_page *page);

/* All on stdout. */
void manual_print_help(const tool_manual *manual, const tool_page *page);
void manual_print_man(const tool_manual *manual, const tool_page *page);
/* shell: bash or zsh; false: it is neither, after saying so. */
bool manual_print_completion(const tool_manual *manual, const char *shell);

/* What --help, --version, --helpman or --completion ask for. False: none of them was given. The
 * words select the command. */
bool manual_answer(const tool_manual *manual, const flag_result *given, int *status);

/* Text broken at blanks so that a line stays below 80 columns: the first line goes on at `column`,
 * the others begin at `indent`. Lines that begin with a blank, and empty ones, stay as they are. */
void manual_print_wrapped(const char *text, int column, int indent);

#endif
