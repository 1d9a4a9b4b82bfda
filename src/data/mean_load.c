/* Means from files: Caffe's mean_file, or what numpy.save wrote. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "blob/stored.h"
#include "lungo/data.h"

static bool is_npy(const char *path) {
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".npy") == 0;
}

/* C x H x W, behind a 1 for the number of pictures; of fewer axes the others are 1. */
static lungo_status read_shape(lungo_mean *mean, const lungo_shape *shape, const char *path) {
    int first = shape->axes == 4 && shape->dim[0] == 1;
    int dims[3] = {1, 1, 1};
    if (shape->axes - first < 1 || shape->axes - first > 3)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "%s: expected a mean of channels x height x width values, got %d axes",
                          path, shape->axes);
    for (int i = first; i < shape->axes; i++)
        dims[i - first] = shape->dim[i];
    mean->channels = dims[0];
    mean->height = dims[1];
    mean->width = dims[2];
    return LUNGO_OK;
}

lungo_status lungo_mean_load(lungo_mean *mean, const char *path) {
    lungo_shape shape;
    *mean = (lungo_mean){0};
    LUNGO_TRY(is_npy(path) ? lungo_npy_read(&mean->values, &shape, path)
                           : lungo_blob_file_read(&mean->values, &shape, path));
    lungo_status status = read_shape(mean, &shape, path);
    if (status) lungo_mean_dispose(mean);
    return status;
}
