#include "support/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/glog.h"

static bool grow(line_list *list) {
    size_t capacity = list->capacity ? 2 * list->capacity : 64;
    char **lines = realloc(list->lines, capacity * sizeof *lines);
    if (!lines) return false;
    list->lines = lines;
    list->capacity = capacity;
    return true;
}

bool lines_add(line_list *list, const char *line) {
    char *copy = strdup(line);
    if (!copy || (list->count == list->capacity && !grow(list))) {
        free(copy);
        return glog_complain("out of memory") == 0;
    }
    list->lines[list->count++] = copy;
    return true;
}

bool lines_read(line_list *list, const char *path, bool empty_ones) {
    FILE *file = fopen(path, "r");
    if (!file) return glog_complain("cannot read '%s': %s", path, strerror(errno)) == 0;
    char *line = NULL;
    size_t room = 0;
    bool done = true;
    while (done && getline(&line, &room, file) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        done = (!*line && !empty_ones) || lines_add(list, line);
    }
    if (done && ferror(file))
        done = glog_complain("cannot read '%s': %s", path, strerror(errno)) == 0;
    free(line);
    fclose(file);
    return done;
}

void lines_dispose(line_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->lines[i]);
    free(list->lines);
    *list = (line_list){0};
}
