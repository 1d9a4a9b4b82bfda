/* The portable formats, text and binary: PBM (P1, P4), PGM (P2, P5), PPM (P3, P6).
 *
 *   P, digit, width, height, and but for PBM the highest value; between them blanks and comments
 *   from # to the end of the line; then rows, top first: bits (1 is black), gray, or red green
 *   blue; two bytes each, high one first, when the highest value is above 255
 *
 * As in OpenCV, text is scaled to 0..255 and binary taken as it is; of 16 bits the high 8 count. */
#include <stdint.h>
#include <string.h>

#include "data/image_format.h"

static bool is_blank(int c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool matches(const unsigned char *bytes, size_t size) {
    return size >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' && is_blank(bytes[2]);
}

typedef struct pnm {
    const unsigned char *bytes;
    size_t size, at;
    bool binary;
    int bits;   /* per value: 1, 8 or 16 */
    int values; /* per pixel: 1 or 3 */
    int highest;
    long long width, height;
} pnm;

static lungo_status cut(const pnm *file, const char *what) {
    return lungo_fail(LUNGO_ERR_FORMAT, "cut PNM: expected %s at byte %zu, got the end of the file",
                      what, file->at);
}

static void skip_blanks(pnm *file) {
    while (file->at < file->size) {
        if (file->bytes[file->at] == '#')
            while (file->at < file->size && file->bytes[file->at] != '\n' &&
                   file->bytes[file->at] != '\r')
                file->at++;
        else if (is_blank(file->bytes[file->at]))
            file->at++;
        else
            return;
    }
}

/* Of at most `digits` digits; more than fit give the largest int. */
static lungo_status read_number(pnm *file, long long *number, int digits) {
    skip_blanks(file);
    if (file->at == file->size) return cut(file, "a number");
    unsigned char c = file->bytes[file->at];
    if (c < '0' || c > '9')
        return lungo_fail(LUNGO_ERR_FORMAT, "PNM: expected a number at byte %zu, got the byte %d",
                          file->at, c);
    for (*number = 0; digits-- > 0 && file->at < file->size; file->at++) {
        c = file->bytes[file->at];
        if (c < '0' || c > '9') break;
        *number = *number * 10 + (c - '0');
        if (*number > INT32_MAX) *number = INT32_MAX;
    }
    return LUNGO_OK;
}

static lungo_status read_header(pnm *file) {
    int kind = file->bytes[1] - '0';
    long long highest = 1;
    file->at = 2;
    file->binary = kind > 3;
    file->values = kind % 3 == 0 ? 3 : 1;
    LUNGO_TRY(read_number(file, &file->width, 99));
    LUNGO_TRY(read_number(file, &file->height, 99));
    if (kind % 3 != 1) LUNGO_TRY(read_number(file, &highest, 99));
    if (highest < 1 || highest > 65535)
        return lungo_fail(LUNGO_ERR_FORMAT, "PNM: expected a highest value of 1 to 65535, got %lld",
                          highest);
    file->bits = kind % 3 == 1 ? 1 : highest > 255 ? 16 : 8;
    file->highest = (int)highest;
    if (file->at < file->size) file->at++; /* one blank before the rows */
    return LUNGO_OK;
}

/* One value of a text file, as a byte. */
static lungo_status read_text(pnm *file, unsigned char *to) {
    long long value;
    LUNGO_TRY(read_number(file, &value, file->bits == 1 ? 1 : 99));
    if (file->bits == 1) {
        *to = value ? 0 : 255;
        return LUNGO_OK;
    }
    if (value > file->highest) value = file->highest;
    *to = (unsigned char)(file->bits == 16 ? value >> 8 : value * 255 / file->highest);
    return LUNGO_OK;
}

/* `count` values of a row of a binary file; a row of bits ends with a whole byte. */
static lungo_status read_binary(pnm *file, unsigned char *to, size_t count) {
    size_t size = (count * (size_t)file->bits + 7) / 8;
    if (size > file->size - file->at) return cut(file, "a row of pixels");
    const unsigned char *from = file->bytes + file->at;
    file->at += size;
    if (file->bits == 8) memcpy(to, from, count);
    for (size_t i = 0; file->bits == 16 && i < count; i++)
        to[i] = from[2 * i];
    for (size_t i = 0; file->bits == 1 && i < count; i++)
        to[i] = from[i / 8] >> (7 - i % 8) & 1 ? 0 : 255;
    return LUNGO_OK;
}

static lungo_status read_row(pnm *file, unsigned char *to) {
    size_t count = (size_t)file->width * (size_t)file->values;
    if (file->binary) return read_binary(file, to, count);
    for (size_t i = 0; i < count; i++)
        LUNGO_TRY(read_text(file, &to[i]));
    return LUNGO_OK;
}

static void convert_row(unsigned char *to, const unsigned char *from, const pnm *file,
                        int channels) {
    for (long long x = 0; x < file->width; x++, from += file->values, to += channels) {
        if (file->values == 1)
            memset(to, from[0], (size_t)channels);
        else if (channels == 1)
            to[0] = lungo_gray(from[2], from[1], from[0]);
        else
            for (int c = 0; c < 3; c++)
                to[c] = from[2 - c];
    }
}

/* A size that cannot be is refused before memory is taken for it. */
static lungo_status check_size(const pnm *file) {
    long long bits = file->width * file->values * (file->binary ? file->bits : 8);
    if (file->height <= 0 || file->width <= 0 ||
        (bits + 7) / 8 <= (long long)file->size / file->height)
        return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT, "cut PNM: expected %lldx%lld pixels, got %zu bytes in all",
                      file->height, file->width, file->size);
}

static lungo_status decode(lungo_image *image, lungo_image_file *source) {
    pnm file = {.bytes = source->bytes, .size = source->size};
    lungo_image row = LUNGO_IMAGE_INIT;
    LUNGO_TRY(read_header(&file));
    LUNGO_TRY(check_size(&file));
    if (source->mode == LUNGO_IMAGE_AS_STORED && file.bits == 16)
        return lungo_fail(LUNGO_ERR_DATA,
                          "expected at most 8 bits per value of a picture taken as it is stored, "
                          "got 16; force_color or force_gray cuts them to 8");
    int channels = source->mode == LUNGO_IMAGE_GRAY    ? 1
                   : source->mode == LUNGO_IMAGE_COLOR ? 3
                                                       : file.values;
    LUNGO_TRY(lungo_image_shape(image, channels, file.height, file.width));
    lungo_status status = lungo_image_shape(&row, file.values, 1, file.width);
    for (int y = 0; !status && y < image->height; y++) {
        status = read_row(&file, row.pixels);
        if (!status) convert_row(lungo_image_row(image, y), row.pixels, &file, channels);
    }
    lungo_image_dispose(&row);
    return status;
}

static lungo_status encode(lungo_buffer *out, const lungo_image *image) {
    size_t pixels = (size_t)image->height * (size_t)image->width;
    if (image->channels == 4)
        return lungo_fail(LUNGO_ERR_DATA, "a PNM file holds 1 or 3 channels, got 4");
    lungo_buffer_printf(out, "P%c\n%d %d\n255\n", image->channels == 1 ? '5' : '6', image->width,
                        image->height);
    if (image->channels == 1) lungo_buffer_append(out, image->pixels, pixels);
    for (size_t i = 0; image->channels == 3 && i < pixels; i++) {
        const unsigned char *from = image->pixels + 3 * i;
        lungo_buffer_append(out, (unsigned char[]){from[2], from[1], from[0]}, 3);
    }
    return LUNGO_OK;
}

const lungo_image_format lungo_image_pnm = {
    .name = "PNM",
    .endings = " ppm pgm pnm ",
    .matches = matches,
    .decode = decode,
    .encode = encode,
};
