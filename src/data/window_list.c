#include "data/window_list.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

typedef struct scanner {
    char *at;
    unsigned line; /* of the word read last */
    unsigned breaks;
} scanner;

/* ---- words ---- */

/* The next word, cut out of the text; NULL at its end. */
static char *next_word(scanner *from) {
    while (*from->at && strchr(" \t\r\n", *from->at))
        from->breaks += *from->at++ == '\n';
    from->line = from->breaks + 1;
    if (!*from->at) return NULL;
    char *word = from->at;
    from->at += strcspn(from->at, " \t\r\n");
    if (*from->at) {
        from->breaks += *from->at == '\n';
        *from->at++ = '\0';
    }
    return word;
}

static lungo_status expect_word(char **word, scanner *from, const char *what) {
    *word = next_word(from);
    if (*word) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "expected %s, got the end of the file", what);
}

static lungo_status read_int(int *value, scanner *from, const char *what) {
    char *word, *end;
    LUNGO_TRY(expect_word(&word, from, what));
    errno = 0;
    long number = strtol(word, &end, 10);
    if (*end || end == word || errno || number < -(1 << 24) || number > 1 << 24)
        return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected a whole number up to 2^24, got '%s'",
                          what, word);
    *value = (int)number;
    return LUNGO_OK;
}

static lungo_status read_float(float *value, scanner *from, const char *what) {
    char *word, *end;
    LUNGO_TRY(expect_word(&word, from, what));
    *value = strtof(word, &end);
    if (!*end && end != word) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "%s: expected a number, got '%s'", what, word);
}

/* ---- images and their windows ---- */

static lungo_status add_path(lungo_window_list *list, const char *path) {
    if (list->image_count == list->image_capacity) {
        size_t capacity = list->image_capacity ? 2 * list->image_capacity : 256;
        const char **paths = realloc(list->paths, capacity * sizeof *paths);
        if (!paths) return lungo_fail_memory("a list of windows", capacity * sizeof *paths);
        list->paths = paths;
        list->image_capacity = capacity;
    }
    list->paths[list->image_count++] = path;
    return LUNGO_OK;
}

static lungo_status add_window(lungo_window_set *set, const lungo_window *window) {
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? 2 * set->capacity : 1024;
        lungo_window *windows = realloc(set->windows, capacity * sizeof *windows);
        if (!windows) return lungo_fail_memory("a list of windows", capacity * sizeof *windows);
        set->windows = windows;
        set->capacity = capacity;
    }
    set->windows[set->count++] = *window;
    return LUNGO_OK;
}

static lungo_status read_window(lungo_window_list *list, scanner *from, const float thresholds[2]) {
    float overlap;
    lungo_window window = {.image = list->image_count - 1};
    LUNGO_TRY(read_int(&window.label, from, "a window's label"));
    window.line = from->line;
    LUNGO_TRY(read_float(&overlap, from, "a window's overlap"));
    LUNGO_TRY(read_int(&window.x1, from, "a window's x1"));
    LUNGO_TRY(read_int(&window.y1, from, "a window's y1"));
    LUNGO_TRY(read_int(&window.x2, from, "a window's x2"));
    LUNGO_TRY(read_int(&window.y2, from, "a window's y2"));
    if (window.x2 < window.x1 || window.y2 < window.y1)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "window: expected x1 <= x2 and y1 <= y2, got %d %d to %d %d", window.x1,
                          window.y1, window.x2, window.y2);
    if (overlap >= thresholds[1]) {
        if (window.label <= 0)
            return lungo_fail(LUNGO_ERR_FORMAT,
                              "foreground window: expected a label above 0, got %d", window.label);
        return add_window(&list->sets[1], &window);
    }
    window.label = 0;
    return overlap < thresholds[0] ? add_window(&list->sets[0], &window) : LUNGO_OK;
}

static lungo_status read_image(lungo_window_list *list, scanner *from, const char *mark,
                               const float thresholds[2]) {
    char *path;
    int index, channels, height, width, windows;
    if (strcmp(mark, "#"))
        return lungo_fail(LUNGO_ERR_FORMAT, "expected # before an image, got '%s'", mark);
    LUNGO_TRY(read_int(&index, from, "an image's index"));
    LUNGO_TRY(expect_word(&path, from, "an image's path"));
    LUNGO_TRY(read_int(&channels, from, "an image's channels"));
    if (channels != 3)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "channels: expected 3, as every image is read in colour, got %d",
                          channels);
    LUNGO_TRY(read_int(&height, from, "an image's height"));
    LUNGO_TRY(read_int(&width, from, "an image's width"));
    LUNGO_TRY(read_int(&windows, from, "a number of windows"));
    LUNGO_TRY(add_path(list, path));
    for (int i = 0; i < windows; i++)
        LUNGO_TRY(read_window(list, from, thresholds));
    return LUNGO_OK;
}

lungo_status lungo_window_list_read(lungo_window_list *list, const char *path, float fg_threshold,
                                    float bg_threshold) {
    size_t length;
    const float thresholds[2] = {bg_threshold, fg_threshold};
    LUNGO_TRY(lungo_file_read(&list->text, &length, path));
    scanner from = {list->text, 0, 0};
    for (char *mark; (mark = next_word(&from));)
        if (read_image(list, &from, mark, thresholds))
            return lungo_trail("in line %u of the window file '%s'", from.line, path);
    if (list->image_count) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "the window file '%s' is empty: expected # and an image",
                      path);
}

void lungo_window_list_dispose(lungo_window_list *list) {
    free(list->text);
    free(list->paths);
    free(list->sets[0].windows);
    free(list->sets[1].windows);
    *list = (lungo_window_list){0};
}
