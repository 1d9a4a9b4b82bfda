/* What `lungo info` prints: of a net (cmd_info.c), of a file of weights (info_model.c). */
#ifndef LUNGO_TOOLS_INFO_H
#define LUNGO_TOOLS_INFO_H

#include <jansson.h>
#include <stdbool.h>

#include "lungo/blob.h"

/* "2x3x4", "()" for a scalar. */
typedef struct shape_text {
    char text[400];
} shape_text;
shape_text info_shape_text(const lungo_shape *shape);
json_t *info_shape_json(const lungo_shape *shape);

/* Layers and blobs of a .caffemodel; false: it cannot be read, after saying why. *json: NULL, or
 * where the object goes instead of a table on stdout. */
bool info_model(const char *path, json_t **json);

/* By its first bytes: text has none below 9. */
bool info_is_binary(const char *path);

#endif
