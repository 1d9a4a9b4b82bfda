#include "kernels/blocked_winograd.h"

#include "kernels/winograd.h"
#include "kernels/winograd_tile.h"
#include "kernels/winograd_weights.h"
#include "math/gemm.h"
#include "math/parallel.h"

enum {
    STEP = LUNGO_WINOGRAD_STEP,
    SIDE = LUNGO_WINOGRAD_SIDE,
    PLACES = LUNGO_WINOGRAD_PLACES,
    LANES = LUNGO_LANES,
};

typedef lungo_winograd_tile tile;
typedef lungo_winograd_block block;

typedef struct planes {
    size_t channels;
    ptrdiff_t size[2];
} planes;

typedef struct job {
    planes in, out;
    size_t groups;
    ptrdiff_t pad[2];
    lungo_winograd_tiles tiles;
    int threads;
} job;

/* ---- tiles ---- */

/* Floats from one place to the next: not a power of 2, or all places would meet in the same lines
 * of the cache. */
static size_t place_step(const job *j, const planes *p) {
    return p->channels * j->tiles.block * j->tiles.columns + LANES;
}

static size_t share(const job *j, const planes *p) {
    return p->channels / j->groups;
}

/* Where the tile of this number has a block of channels: each group is a matrix (tiles, channels of
 * the group) of its own. */
static size_t row_at(const job *j, const planes *p, size_t number, size_t channels) {
    size_t columns = share(j, p), channel = channels * LANES;
    return channel / columns * columns * j->tiles.block * j->tiles.columns + number * columns +
           channel % columns;
}

/* One block of channels of the image that has this tile row. */
static size_t plane_at(const job *j, const planes *p, size_t row, size_t channels) {
    size_t blocks = p->channels / LANES, plane = row / j->tiles.rows * blocks + channels;
    return plane * (size_t)(p->size[0] * p->size[1]) * LANES;
}

/* The pixels of a tile from (y, x) on, zeros outside of the plane. */
static inline __attribute__((always_inline)) void
load_tile(const planes *p, const float *plane, ptrdiff_t y, ptrdiff_t x, int side, tile out) {
    ptrdiff_t height = p->size[0], width = p->size[1];
    bool inside = y >= 0 && x >= 0 && y + side <= height && x + side <= width;
    const ptrdiff_t at = y * width + x;
    for (ptrdiff_t i = 0; i < side; i++)
        for (ptrdiff_t k = 0; k < side; k++) {
            bool there = inside || (y + i >= 0 && y + i < height && x + k >= 0 && x + k < width);
            out[i][k] =
                there ? lungo_load(plane + (at + i * width + k) * LANES) : (lungo_lanes_of){0};
        }
}

/* v (places, groups, tiles, channels of a group), of one row of tiles, from `first` on, and one
 * block of channels. */
static inline __attribute__((always_inline)) void
transform_row(lungo_winograd_line *along, int side, const job *j, const planes *p, const float *of,
              size_t row, ptrdiff_t y, ptrdiff_t x, size_t channels, size_t first, float *v) {
    const float *plane = of + plane_at(j, p, row, channels);
    size_t step = place_step(j, p), columns = share(j, p);
    v += row_at(j, p, first, channels);
    for (size_t t = 0; t < j->tiles.columns; t++, x += STEP, v += columns) {
        tile in, made;
        load_tile(p, plane, y, x, side, in);
        lungo_winograd_transform(along, side, SIDE, in, made);
        for (size_t place = 0; place < PLACES; place++)
            lungo_store(v + place * step, made[place / SIDE][place % SIDE]);
    }
}

/* These are called by all threads of a team, as are the products. */
static void transform_inputs(const job *j, const block *b, const float *x, float *v) {
#pragma omp for collapse(2) nowait
    for (size_t row = b->first; row < b->end; row++)
        for (size_t c = 0; c < j->in.channels / LANES; c++) {
            ptrdiff_t y = STEP * (ptrdiff_t)(row % j->tiles.rows) - j->pad[0];
            transform_row(lungo_winograd_input, SIDE, j, &j->in, x, row, y, -j->pad[1], c,
                          (row - b->first) * j->tiles.columns, v);
        }
}

static void transform_gradients(const job *j, const block *b, const float *dy, float *m) {
#pragma omp for collapse(2) nowait
    for (size_t row = b->first; row < b->end; row++)
        for (size_t c = 0; c < j->out.channels / LANES; c++) {
            ptrdiff_t y = STEP * (ptrdiff_t)(row % j->tiles.rows);
            transform_row(lungo_winograd_gradient, STEP, j, &j->out, dy, row, y, 0, c,
                          (row - b->first) * j->tiles.columns, m);
        }
}

/* ---- outputs ---- */

static inline lungo_lanes_of finish(lungo_lanes_of sum, const lungo_after_sum *after, size_t at) {
    if (after->added) sum += lungo_load(after->added + at);
    if (!after->slope) return sum;
    lungo_lanes_of below = *after->slope * sum;
    for (int lane = 0; lane < LANES; lane++)
        sum[lane] = sum[lane] > 0 ? sum[lane] : below[lane];
    return sum;
}

static void put_tile(const planes *p, size_t plane, size_t y, size_t x, tile made,
                     lungo_lanes_of bias, const lungo_after_sum *after, float *out) {
    size_t height = (size_t)p->size[0], width = (size_t)p->size[1];
    for (size_t i = 0; i < STEP && y + i < height; i++)
        for (size_t k = 0; k < STEP && x + k < width; k++) {
            size_t at = plane + ((y + i) * width + x + k) * LANES;
            lungo_store(out + at, finish(made[i][k] + bias, after, at));
        }
}

static void transform_outputs(const job *j, const block *b, const float *m,
                              const lungo_after_sum *after, float *out) {
    size_t step = place_step(j, &j->out), columns = share(j, &j->out);
#pragma omp for collapse(2)
    for (size_t row = b->first; row < b->end; row++)
        for (size_t c = 0; c < j->out.channels / LANES; c++) {
            lungo_lanes_of bias = {0};
            if (after->bias) bias = lungo_load(after->bias + c * LANES);
            const float *at = m + row_at(j, &j->out, (row - b->first) * j->tiles.columns, c);
            for (size_t t = 0; t < j->tiles.columns; t++, at += columns) {
                tile in, made;
                for (size_t place = 0; place < PLACES; place++)
                    in[place / SIDE][place % SIDE] = lungo_load(at + place * step);
                lungo_winograd_transform(lungo_winograd_output, SIDE, STEP, in, made);
                put_tile(&j->out, plane_at(j, &j->out, row, c), STEP * (row % j->tiles.rows),
                         STEP * t, made, bias, after, out);
            }
        }
}

/* ---- the passes ---- */

static size_t weights_of(const job *j) {
    return j->in.channels * share(j, &j->out);
}

/* Floats before the matrix of a group. */
static size_t group_at(const job *j, const planes *p, size_t group) {
    return row_at(j, p, 0, group * share(j, p) / LANES);
}

/* m = v u' for each place and group, or v u with the places of the windows turned round. */
static void multiply(const job *j, const float *u, bool turned, const float *v, float *m,
                     size_t tiles) {
    size_t in = share(j, &j->in), out = share(j, &j->out);
#pragma omp for collapse(2)
    for (size_t place = 0; place < PLACES; place++)
        for (size_t g = 0; g < j->groups; g++)
            lungo_gemm(LUNGO_PLAIN, turned ? LUNGO_PLAIN : LUNGO_TRANSPOSED, tiles, out, in,
                       v + place * place_step(j, &j->in) + group_at(j, &j->in, g),
                       u + (turned ? lungo_winograd_turned(place) : place) * weights_of(j) +
                           g * in * out,
                       0, m + place * place_step(j, &j->out) + group_at(j, &j->out, g));
}

static void convolve(const job *j, bool turned, const float *x, const float *u,
                     const lungo_after_sum *after, float *y, float *scratch) {
    float *v = scratch, *m = v + PLACES * place_step(j, &j->in);
#pragma omp parallel num_threads(j->threads)
    for (size_t at = 0; at < j->tiles.images * j->tiles.rows; at += j->tiles.block) {
        block b = lungo_winograd_block_at(&j->tiles, at);
        transform_inputs(j, &b, x, v);
#pragma omp barrier
        multiply(j, u, turned, v, m, b.tiles);
        transform_outputs(j, &b, m, after, y);
    }
}

/* u = beta u + m' v for each place and group. */
static void multiply_gradients(const job *j, const float *m, const float *v, float beta, float *u,
                               size_t tiles) {
    size_t in = share(j, &j->in), out = share(j, &j->out);
#pragma omp for collapse(2)
    for (size_t place = 0; place < PLACES; place++)
        for (size_t g = 0; g < j->groups; g++)
            lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, out, in, tiles,
                       m + place * place_step(j, &j->out) + group_at(j, &j->out, g),
                       v + place * place_step(j, &j->in) + group_at(j, &j->in, g), beta,
                       u + place * weights_of(j) + g * in * out);
}

static job job_of(const lungo_convolution *conv, const planes *in, const planes *out) {
    job j = {.in = *in, .out = *out, .groups = (size_t)conv->groups, .threads = conv->threads};
    j.tiles = lungo_winograd_cut(conv->images, out->size, in->channels + out->channels);
    return j;
}

static job job_forward(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    planes x = {(size_t)w->channels, {w->in[0], w->in[1]}};
    planes y = {(size_t)conv->filters, {w->out[0], w->out[1]}};
    job j = job_of(conv, &x, &y);
    j.pad[0] = w->pad[0];
    j.pad[1] = w->pad[1];
    return j;
}

static job job_backward(const lungo_convolution *conv) {
    job forward = job_forward(conv), j = job_of(conv, &forward.out, &forward.in);
    j.pad[0] = 2 - forward.pad[0];
    j.pad[1] = 2 - forward.pad[1];
    return j;
}

void lungo_blocked_winograd_forward(const lungo_convolution *conv, const float *x, const float *u,
                                    const lungo_after_sum *after, float *y, float *scratch) {
    job j = job_forward(conv);
    convolve(&j, false, x, u, after, y, scratch);
}

void lungo_blocked_winograd_backward_data(const lungo_convolution *conv, const float *u,
                                          const float *dy, float *dx, float *scratch) {
    static const lungo_after_sum nothing = {0};
    job j = job_backward(conv);
    convolve(&j, true, dy, u, &nothing, dx, scratch);
}

void lungo_blocked_winograd_backward_weights(const lungo_convolution *conv, const float *x,
                                             const float *dy, float beta, float *dw,
                                             float *scratch) {
    job j = job_forward(conv);
    float *u = scratch, *v = u + PLACES * weights_of(&j), *m = v + PLACES * place_step(&j, &j.in);
#pragma omp parallel num_threads(j.threads)
    for (size_t at = 0; at < j.tiles.images * j.tiles.rows; at += j.tiles.block) {
        block b = lungo_winograd_block_at(&j.tiles, at);
        transform_inputs(&j, &b, x, v);
        transform_gradients(&j, &b, dy, m);
#pragma omp barrier
        multiply_gradients(&j, m, v, at == 0 ? 0 : 1, u, b.tiles);
    }
    lungo_winograd_weights_gradient(weights_of(&j), u, beta, dw);
}

/* ---- when ---- */

size_t lungo_blocked_winograd_weights(const lungo_convolution *conv) {
    return PLACES * (size_t)conv->window.channels * (size_t)(conv->filters / conv->groups);
}

static size_t scratch_of(const job *j) {
    return PLACES * (place_step(j, &j->in) + place_step(j, &j->out));
}

size_t lungo_blocked_winograd_scratch(const lungo_convolution *conv) {
    job forward = job_forward(conv), backward = job_backward(conv);
    size_t f = scratch_of(&forward), b = scratch_of(&backward);
    return f > b ? f : b;
}

bool lungo_blocked_winograd_works(const lungo_convolution *conv) {
    return lungo_winograd_works(conv) && conv->window.channels / conv->groups % LANES == 0 &&
           conv->filters / conv->groups % LANES == 0;
}

/* Below these the transforms cost what the products save; and outputs that do not exist, of the
 * last row and column of tiles, count for the direct convolution. */
enum { LEAST_CHANNELS = 64, LEAST_WORTH = 48 /* tiles */ };
static const double least_use = 0.84; /* of the outputs of all tiles */

bool lungo_blocked_winograd_suits(const lungo_convolution *conv) {
    if (!LUNGO_FAST_LANES || !lungo_blocked_winograd_works(conv)) return false;
    job j = job_forward(conv);
    double tiles = (double)(j.tiles.rows * j.tiles.columns),
           outputs = (double)(j.out.size[0] * j.out.size[1]);
    return share(&j, &j.in) >= LEAST_CHANNELS && share(&j, &j.out) >= LEAST_CHANNELS &&
           (double)j.tiles.images * tiles >= LEAST_WORTH &&
           outputs >= least_use * STEP * STEP * tiles;
}
