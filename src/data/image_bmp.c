/* Windows bitmaps: 1, 4 and 8 bits with a palette, plain or run-length coded; 16 (5-5-5, or 5-6-5
 * by masks), 24 and 32 bits.
 *
 *   file     'B' 'M', size 4, reserved 4, offset of the pixels 4
 *   header   its size 4: 12 has width 2, height 2, planes 2, bits 2 and a palette of 3 bytes each;
 *            40 and more has width 4, height 4, planes 2, bits 2, coding 4, 12 bytes, colours 4 ...
 *            and a palette of 4 bytes each: blue green red -
 *   rows     bottom first, or top first when the height is negative; each ends at a multiple of 4
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/image_format.h"

enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, MASKS = 3 };
enum { OLD_HEADER = 12, LEAST_HEADER = 40 };

typedef struct bmp {
    const unsigned char *bytes;
    size_t size;
    size_t pixels; /* where they begin */
    long long width, height;
    bool top_first;
    int bits, coding;
    int green_bits;   /* of 16-bit pixels: 5 or 6 */
    bool other_order; /* 32-bit pixels are not blue, green, red, alpha */
    bool old;         /* the header of 12 bytes */
    unsigned char palette[256][3];
} bmp;

static bool matches(const unsigned char *bytes, size_t size) {
    return size >= 2 && bytes[0] == 'B' && bytes[1] == 'M';
}

/* Little-endian; beyond the end of the file there are zeros. */
static uint32_t number(const bmp *file, size_t at, int bytes) {
    uint32_t value = 0;
    while (bytes-- > 0) {
        size_t where = at + (size_t)bytes;
        value = value << 8 | (where < file->size ? file->bytes[where] : 0);
    }
    return value;
}

static lungo_status cut(const bmp *file, size_t needed) {
    return lungo_fail(LUNGO_ERR_FORMAT, "cut BMP: expected at least %zu bytes, got %zu", needed,
                      file->size);
}

/* ---- the header ---- */

static void read_palette(bmp *file, size_t at, uint32_t colours, size_t entry) {
    for (uint32_t i = 0; i < colours && i < 256; i++)
        for (size_t c = 0; c < 3; c++)
            file->palette[i][c] = (unsigned char)number(file, at + i * entry + c, 1);
}

static lungo_status read_masks(bmp *file, size_t at) {
    uint32_t red = number(file, at, 4), green = number(file, at + 4, 4),
             blue = number(file, at + 8, 4);
    file->green_bits = green == 0x7e0 ? 6 : 5;
    if (blue == 0x1f && ((green == 0x3e0 && red == 0x7c00) || (green == 0x7e0 && red == 0xf800)))
        return LUNGO_OK;
    return lungo_fail(
        LUNGO_ERR_FORMAT,
        "BMP: expected 16-bit pixels of 5-5-5 or 5-6-5 bits, got the masks %x, %x, %x", red, green,
        blue);
}

static bool coding_fits(const bmp *file) {
    switch (file->coding) {
    case PLAIN:
        return file->bits == 1 || file->bits == 4 || file->bits == 8 || file->bits == 16 ||
               file->bits == 24 || file->bits == 32;
    case RLE8:
        return file->bits == 8;
    case RLE4:
        return file->bits == 4;
    case MASKS:
        return file->bits == 16 || file->bits == 32;
    default:
        return false;
    }
}

/* As in OpenCV, masks in a header of 40 bytes have no say. */
static void read_wide_masks(bmp *file, size_t at) {
    file->other_order = number(file, at, 4) != 0xff0000 || number(file, at + 4, 4) != 0xff00 ||
                        number(file, at + 8, 4) != 0xff || number(file, at + 12, 4) != 0xff000000;
}

static void read_old_header(bmp *file) {
    file->old = true;
    file->width = number(file, 18, 2);
    file->height = number(file, 20, 2);
    file->bits = (int)number(file, 24, 2);
    if (file->bits <= 8) read_palette(file, 14 + OLD_HEADER, 1u << file->bits, 3);
}

static lungo_status read_header(bmp *file) {
    uint32_t header = number(file, 14, 4);
    size_t behind = 14 + (size_t)header;
    if (file->size < 18 || file->size < behind) return cut(file, file->size < 18 ? 18 : behind);
    file->pixels = number(file, 10, 4);
    file->green_bits = 5;
    if (header == OLD_HEADER) {
        read_old_header(file);
    } else if (header >= LEAST_HEADER) {
        file->width = (int32_t)number(file, 18, 4);
        file->height = (int32_t)number(file, 22, 4);
        file->bits = (int)number(file, 28, 2);
        file->coding = (int)number(file, 30, 4);
        file->top_first = file->height < 0;
        if (file->top_first) file->height = -file->height;
        uint32_t colours = number(file, 46, 4);
        if (file->bits <= 8) read_palette(file, behind, colours ? colours : 256, 4);
        if (file->bits == 16 && file->coding == MASKS)
            LUNGO_TRY(read_masks(file, 14 + LEAST_HEADER)); /* inside longer headers */
        if (file->bits == 32 && file->coding == MASKS && header > LEAST_HEADER)
            read_wide_masks(file, 14 + LEAST_HEADER);
    } else {
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "BMP: expected a header of 12, 40 or more bytes, got %u", header);
    }
    if (coding_fits(file)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_FORMAT,
                      "BMP: expected pixels of 1, 4, 8, 16, 24 or 32 bits, plain or run-length "
                      "coded, got %d bits with coding %d",
                      file->bits, file->coding);
}

/* ---- pixels ---- */

static size_t row_size(const bmp *file) {
    return ((size_t)file->width * (size_t)file->bits + 31) / 32 * 4;
}

/* The file's row at place y of the picture. */
static const unsigned char *file_row(const bmp *file, int y) {
    size_t row = file->top_first ? (size_t)y : (size_t)(file->height - 1 - y);
    return file->bytes + file->pixels + row * row_size(file);
}

/* Checked before memory is taken: plain rows must all be there. A run makes up to 255 pixels. */
static lungo_status check_size(const bmp *file) {
    size_t rows = 0;
    if (file->width < 1 || file->height < 1) return LUNGO_OK; /* refused with the shape */
    if (file->coding == PLAIN || file->coding == MASKS)
        if (__builtin_mul_overflow(row_size(file), (size_t)file->height, &rows))
            return cut(file, SIZE_MAX);
    if (file->pixels <= file->size && rows <= file->size - file->pixels) return LUNGO_OK;
    return cut(file, file->pixels + rows);
}

static void put(unsigned char *to, int channels, int blue, int green, int red) {
    if (channels == 1) {
        to[0] = lungo_gray(blue, green, red);
        return;
    }
    to[0] = (unsigned char)blue;
    to[1] = (unsigned char)green;
    to[2] = (unsigned char)red;
}

/* A pixel of 16 bits: the low bits of each byte are 0. */
static void put_short(unsigned char *to, int channels, const bmp *file, const unsigned char *from) {
    int value = from[0] | from[1] << 8;
    int green = file->green_bits == 6 ? (value >> 3) & ~3 : (value >> 2) & ~7;
    int red = file->green_bits == 6 ? (value >> 8) & ~7 : (value >> 7) & ~7;
    put(to, channels, (value << 3) & 255, green & 255, red & 255);
}

static void convert_row(unsigned char *to, const bmp *file, const unsigned char *from,
                        const lungo_image *image) {
    int bytes = file->bits / 8, channels = image->channels;
    for (int x = 0; x < image->width; x++, from += bytes, to += channels) {
        if (channels == 4)
            memcpy(to, from, 4);
        else if (bytes == 2)
            put_short(to, channels, file, from);
        else
            put(to, channels, from[0], from[1], from[2]);
    }
}

/* ---- pictures with a palette: first the numbers of the colours, then the colours ---- */

static void unpack_row(unsigned char *to, const unsigned char *from, int bits, size_t count) {
    size_t per_byte = 8 / (size_t)bits;
    for (size_t x = 0; x < count; x++) {
        size_t shift = 8 - (size_t)bits * (x % per_byte + 1);
        to[x] = (unsigned char)(from[x / per_byte] >> shift & ((1 << bits) - 1));
    }
}

typedef struct runs {
    const bmp *file;
    lungo_image *numbers;
    size_t at;
    int x, y; /* rows in the file's order */
} runs;

static lungo_status paint(runs *run, int count, bool same, const unsigned char *from) {
    const bmp *file = run->file;
    int height = run->numbers->height;
    if (run->y >= height || count > run->numbers->width - run->x)
        return lungo_fail(LUNGO_ERR_FORMAT, "damaged BMP: expected runs that end with their row");
    unsigned char *to =
        lungo_image_row(run->numbers, file->top_first ? run->y : height - 1 - run->y) + run->x;
    for (int i = 0; i < count; i++) {
        if (file->bits == 8)
            to[i] = from[same ? 0 : i];
        else
            to[i] = from[same ? 0 : i / 2] >> (i % 2 ? 0 : 4) & 15;
    }
    run->x += count;
    return LUNGO_OK;
}

/* Two bytes: a count and a colour (or two in turn); or 0 and what to do: 0 the next row, 1 the end,
 * 2 go on right and down by the next two bytes, else so many single pixels, filled up to 16 bits.
 */
static lungo_status read_run(runs *run, bool *ended) {
    const bmp *file = run->file;
    if (file->size - run->at < 2) return cut(file, run->at + 2);
    int count = file->bytes[run->at], code = file->bytes[run->at + 1];
    run->at += 2;
    if (count > 0) return paint(run, count, true, file->bytes + run->at - 1);
    if (code == 0) {
        run->x = 0;
        run->y++;
    } else if (code == 1) {
        *ended = true;
    } else {
        size_t size = code == 2 ? 2 : ((size_t)code * (size_t)file->bits + 15) / 16 * 2;
        const unsigned char *from = file->bytes + run->at;
        if (file->size - run->at < size) return cut(file, run->at + size);
        run->at += size;
        if (code > 2) return paint(run, code, false, from);
        run->x += from[0];
        run->y += from[1];
        if (run->x > run->numbers->width) run->x = run->numbers->width;
    }
    return LUNGO_OK;
}

static lungo_status read_numbers(const bmp *file, lungo_image *numbers) {
    LUNGO_TRY(lungo_image_shape(numbers, 1, file->height, file->width));
    memset(numbers->pixels, 0, (size_t)numbers->height * (size_t)numbers->width);
    if (file->coding == PLAIN) {
        for (int y = 0; y < numbers->height; y++)
            unpack_row(lungo_image_row(numbers, y), file_row(file, y), file->bits,
                       (size_t)numbers->width);
        return LUNGO_OK;
    }
    runs run = {file, numbers, file->pixels, 0, 0};
    for (bool ended = false; !ended && run.y < numbers->height;)
        LUNGO_TRY(read_run(&run, &ended));
    return LUNGO_OK;
}

static lungo_status decode_palette(const bmp *file, lungo_image *image) {
    lungo_image numbers = LUNGO_IMAGE_INIT;
    lungo_status status = read_numbers(file, &numbers);
    size_t count = (size_t)image->height * (size_t)image->width;
    for (size_t i = 0; !status && i < count; i++) {
        const unsigned char *colour = file->palette[numbers.pixels[i]];
        put(image->pixels + i * (size_t)image->channels, image->channels, colour[0], colour[1],
            colour[2]);
    }
    lungo_image_dispose(&numbers);
    return status;
}

/* As it is stored: a palette of grays makes a gray picture, and to OpenCV so does an old header. */
static int stored_channels(const bmp *file) {
    if (file->old) return 1;
    if (file->bits == 32 && file->coding == MASKS) return 4;
    for (int i = 0; file->bits <= 8 && i < 1 << file->bits; i++)
        if (file->palette[i][0] != file->palette[i][1] ||
            file->palette[i][0] != file->palette[i][2])
            return 3;
    return file->bits <= 8 ? 1 : 3;
}

static lungo_status decode(lungo_image *image, lungo_image_file *source) {
    bmp file = {.bytes = source->bytes, .size = source->size};
    LUNGO_TRY(read_header(&file));
    LUNGO_TRY(check_size(&file));
    int channels = source->mode == LUNGO_IMAGE_GRAY    ? 1
                   : source->mode == LUNGO_IMAGE_COLOR ? 3
                                                       : stored_channels(&file);
    if (channels == 4 && file.other_order)
        return lungo_fail(
            LUNGO_ERR_FORMAT,
            "BMP: expected blue, green, red and alpha in this order in a picture taken "
            "as it is stored; force_color leaves alpha out");
    LUNGO_TRY(lungo_image_shape_of(image, source, channels, file.height, file.width));
    if (file.bits <= 8) return decode_palette(&file, image);
    for (int y = 0; y < image->height; y++)
        convert_row(lungo_image_row(image, y), &file, file_row(&file, y), image);
    return LUNGO_OK;
}

/* ---- writing: a header of 40 bytes, 8 bits with a palette of grays, or 24 ---- */

static void append_number(lungo_buffer *out, uint32_t value, int bytes) {
    for (; bytes > 0; bytes--, value >>= 8)
        lungo_buffer_append(out, &(unsigned char){(unsigned char)value}, 1);
}

static lungo_status encode(lungo_buffer *out, const lungo_image *image) {
    int channels = image->channels;
    if (channels == 4) return lungo_fail(LUNGO_ERR_DATA, "BMP: expected 1 or 3 channels, got 4");
    size_t row = (size_t)image->width * (size_t)channels, padding = (4 - row % 4) % 4;
    uint32_t start = 14 + LEAST_HEADER + (channels == 1 ? 1024 : 0);
    lungo_buffer_append(out, "BM", 2);
    append_number(out, start + (uint32_t)((row + padding) * (size_t)image->height), 4);
    append_number(out, 0, 4);
    append_number(out, start, 4);
    append_number(out, LEAST_HEADER, 4);
    append_number(out, (uint32_t)image->width, 4);
    append_number(out, (uint32_t)image->height, 4);
    append_number(out, 1, 2);
    append_number(out, (uint32_t)channels * 8, 2);
    for (int i = 0; i < 6; i++)
        append_number(out, 0, 4);
    for (uint32_t i = 0; channels == 1 && i < 256; i++)
        append_number(out, i * 0x10101, 4);
    for (int y = image->height - 1; y >= 0; y--) {
        lungo_buffer_append(out, lungo_image_row(image, y), row);
        lungo_buffer_append(out, "\0\0\0", padding);
    }
    return LUNGO_OK;
}

const lungo_image_format lungo_image_bmp = {
    .name = "BMP",
    .endings = " bmp dib ",
    .matches = matches,
    .decode = decode,
    .encode = encode,
};
