/* The lines of a text file. */
#ifndef LUNGO_TOOLS_SUPPORT_LINES_H
#define LUNGO_TOOLS_SUPPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed at first. */
typedef struct line_list {
    char **lines;
    size_t count, capacity;
} line_list;

/* Appends a copy; or all lines of a file without their ends, empty ones if they are wanted. False:
 * it failed, and has been said. */
bool lines_add(line_list *list, const char *line);
bool lines_read(line_list *list, const char *path, bool empty_ones);

void lines_dispose(line_list *list);

#endif
