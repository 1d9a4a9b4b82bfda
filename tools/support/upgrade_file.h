/* The three tools that bring a file to Caffe's current form differ in their names alone. */
#ifndef LUNGO_TOOLS_SUPPORT_UPGRADE_FILE_H
#define LUNGO_TOOLS_SUPPORT_UPGRADE_FILE_H

#include "lungo/upgrade.h"

typedef struct upgrade_tool {
    const char *name, *words, *brief; /* for its page */
    const char *log_file;             /* of Caffe's tool */
    int wrote_line;                   /* where that says that it is done */
    lungo_definition_kind kind;
    const char *form;    /* "text" or "binary", and ... */
    const char *message; /* ... "NetParameter", in its lines */
} upgrade_tool;

/* What their main does. */
int upgrade_main(const upgrade_tool *tool, int argc, char **argv);

#endif
