#include "support/sheet.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* In pixels. Pictures are fitted into their cell: larger ones reduced, smaller ones magnified by a
 * whole factor, so that their pixels stay squares. */
enum { CELL = 96, GAP = 4, STEP = CELL + GAP, BACKGROUND = 64, COLORS = 3 };

bool sheet_is_full(const contact_sheet *sheet) {
    return sheet->count == SHEET_PICTURES;
}

/* The library gives an image memory only by reading or resizing one: a blank one is a pixel made
 * larger. */
static lungo_status make_blank(lungo_image *image, int height, int width) {
    unsigned char pixel[COLORS] = {BACKGROUND, BACKGROUND, BACKGROUND};
    lungo_image dot = {COLORS, 1, 1, pixel, sizeof pixel};
    return lungo_image_resize(image, &dot, height, width);
}

lungo_status sheet_check(const char *path) {
    unsigned char pixel[COLORS] = {0}, *bytes;
    size_t size;
    const char *point = strrchr(path, '.');
    lungo_image dot = {COLORS, 1, 1, pixel, sizeof pixel};
    lungo_status status = lungo_image_encode(&bytes, &size, &dot, point ? point + 1 : "");
    if (!status) free(bytes);
    return status;
}

static unsigned char *pixel_at(const lungo_image *image, int y, int x) {
    return image->pixels + ((size_t)y * (size_t)image->width + (size_t)x) * (size_t)image->channels;
}

/* Alpha is left out. */
static lungo_status to_color(lungo_image *out, const lungo_image *in) {
    lungo_status status = make_blank(out, in->height, in->width);
    if (status) return status;
    for (int y = 0; y < in->height; y++)
        for (int x = 0; x < in->width; x++)
            for (int c = 0; c < COLORS; c++)
                pixel_at(out, y, x)[c] = pixel_at(in, y, x)[in->channels == 1 ? 0 : c];
    return LUNGO_OK;
}

static int most(int a, int b) {
    return a > b ? a : b;
}

static lungo_status reduce(lungo_image *out, const lungo_image *in, int longest) {
    int height = (int)((long long)in->height * CELL / longest);
    int width = (int)((long long)in->width * CELL / longest);
    return lungo_image_resize(out, in, most(height, 1), most(width, 1));
}

static lungo_status magnify(lungo_image *out, const lungo_image *in, int factor) {
    lungo_status status = make_blank(out, in->height * factor, in->width * factor);
    if (status) return status;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++)
            memcpy(pixel_at(out, y, x), pixel_at(in, y / factor, x / factor), COLORS);
    return LUNGO_OK;
}

static lungo_status fit(lungo_image *out, const lungo_image *image) {
    lungo_image color = LUNGO_IMAGE_INIT;
    int longest = most(image->height, image->width);
    lungo_status status = to_color(&color, image);
    if (!status)
        status =
            longest > CELL ? reduce(out, &color, longest) : magnify(out, &color, CELL / longest);
    lungo_image_dispose(&color);
    return status;
}

lungo_status sheet_add_image(contact_sheet *sheet, const lungo_image *image) {
    return fit(&sheet->pictures[sheet->count++], image);
}

/* ---- records ---- */

typedef struct value_range {
    float least, most;
} value_range;

static value_range range_of(const lungo_datum *datum) {
    value_range range = {FLT_MAX, -FLT_MAX};
    for (size_t i = 0; i < datum->float_count; i++) {
        if (datum->float_data[i] < range.least) range.least = datum->float_data[i];
        if (datum->float_data[i] > range.most) range.most = datum->float_data[i];
    }
    return range;
}

static unsigned char byte_at(const lungo_datum *datum, size_t at, value_range range) {
    if (datum->data_size) return ((const unsigned char *)datum->data)[at];
    float spread = range.most - range.least;
    float share = (datum->float_data[at] - range.least) / spread;
    return share > 0 && share <= 1 ? (unsigned char)(share * 255) : 0; /* NaN: black */
}

lungo_status sheet_picture(lungo_image *out, const lungo_datum *datum) {
    lungo_image image = LUNGO_IMAGE_INIT;
    lungo_status status = make_blank(&image, datum->height, datum->width);
    size_t plane = (size_t)datum->height * (size_t)datum->width;
    value_range range = range_of(datum);
    for (size_t i = 0; !status && i < plane; i++)
        for (size_t c = 0; c < COLORS; c++)
            image.pixels[i * COLORS + c] =
                byte_at(datum, datum->channels == COLORS ? c * plane + i : i, range);
    if (!status) status = fit(out, &image);
    lungo_image_dispose(&image);
    return status;
}

lungo_status sheet_add_datum(contact_sheet *sheet, const lungo_datum *datum) {
    return sheet_picture(&sheet->pictures[sheet->count++], datum);
}

/* ---- the whole ---- */

static void place(lungo_image *whole, const lungo_image *picture, int index) {
    int top = GAP + index / SHEET_COLUMNS * STEP + (CELL - picture->height) / 2;
    int left = GAP + index % SHEET_COLUMNS * STEP + (CELL - picture->width) / 2;
    for (int y = 0; y < picture->height; y++)
        memcpy(pixel_at(whole, top + y, left), pixel_at(picture, y, 0),
               (size_t)picture->width * COLORS);
}

lungo_status sheet_write(const contact_sheet *sheet, const char *path) {
    lungo_image whole = LUNGO_IMAGE_INIT;
    int columns = sheet->count < SHEET_COLUMNS ? sheet->count : SHEET_COLUMNS;
    int rows = (sheet->count + SHEET_COLUMNS - 1) / SHEET_COLUMNS;
    lungo_status status = make_blank(&whole, rows * STEP + GAP, columns * STEP + GAP);
    for (int i = 0; !status && i < sheet->count; i++)
        place(&whole, &sheet->pictures[i], i);
    if (!status) status = lungo_image_write(&whole, path);
    lungo_image_dispose(&whole);
    return status;
}

void sheet_dispose(contact_sheet *sheet) {
    for (int i = 0; i < sheet->count; i++)
        lungo_image_dispose(&sheet->pictures[i]);
}
