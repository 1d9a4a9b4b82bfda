/* The three tools that bring a file to Caffe's current form differ in their names alone. */
#ifndef LUNGO_TOOLS_SUPPORT_UPGRADE_FILE_H
#define LUNGO_TOOLS_SUPPORT_UPGRADE_FILE_H

#include "lungo/upgrade.h"

typedef struct upgrade_names {
    lungo_definition_kind kind;
    const char *log_file; /* of Caffe's tool */
    int wrote_line;       /* where that says that it is done */
    const char *form;     /* "text" or "binary", and ... */
    const char *message;  /* ... "NetParameter", in its lines */
} upgrade_names;

/* The exit status: 0; 1 when not all could be upgraded, or nothing is written; 2 when `in` cannot
 * be read. */
int upgrade_file(const upgrade_names *names, const char *in, const char *out);

#endif
