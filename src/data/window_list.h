/* Window files: pictures, and windows in them that overlap an object more or less (R-CNN's form).
 *
 *   # index   path   channels   height   width   number of windows
 *   label overlap x1 y1 x2 y2          so many times; x2 and y2 belong to the window
 *
 * in words between blanks and ends of lines. A window is foreground when its overlap is at least
 * fg_threshold, background (label 0) when it is below bg_threshold, and left out between them.
 */
#ifndef LUNGO_DATA_WINDOW_LIST_H
#define LUNGO_DATA_WINDOW_LIST_H

#include <stddef.h>

#include "base/error.h"

typedef struct lungo_window {
    size_t image; /* its place in the list's images */
    int label;
    int x1, y1, x2, y2;
    unsigned line; /* of the file */
} lungo_window;

typedef struct lungo_window_set {
    lungo_window *windows;
    size_t count, capacity;
} lungo_window_set;

typedef struct lungo_window_list {
    char *text;         /* what the paths point into */
    const char **paths; /* of the images */
    size_t image_count, image_capacity;
    lungo_window_set sets[2]; /* 0: background, 1: foreground */
} lungo_window_list;

/* `list` is zeroed before; dispose follows, also after a failure. */
lungo_status lungo_window_list_read(lungo_window_list *list, const char *path, float fg_threshold,
                                    float bg_threshold);
void lungo_window_list_dispose(lungo_window_list *list);

#endif
