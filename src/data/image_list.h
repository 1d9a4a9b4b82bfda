/* Lists of pictures with labels: lines `path label` or `path label label ...`. The labels stand
 * behind the last blanks, so that paths may have blanks. The public part: include/lungo/data.h. */
#ifndef LUNGO_DATA_IMAGE_LIST_H
#define LUNGO_DATA_IMAGE_LIST_H

#include "base/buffer.h"
#include "lungo/data.h"

typedef struct lungo_image_line {
    const char *path;
    int label;       /* when a list has one for each picture */
    size_t labels;   /* else, the place of the first one in the list's */
    unsigned number; /* of the line in the file, from 1 */
} lungo_image_line;

struct lungo_image_list {
    char *text; /* what the paths point into */
    lungo_image_line *lines;
    size_t count, capacity;
    size_t label_count;  /* 0: one for each picture, a whole number */
    lungo_buffer labels; /* floats: label_count of each picture */
};

/* label_count labels of any value for each picture; 0: as lungo_image_list_open(). */
lungo_status lungo_image_list_open_labels(lungo_image_list **out, const char *path,
                                          size_t label_count);

/* The labels of a picture in a list that has label_count of them. */
const float *lungo_image_line_labels(const lungo_image_list *list, const lungo_image_line *line);

#endif
