/* Any text as a list of pictures, with one label or several, and as a window file. */
#include <string.h>

#include "data/image_list.h"
#include "data/window_list.h"
#include "fuzz/input.h"

static void read_pictures(const char *path, size_t label_count) {
    lungo_image_list *list;
    if (lungo_image_list_open_labels(&list, path, label_count)) return;
    size_t letters = 0;
    for (size_t i = 0; i < lungo_image_list_count(list); i++) {
        letters += strlen(lungo_image_list_path(list, i));
        for (size_t j = 0; j < label_count; j++)
            require(lungo_image_line_labels(list, &list->lines[i])[j] > -1e39);
    }
    require(letters > 0);
    lungo_image_list_free(list);
}

static void read_windows(const char *path) {
    lungo_window_list list = {0};
    if (lungo_window_list_read(&list, path, 0.5f, 0.5f) == LUNGO_OK)
        for (int set = 0; set < 2; set++)
            for (size_t i = 0; i < list.sets[set].count; i++)
                require(list.sets[set].windows[i].image < list.image_count);
    lungo_window_list_dispose(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = input_file("list.txt", data, size);
    read_pictures(path, 0);
    read_pictures(path, 3);
    read_windows(path);
    return 0;
}
