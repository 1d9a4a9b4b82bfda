/* The transforms of kernels/winograd.h, of one tile in each lane of a vector. */
#ifndef LUNGO_KERNELS_WINOGRAD_TILE_H
#define LUNGO_KERNELS_WINOGRAD_TILE_H

#include "kernels/laid.h"

enum {
    LUNGO_WINOGRAD_STEP = 2, /* outputs of a tile along an axis */
    LUNGO_WINOGRAD_SIDE = 4, /* its inputs */
    LUNGO_WINOGRAD_PLACES = LUNGO_WINOGRAD_SIDE * LUNGO_WINOGRAD_SIDE, /* transformed */
};

/* Transformed tiles of a block: about as many floats as the cache of a core holds, but enough tiles
 * for a product to be worth packing the weights. */
enum { LUNGO_WINOGRAD_FLOATS = 1 << 18, LUNGO_WINOGRAD_LEAST_TILES = 192 };

/* The outputs of a convolution cut into tiles. */
typedef struct lungo_winograd_tiles {
    size_t images, rows, columns; /* rows of tiles in an image, tiles in a row */
    size_t block; /* rows, counted over all images, that are transformed at a time */
} lungo_winograd_tiles;

/* With so many channels on both sides together. */
static inline lungo_winograd_tiles lungo_winograd_cut(size_t images, const ptrdiff_t out[2],
                                                      size_t channels) {
    enum { STEP = LUNGO_WINOGRAD_STEP };
    lungo_winograd_tiles t = {.images = images};
    t.rows = (size_t)(out[0] + STEP - 1) / STEP;
    t.columns = (size_t)(out[1] + STEP - 1) / STEP;
    size_t tiles = LUNGO_WINOGRAD_FLOATS / (LUNGO_WINOGRAD_PLACES * channels);
    if (tiles < LUNGO_WINOGRAD_LEAST_TILES) tiles = LUNGO_WINOGRAD_LEAST_TILES;
    t.block = (tiles + t.columns - 1) / t.columns;
    if (t.block > images * t.rows) t.block = images * t.rows;
    return t;
}

/* Rows first <= row < end, and how many tiles they have. */
typedef struct lungo_winograd_block {
    size_t first, end, tiles;
} lungo_winograd_block;

static inline lungo_winograd_block lungo_winograd_block_at(const lungo_winograd_tiles *t,
                                                           size_t first) {
    size_t rows = t->images * t->rows - first;
    if (rows > t->block) rows = t->block;
    return (lungo_winograd_block){first, first + rows, rows * t->columns};
}

typedef lungo_lanes_of lungo_winograd_tile[LUNGO_WINOGRAD_SIDE][LUNGO_WINOGRAD_SIDE];

/* A transform along one axis. */
typedef void lungo_winograd_line(const lungo_lanes_of *from, lungo_lanes_of *to);

/* B' */
static inline void lungo_winograd_input(const lungo_lanes_of *x, lungo_lanes_of *v) {
    v[0] = x[0] - x[2];
    v[1] = x[1] + x[2];
    v[2] = x[2] - x[1];
    v[3] = x[1] - x[3];
}

/* A' */
static inline void lungo_winograd_output(const lungo_lanes_of *m, lungo_lanes_of *y) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
}

/* A */
static inline void lungo_winograd_gradient(const lungo_lanes_of *dy, lungo_lanes_of *v) {
    v[0] = dy[0];
    v[1] = dy[0] + dy[1];
    v[2] = dy[0] - dy[1];
    v[3] = -dy[1];
}

/* G */
static inline void lungo_winograd_weight(const lungo_lanes_of *w, lungo_lanes_of *u) {
    u[0] = w[0];
    u[1] = 0.5f * (w[0] + w[2] + w[1]);
    u[2] = 0.5f * (w[0] + w[2] - w[1]);
    u[3] = w[2];
}

/* G' */
static inline void lungo_winograd_weight_gradient(const lungo_lanes_of *u, lungo_lanes_of *dw) {
    dw[0] = u[0] + 0.5f * (u[1] + u[2]);
    dw[1] = 0.5f * (u[1] - u[2]);
    dw[2] = u[3] + 0.5f * (u[1] + u[2]);
}

/* Inlined with its arguments constant: the tiles then stay in registers. */
static inline __attribute__((always_inline)) void
lungo_winograd_transform(lungo_winograd_line *along, int from, int to, lungo_winograd_tile in,
                         lungo_winograd_tile out) {
    lungo_winograd_tile half; /* transposed */
    for (int j = 0; j < from; j++) {
        lungo_lanes_of column[LUNGO_WINOGRAD_SIDE];
        for (int i = 0; i < from; i++)
            column[i] = in[i][j];
        along(column, half[j]);
    }
    for (int i = 0; i < to; i++) {
        lungo_lanes_of row[LUNGO_WINOGRAD_SIDE];
        for (int j = 0; j < from; j++)
            row[j] = half[j][i];
        along(row, out[i]);
    }
}

#endif
