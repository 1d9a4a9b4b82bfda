/* Lists of pictures with a label each: lines `path label`, split at their last blank, so that paths
 * may have blanks. The public part is in include/lungo/data.h. */
#ifndef LUNGO_DATA_IMAGE_LIST_H
#define LUNGO_DATA_IMAGE_LIST_H

#include "base/rng.h"
#include "lungo/data.h"

typedef struct lungo_image_line {
    const char *path;
    int label;
    unsigned number; /* of the line in the file, from 1 */
} lungo_image_line;

struct lungo_image_list {
    char *text; /* what the paths point into */
    lungo_image_line *lines;
    size_t count, capacity;
};

/* Back into the order of the file. */
void lungo_image_list_sort(lungo_image_list *list);

/* As Caffe shuffles: every call goes on from the order that the one before left. */
void lungo_image_list_mix(lungo_image_list *list, lungo_rng *rng);

#endif
