#include "kernels/winograd.h"

#include "kernels/winograd_tile.h"
#include "kernels/winograd_weights.h"
#include "math/gemm.h"
#include "math/parallel.h"

enum { STEP = LUNGO_WINOGRAD_STEP, SIDE = LUNGO_WINOGRAD_SIDE, PLACES = LUNGO_WINOGRAD_PLACES };

typedef lungo_winograd_tile tile;
typedef lungo_winograd_line line;
typedef lungo_winograd_block block;

/* ---- planes and their tiles ---- */

typedef struct planes {
    size_t channels;
    ptrdiff_t size[2];
    ptrdiff_t before[2]; /* tile t begins at pixel STEP t - before */
} planes;

typedef struct job {
    planes in, out;
    lungo_winograd_tiles tiles;
    size_t groups;
    int threads;
} job;

/* Floats from one place to the next; vectors reach over the end. */
static size_t place_step(const job *j, const planes *p) {
    return p->channels * j->tiles.block * j->tiles.columns + LUNGO_LANES;
}

/* Those of a block that lie in one image. */
typedef struct run {
    size_t image, row, rows;
    size_t before; /* tiles of the block that come first */
} run;

static run run_at(const job *j, const block *b, size_t at) {
    run r = {.image = at / j->tiles.rows,
             .row = at % j->tiles.rows,
             .before = (at - b->first) * j->tiles.columns};
    r.rows = j->tiles.rows - r.row < b->end - at ? j->tiles.rows - r.row : b->end - at;
    return r;
}

static size_t plane_at(const planes *p, size_t image, size_t channel) {
    return (image * p->channels + channel) * (size_t)(p->size[0] * p->size[1]);
}

/* The pixels of tiles of `side` pixels, as the images of every second row and column. */
static lungo_laid laid_of(const job *j, const planes *p, const run *r, int side) {
    ptrdiff_t start = STEP * (ptrdiff_t)r->row - p->before[0], more = side / STEP - 1;
    ptrdiff_t cut = start > 0 ? start : 0;
    return (lungo_laid){.in = {p->size[0] - cut, p->size[1]},
                        .stride = {STEP, STEP},
                        .pad = {cut - start, p->before[1]},
                        .phases = {STEP, STEP},
                        .size = {(ptrdiff_t)r->rows + more, (ptrdiff_t)j->tiles.columns + more}};
}

static size_t laid_floats(const job *j) {
    return STEP * STEP * (j->tiles.block + 1) * (j->tiles.columns + 1) + LUNGO_LANES;
}

static inline void store_some(float *at, lungo_lanes_of value, size_t count) {
    for (size_t lane = 0; lane < count; lane++)
        at[lane] = value[lane];
}

/* Inlined with `along` and `side` constant. */
static inline __attribute__((always_inline)) void
transform_row(line *along, int side, const lungo_laid *laid, const float *at, size_t columns,
              size_t left, float *out, size_t step) {
    size_t plane = lungo_laid_plane(laid), pitch = (size_t)laid->size[1];
    for (size_t i = 0; i < columns; i += LUNGO_LANES) {
        tile in, made;
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
                in[y][x] = lungo_load(at + (size_t)(y % STEP * STEP + x % STEP) * plane +
                                      (size_t)(y / STEP) * pitch + (size_t)(x / STEP) + i);
        lungo_winograd_transform(along, side, SIDE, in, made);
        float *to = out + i;
        bool whole = i + LUNGO_LANES <= left;
        for (int place = 0; place < PLACES; place++, to += step)
            if (whole)
                lungo_store(to, made[place / SIDE][place % SIDE]);
            else
                store_some(to, made[place / SIDE][place % SIDE], columns - i);
    }
}

/* v (places, channels, tiles). The vectors that reach over the end of a row write where the next
 * one comes. */
static inline __attribute__((always_inline)) void
transform_channel(line *along, int side, const job *j, const planes *p, const block *b,
                  const float *of, size_t c, float *room, float *v) {
    for (size_t at = b->first; at < b->end;) {
        run r = run_at(j, b, at);
        lungo_laid laid = laid_of(j, p, &r, side);
        ptrdiff_t above = (p->size[0] - laid.in[0]) * p->size[1];
        lungo_laid_put_channel(&laid, of + plane_at(p, r.image, c) + above, room);
        for (size_t i = 0; i < r.rows; i++) {
            size_t before = r.before + i * j->tiles.columns;
            transform_row(along, side, &laid, room + i * (size_t)laid.size[1], j->tiles.columns,
                          b->tiles - before, v + c * b->tiles + before, place_step(j, p));
        }
        at += r.rows;
    }
}

/* These are called by all threads of a team, as are the products. */
static void transform_inputs(const job *j, const block *b, const float *x, float *room, float *v) {
#pragma omp for nowait
    for (size_t c = 0; c < j->in.channels; c++)
        transform_channel(lungo_winograd_input, SIDE, j, &j->in, b, x, c, room, v);
}

static void transform_gradients(const job *j, const block *b, const float *dy, float *room,
                                float *v) {
#pragma omp for nowait
    for (size_t c = 0; c < j->out.channels; c++)
        transform_channel(lungo_winograd_gradient, STEP, j, &j->out, b, dy, c, room, v);
}

/* ---- outputs ---- */

/* One row of tiles as rows of even and of odd columns. */
static void transform_outputs_row(const float *m, size_t step, size_t columns, float bias,
                                  float *room, size_t pitch) {
    for (size_t i = 0; i < columns; i += LUNGO_LANES) {
        tile in, made;
        for (int place = 0; place < PLACES; place++)
            in[place / SIDE][place % SIDE] = lungo_load(m + (size_t)place * step + i);
        lungo_winograd_transform(lungo_winograd_output, SIDE, STEP, in, made);
        for (int k = 0; k < STEP * STEP; k++)
            lungo_store(room + (size_t)k * pitch + i, made[k / STEP][k % STEP] + bias);
    }
}

static void put_row(const float *even, const float *odd, ptrdiff_t width, float *y) {
    for (ptrdiff_t i = 0; i < width / 2; i++) {
        y[2 * i] = even[i];
        y[2 * i + 1] = odd[i];
    }
    if (width % 2) y[width - 1] = even[width / 2];
}

static void put_outputs(const job *j, const run *r, const float *m, float bias, float *room,
                        float *plane) {
    const planes *p = &j->out;
    size_t pitch = j->tiles.columns + LUNGO_LANES;
    for (size_t i = 0; i < r->rows; i++) {
        transform_outputs_row(m + i * j->tiles.columns, place_step(j, p), j->tiles.columns, bias,
                              room, pitch);
        for (size_t k = 0; k < STEP; k++) {
            ptrdiff_t y = (ptrdiff_t)(STEP * (r->row + i) + k);
            const float *rows = room + STEP * k * pitch;
            if (y < p->size[0]) put_row(rows, rows + pitch, p->size[1], plane + y * p->size[1]);
        }
    }
}

static size_t output_floats(const job *j) {
    return STEP * STEP * (j->tiles.columns + LUNGO_LANES);
}

static void transform_outputs(const job *j, const block *b, const float *m, const float *bias,
                              float *room, float *y) {
#pragma omp for
    for (size_t c = 0; c < j->out.channels; c++) {
        for (size_t at = b->first; at < b->end;) {
            run r = run_at(j, b, at);
            put_outputs(j, &r, m + c * b->tiles + r.before, bias ? bias[c] : 0, room,
                        y + plane_at(&j->out, r.image, c));
            at += r.rows;
        }
    }
}

/* ---- the passes ---- */

/* Scratch: transformed weights, inputs and outputs, then room for each thread. */
typedef struct rooms {
    float *u, *v, *m, *own;
} rooms;

static size_t weights_of(const job *j) {
    return j->out.channels * (j->in.channels / j->groups);
}

static size_t own_floats(const job *j) {
    size_t laid = laid_floats(j), output = output_floats(j);
    return laid > output ? laid : output;
}

static size_t scratch_of(const job *j) {
    size_t transformed = weights_of(j) + place_step(j, &j->in) + place_step(j, &j->out);
    return PLACES * transformed + (size_t)j->threads * own_floats(j);
}

static rooms rooms_in(const job *j, float *scratch) {
    rooms r = {.u = scratch};
    r.v = r.u + PLACES * weights_of(j);
    r.m = r.v + PLACES * place_step(j, &j->in);
    r.own = r.m + PLACES * place_step(j, &j->out);
    return r;
}

static float *own_room(const job *j, const rooms *r) {
    return r->own + (size_t)omp_get_thread_num() * own_floats(j);
}

/* m = u v for each place and group; with w turned round, the places of u swap ends. */
static void multiply(const job *j, const rooms *r, bool turned, size_t tiles) {
    size_t in = j->in.channels / j->groups, out = j->out.channels / j->groups;
#pragma omp for
    for (size_t k = 0; k < PLACES * j->groups; k++) {
        size_t g = k / PLACES, place = k % PLACES;
        size_t of_u = turned ? lungo_winograd_turned(place) : place;
        lungo_gemm(turned ? LUNGO_TRANSPOSED : LUNGO_PLAIN, LUNGO_PLAIN, out, tiles, in,
                   r->u + of_u * weights_of(j) + g * in * out,
                   r->v + place * place_step(j, &j->in) + g * in * tiles, 0,
                   r->m + place * place_step(j, &j->out) + g * out * tiles);
    }
}

static void convolve(const job *j, bool turned, const float *x, const float *w, const float *bias,
                     float *y, float *scratch) {
    rooms r = rooms_in(j, scratch);
    lungo_winograd_weights(weights_of(j), w, r.u);
#pragma omp parallel num_threads(j->threads)
    for (size_t at = 0; at < j->tiles.images * j->tiles.rows; at += j->tiles.block) {
        block b = lungo_winograd_block_at(&j->tiles, at);
        transform_inputs(j, &b, x, own_room(j, &r), r.v);
#pragma omp barrier
        multiply(j, &r, turned, b.tiles);
        transform_outputs(j, &b, r.m, bias, own_room(j, &r), y);
    }
}

/* u = beta u + m v' for each place and group. */
static void multiply_gradients(const job *j, const rooms *r, float beta, size_t tiles) {
    size_t in = j->in.channels / j->groups, out = j->out.channels / j->groups;
#pragma omp for
    for (size_t k = 0; k < PLACES * j->groups; k++) {
        size_t g = k / PLACES, place = k % PLACES;
        lungo_gemm(LUNGO_PLAIN, LUNGO_TRANSPOSED, out, in, tiles,
                   r->m + place * place_step(j, &j->out) + g * out * tiles,
                   r->v + place * place_step(j, &j->in) + g * in * tiles, beta,
                   r->u + place * weights_of(j) + g * in * out);
    }
}

static job job_of(const lungo_convolution *conv, const planes *in, const planes *out) {
    job j = {.in = *in, .out = *out, .groups = (size_t)conv->groups, .threads = conv->threads};
    j.tiles = lungo_winograd_cut(conv->images, out->size, in->channels + out->channels);
    return j;
}

static job job_forward(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    planes x = {(size_t)w->channels, {w->in[0], w->in[1]}, {w->pad[0], w->pad[1]}};
    planes y = {(size_t)conv->filters, {w->out[0], w->out[1]}, {0, 0}};
    return job_of(conv, &x, &y);
}

static job job_backward(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    planes dy = {(size_t)conv->filters, {w->out[0], w->out[1]}, {2 - w->pad[0], 2 - w->pad[1]}};
    planes dx = {(size_t)w->channels, {w->in[0], w->in[1]}, {0, 0}};
    return job_of(conv, &dy, &dx);
}

void lungo_winograd_forward(const lungo_convolution *conv, const float *x, const float *w,
                            const float *b, float *y, float *scratch) {
    job j = job_forward(conv);
    convolve(&j, false, x, w, b, y, scratch);
}

void lungo_winograd_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                  float *dx, float *scratch) {
    job j = job_backward(conv);
    convolve(&j, true, dy, w, NULL, dx, scratch);
}

void lungo_winograd_backward_weights(const lungo_convolution *conv, const float *x, const float *dy,
                                     float beta, float *dw, float *scratch) {
    job j = job_forward(conv);
    rooms r = rooms_in(&j, scratch);
#pragma omp parallel num_threads(j.threads)
    for (size_t at = 0; at < j.tiles.images * j.tiles.rows; at += j.tiles.block) {
        block b = lungo_winograd_block_at(&j.tiles, at);
        transform_inputs(&j, &b, x, own_room(&j, &r), r.v);
        transform_gradients(&j, &b, dy, own_room(&j, &r), r.m);
#pragma omp barrier
        multiply_gradients(&j, &r, at == 0 ? 0 : 1, b.tiles);
    }
    lungo_winograd_weights_gradient(weights_of(&j), r.u, beta, dw);
}

/* ---- when ---- */

size_t lungo_winograd_scratch(const lungo_convolution *conv) {
    job forward = job_forward(conv), backward = job_backward(conv);
    size_t f = scratch_of(&forward), b = scratch_of(&backward);
    return f > b ? f : b;
}

bool lungo_winograd_works(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    if (w->axes != 2 || w->general || conv->images == 0) return false;
    for (int i = 0; i < 2; i++)
        if (w->kernel[i] != 3 || w->stride[i] != 1 || w->dilation[i] != 1 || w->pad[i] > 2)
            return false;
    return true;
}

/* Below these the transforms cost as much as the products save. */
enum { LEAST_CHANNELS = 32, LEAST_WORTH = 64 /* tiles */ };

bool lungo_winograd_suits(const lungo_convolution *conv) {
    if (!LUNGO_FAST_LANES || !lungo_winograd_works(conv)) return false;
    job j = job_forward(conv);
    return j.in.channels / j.groups >= LEAST_CHANNELS &&
           j.out.channels / j.groups >= LEAST_CHANNELS &&
           j.tiles.images * j.tiles.rows * j.tiles.columns >= LEAST_WORTH;
}
