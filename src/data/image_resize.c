/* Bilinear resizing of bytes as OpenCV's resize does it: the same fixed point, the same rounding.
 *
 *   The pixel at (y, x) of the result lies at  f = (x + 0.5) * in / out - 0.5  of the source (in
 *   float), between floor(f) and its neighbour. Weights have 11 bits after the point. Rows are
 *   mixed first (19 bits), then columns, with two roundings down on the way, which show in the last
 *   bit:
 *     ((w0 * (h0 >> 4)) >> 16) + ((w1 * (h1 >> 4)) >> 16) + 2) >> 2
 *   Halving both sides exactly is the mean of four pixels, rounded: OpenCV takes another way there.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/image_format.h"

enum { ONE = 1 << 11 };

typedef struct tap {
    int first, second; /* of the source's rows or columns */
    int weight[2];     /* their sum is ONE, or by rounding next to it */
} tap;

/* A column beyond the edge is the edge's alone; a row beyond it is mixed with itself, which by
 * rounding may give another value. */
static void find_taps(tap *taps, int in, int out, bool columns) {
    double scale = 1.0 / ((double)out / in);
    for (int i = 0; i < out; i++) {
        float f = (float)((i + 0.5) * scale - 0.5);
        int first = (int)floorf(f);
        f -= (float)first;
        if (columns && (first < 0 || first >= in - 1)) f = 0;
        taps[i].weight[0] = (int)lrintf((1.0f - f) * ONE);
        taps[i].weight[1] = (int)lrintf(f * ONE);
        taps[i].first = first < 0 ? 0 : first >= in ? in - 1 : first;
        taps[i].second = first + 1 < 0 ? 0 : first + 1 >= in ? in - 1 : first + 1;
    }
}

/* A row of the source, stretched to the new width. */
static void mix_columns(int *to, const unsigned char *row, const tap *taps, int width,
                        int channels) {
    for (int x = 0; x < width; x++, to += channels) {
        const unsigned char *first = row + (size_t)taps[x].first * (size_t)channels;
        const unsigned char *second = row + (size_t)taps[x].second * (size_t)channels;
        for (int c = 0; c < channels; c++)
            to[c] = first[c] * taps[x].weight[0] + second[c] * taps[x].weight[1];
    }
}

static void mix_rows(unsigned char *to, const int *first, const int *second, const int weight[2],
                     size_t count) {
    for (size_t i = 0; i < count; i++) {
        int upper = weight[0] * (first[i] >> 4) >> 16;  /* NOLINT(*): stretched() has filled */
        int lower = weight[1] * (second[i] >> 4) >> 16; /* NOLINT(*): both rows */
        to[i] = (unsigned char)((upper + lower + 2) >> 2);
    }
}

/* Two stretched rows are kept, by the number of the source row: going down, most come again. */
typedef struct row_cache {
    const lungo_image *in;
    const tap *columns;
    int width;
    int *rows[2];
    int number[2];
} row_cache;

static const int *stretched(row_cache *cache, int number, int keep) {
    for (int i = 0; i < 2; i++)
        if (cache->number[i] == number) return cache->rows[i];
    int slot = cache->number[0] == keep ? 1 : 0;
    cache->number[slot] = number;
    mix_columns(cache->rows[slot], lungo_image_row(cache->in, number), cache->columns, cache->width,
                cache->in->channels);
    return cache->rows[slot];
}

static void stretch(lungo_image *out, const lungo_image *in, tap *taps, int *rows) {
    size_t count = (size_t)out->width * (size_t)out->channels;
    tap *columns = taps + out->height;
    find_taps(taps, in->height, out->height, false);
    find_taps(columns, in->width, out->width, true);
    row_cache cache = {in, columns, out->width, {rows, rows + count}, {-1, -1}};
    for (int y = 0; y < out->height; y++) {
        const int *first = stretched(&cache, taps[y].first, taps[y].second);
        const int *second = stretched(&cache, taps[y].second, taps[y].first);
        mix_rows(lungo_image_row(out, y), first, second, taps[y].weight, count);
    }
}

static lungo_status stretch_anyhow(lungo_image *out, const lungo_image *in) {
    size_t row = (size_t)out->width * (size_t)out->channels;
    tap *taps = malloc(((size_t)out->width + (size_t)out->height) * sizeof *taps);
    int *rows = malloc(2 * row * sizeof *rows);
    if (taps && rows) stretch(out, in, taps, rows);
    bool done = taps && rows;
    free(taps);
    free(rows);
    return done ? LUNGO_OK : lungo_fail_memory("resizing a picture", 2 * row * sizeof *rows);
}

static void halve(lungo_image *out, const lungo_image *in) {
    size_t channels = (size_t)in->channels;
    for (int y = 0; y < out->height; y++) {
        const unsigned char *upper = lungo_image_row(in, 2 * y),
                            *lower = lungo_image_row(in, 2 * y + 1);
        unsigned char *to = lungo_image_row(out, y);
        for (int x = 0; x < out->width; x++, upper += 2 * channels, lower += 2 * channels)
            for (size_t c = 0; c < channels; c++)
                *to++ = (unsigned char)((upper[c] + upper[c + channels] + lower[c] +
                                         lower[c + channels] + 2) >>
                                        2);
    }
}

lungo_status lungo_image_resize(lungo_image *out, const lungo_image *in, int height, int width) {
    LUNGO_TRY(lungo_image_shape(out, in->channels, height, width));
    if (height == in->height && width == in->width) {
        memcpy(out->pixels, in->pixels, (size_t)height * (size_t)width * (size_t)in->channels);
    } else if (in->height == 2 * height && in->width == 2 * width) {
        halve(out, in);
    } else {
        return stretch_anyhow(out, in);
    }
    return LUNGO_OK;
}
