/* The table of picture formats, and what they have in common. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/image_format.h"

static const lungo_image_format *const formats[] = {&lungo_image_jpeg, &lungo_image_png,
                                                    &lungo_image_bmp, &lungo_image_pnm};
enum { FORMATS = sizeof formats / sizeof *formats };
enum { LONGEST_SIDE = 1 << 20, MOST_PIXELS = 1 << 28, MOST_PER_BYTE = 1 << 14 };

lungo_status lungo_image_shape(lungo_image *image, int channels, long long height,
                               long long width) {
    if (height < 1 || width < 1 || height > LONGEST_SIDE || width > LONGEST_SIDE ||
        height * width > MOST_PIXELS)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "expected a picture of 1 to %d rows and columns and at most %d pixels, "
                          "got %lldx%lld",
                          LONGEST_SIDE, MOST_PIXELS, height, width);
    size_t size = (size_t)channels * (size_t)height * (size_t)width;
    if (size > image->capacity) {
        unsigned char *pixels = realloc(image->pixels, size);
        if (!pixels) return lungo_fail_memory("a picture", size);
        image->pixels = pixels;
        image->capacity = size;
    }
    image->channels = channels;
    image->height = (int)height;
    image->width = (int)width;
    return LUNGO_OK;
}

lungo_status lungo_image_shape_of(lungo_image *image, const lungo_image_file *file, int channels,
                                  long long height, long long width) {
    bool in_limits = height > 0 && width > 0 && height <= LONGEST_SIDE && width <= LONGEST_SIDE &&
                     height * width <= MOST_PIXELS;
    if (in_limits && (size_t)(height * width) / MOST_PER_BYTE > file->size)
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "expected a file of at least %lld bytes for a picture of %lldx%lld, got "
                          "%zu",
                          height * width / MOST_PER_BYTE, height, width, file->size);
    return lungo_image_shape(image, channels, height, width);
}

void lungo_image_dispose(lungo_image *image) {
    free(image->pixels);
    *image = (lungo_image)LUNGO_IMAGE_INIT;
}

/* ---- decoding ---- */

static lungo_status find_by_content(const lungo_image_format **out, const lungo_image_file *file) {
    for (int i = 0; i < FORMATS; i++)
        if (formats[i]->matches(file->bytes, file->size)) {
            *out = formats[i];
            return formats[i]->advice ? lungo_fail(LUNGO_ERR_UNSUPPORTED, "'%s' is a %s file: %s",
                                                   file->name, formats[i]->name, formats[i]->advice)
                                      : LUNGO_OK;
        }
    return lungo_fail(LUNGO_ERR_FORMAT, "'%s': expected a JPEG, PNG, BMP or PNM picture, got %s",
                      file->name, file->size ? "something else" : "an empty file");
}

static lungo_status turn_upright(lungo_image *image, int orientation) {
    if (orientation <= 1 || orientation > 8) return LUNGO_OK;
    lungo_image spare = LUNGO_IMAGE_INIT;
    lungo_status status = lungo_image_turn(image, &spare, orientation);
    lungo_image_dispose(&spare);
    return status;
}

lungo_status lungo_image_decode(lungo_image *image, const void *bytes, size_t size,
                                lungo_image_mode mode, const char *name) {
    const lungo_image_format *format;
    lungo_image_file file = {bytes, size, mode, name, 1};
    LUNGO_TRY(find_by_content(&format, &file));
    lungo_status status = format->decode(image, &file);
    if (!status && mode != LUNGO_IMAGE_AS_STORED) status = turn_upright(image, file.orientation);
    return status ? lungo_trail("in the picture '%s'", name) : LUNGO_OK;
}

lungo_status lungo_image_read(lungo_image *image, const char *path, lungo_image_mode mode) {
    char *bytes;
    size_t size;
    LUNGO_TRY(lungo_file_read(&bytes, &size, path));
    lungo_status status = lungo_image_decode(image, bytes, size, mode, path);
    free(bytes);
    return status;
}

/* ---- encoding ---- */

static const lungo_image_format *find_by_ending(const char *type) {
    char word[16] = " ";
    size_t length = strlen(type);
    if (length == 0 || length > sizeof word - 3) return NULL;
    for (size_t i = 0; i < length; i++)
        word[i + 1] = (char)tolower((unsigned char)type[i]);
    word[length + 1] = ' ';
    for (int i = 0; i < FORMATS; i++)
        if (strstr(formats[i]->endings, word)) return formats[i];
    return NULL;
}

lungo_status lungo_image_encode(unsigned char **bytes, size_t *size, const lungo_image *image,
                                const char *type) {
    const lungo_image_format *format = find_by_ending(type);
    if (!format)
        return lungo_fail(LUNGO_ERR_USAGE,
                          "type of picture to write: expected jpg, png, bmp or ppm, got '%s'",
                          type);
    if (format->advice)
        return lungo_fail(LUNGO_ERR_UNSUPPORTED, "cannot write %s files: %s", format->name,
                          format->advice);
    lungo_buffer buffer = {0};
    lungo_status status = format->encode(&buffer, image);
    if (!status && buffer.failed) status = lungo_fail_memory("a picture's file", buffer.length);
    if (status) {
        lungo_buffer_dispose(&buffer);
        return status;
    }
    *bytes = (unsigned char *)buffer.bytes;
    *size = buffer.length;
    return LUNGO_OK;
}

lungo_status lungo_image_write(const lungo_image *image, const char *path) {
    const char *point = strrchr(path, '.');
    unsigned char *bytes;
    size_t size;
    lungo_status status = lungo_image_encode(&bytes, &size, image, point ? point + 1 : "");
    if (status) return lungo_trail("while writing the picture '%s'", path);
    status = lungo_file_replace(path, bytes, size);
    free(bytes);
    return status;
}
