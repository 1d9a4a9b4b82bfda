/* Pictures as a net takes them: resized, cut, less the mean, scaled. What `lungo classify` does
 * before the net. */
#ifndef LUNGO_TOOLS_PICTURES_H
#define LUNGO_TOOLS_PICTURES_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/image.h"

enum { PICTURE_VIEWS = 10 };

typedef struct picture_settings {
    int channels, height, width;       /* of the net's input; 1 or 3 channels */
    int resized_height, resized_width; /* before it is cut; at least as large */
    bool oversample;                   /* ten views: corners, centre, and all mirrored; else one */
    bool rgb;                          /* red first; else blue, as OpenCV has it */
    float raw_scale, mean[3], scale;   /* (value * raw_scale - mean) * scale */
} picture_settings;

typedef struct picture_reader {
    picture_settings settings;
    lungo_image stored, converted, resized;
} picture_reader;

/* False, after saying why: it cannot be read. */
bool picture_read(picture_reader *reader, const char *path);

/* The picture that was read: view 0 .. picture_views - 1 as channels x height x width values. */
int picture_views(const picture_reader *reader);
void picture_put(float *out, const picture_reader *reader, int view);

void picture_dispose(picture_reader *reader);

#endif
