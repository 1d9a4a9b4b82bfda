/* Pictures: JPEG, PNG, BMP and PNM files to pixels and back, with the values that OpenCV 4's imread
 * and resize give, which is what Caffe trained on.
 *
 *   lungo_image image = LUNGO_IMAGE_INIT;
 *   lungo_image_read(&image, "cat.jpg", LUNGO_IMAGE_COLOR);
 *   ...
 *   lungo_image_dispose(&image);
 */
#ifndef LUNGO_IMAGE_H
#define LUNGO_IMAGE_H

#include <stddef.h>

#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* height rows of width pixels of `channels` bytes: gray; blue, green, red; or these and alpha.
 * Used again and again, an image keeps its memory. */
typedef struct lungo_image {
    int channels, height, width;
    unsigned char *pixels;
    size_t capacity; /* bytes that are there */
} lungo_image;

#define LUNGO_IMAGE_INIT                                                                           \
    { 0, 0, 0, NULL, 0 }

typedef enum lungo_image_mode {
    LUNGO_IMAGE_AS_STORED, /* 1, 3 or 4 channels as the file has; not turned as its EXIF says */
    LUNGO_IMAGE_GRAY,      /* 1 channel, turned upright */
    LUNGO_IMAGE_COLOR      /* 3 channels, turned upright */
} lungo_image_mode;

/* At most 2^20 pixels wide or high and 2^28 in all. After a failure the content is void. `name`
 * stands for the bytes in errors and warnings. */
lungo_status lungo_image_read(lungo_image *image, const char *path, lungo_image_mode mode);
lungo_status lungo_image_decode(lungo_image *image, const void *bytes, size_t size,
                                lungo_image_mode mode, const char *name);

/* Bilinear, in OpenCV's fixed point. `out` must be another image than `in`. */
lungo_status lungo_image_resize(lungo_image *out, const lungo_image *in, int height, int width);

/* With 1, 3 or 4 channels, as OpenCV's cvtColor makes them. `out` must be another image than `in`.
 */
lungo_status lungo_image_convert(lungo_image *out, const lungo_image *in, int channels);

/* The file that OpenCV would write: `type` is a name's ending, "jpg" (quality 95), "png", "bmp" or
 * "ppm", in any case. The caller frees *bytes. */
lungo_status lungo_image_encode(unsigned char **bytes, size_t *size, const lungo_image *image,
                                const char *type);

/* The same as a file, of the type that its name ends in. It appears whole or not at all. */
lungo_status lungo_image_write(const lungo_image *image, const char *path);

void lungo_image_dispose(lungo_image *image);

#ifdef __cplusplus
}
#endif
#endif
