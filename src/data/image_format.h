/* What a file format of image.h provides; image.c has the table of them. */
#ifndef LUNGO_DATA_IMAGE_FORMAT_H
#define LUNGO_DATA_IMAGE_FORMAT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "lungo/image.h"

typedef struct lungo_image_file {
    const unsigned char *bytes;
    size_t size;
    lungo_image_mode mode;
    const char *name;
    int orientation; /* EXIF's, 1 to 8, set by decoders of files that have one; else 1 */
} lungo_image_file;

typedef struct lungo_image_format {
    const char *name;
    const char *endings; /* of file names, each between blanks: " jpg jpeg " */
    bool (*matches)(const unsigned char *bytes, size_t size);
    const char *advice; /* NULL; or why this build lacks it and what to do: no functions below */
    /* Leaves the image unturned. */
    lungo_status (*decode)(lungo_image *, lungo_image_file *);
    lungo_status (*encode)(lungo_buffer *, const lungo_image *);
} lungo_image_format;

extern const lungo_image_format lungo_image_jpeg, lungo_image_png, lungo_image_bmp, lungo_image_pnm;

/* Gives the image a size, checked against the limits, and memory; its content is void. */
lungo_status lungo_image_shape(lungo_image *image, int channels, long long height, long long width);

/* The same for a picture that is decoded from `file`: one of more than 16384 pixels for each of its
 * bytes, which no compression reaches, is refused before it gets memory. */
lungo_status lungo_image_shape_of(lungo_image *image, const lungo_image_file *file, int channels,
                                  long long height, long long width);

static inline unsigned char *lungo_image_row(const lungo_image *image, int y) {
    return image->pixels + (size_t)y * (size_t)image->width * (size_t)image->channels;
}

/* OpenCV's decoders: 0.299 red + 0.587 green + 0.114 blue in 14 bits after the point. */
static inline unsigned char lungo_gray(int blue, int green, int red) {
    return (unsigned char)((1868 * blue + 9617 * green + 4899 * red + 8192) >> 14);
}

/* The orientation in an EXIF block (which begins with TIFF's "II" or "MM"); 1 when it has none. */
int lungo_exif_orientation(const unsigned char *bytes, size_t size);

/* Turns and mirrors it upright, as OpenCV does. `spare` is used for memory. */
lungo_status lungo_image_turn(lungo_image *image, lungo_image *spare, int orientation);

#endif
