#include "kernels/direct.h"

#include "kernels/laid.h"
#include "math/parallel.h"
#include "math/vector.h"

enum { MAX_PHASES = 16, GROUP = 8 /* panels that share a tile of weights from the cache */ };

/* ---- sums over taps: out_m[p] = bias_m + sum_k w_mk laid[start + row_k + p] ---- */

typedef struct sweep {
    size_t depth, filters;
    float *weights;           /* (depth, rows) for each tile of rows */
    uint32_t *rows, *sources; /* depth: of taps in the laid image, and in the weights as given */
    size_t width;             /* from one row of places to the next */
    size_t out_rows, out_columns;             /* places that count */
    size_t out_plane, out_first, pitch, step; /* where they go */
} sweep;

static size_t places_of(const sweep *s) {
    return s->out_rows == 0 ? 0 : (s->out_rows - 1) * s->width + s->out_columns;
}

static size_t panels_of(const sweep *s) {
    return (places_of(s) + LUNGO_PANEL - 1) / LUNGO_PANEL;
}

static size_t groups_of(const sweep *s) {
    return (panels_of(s) + GROUP - 1) / GROUP;
}

static int tiles_of(const sweep *s) {
    return (int)((s->filters + LUNGO_TILE - 1) / LUNGO_TILE);
}

/* w(m, k) stands at w[m * pitch + sources[k]]. */
static void pack(const sweep *s, const float *w, size_t pitch, float *packed) {
    int tiles = tiles_of(s);
#pragma omp parallel for if (lungo_worth_threads(s->depth * s->filters))
    for (int t = 0; t < tiles; t++) {
        size_t first = lungo_lane_start(s->filters, t, tiles);
        size_t end = lungo_lane_start(s->filters, t + 1, tiles);
        float *to = packed + first * s->depth;
        for (size_t k = 0; k < s->depth; k++)
            for (size_t m = first; m < end; m++)
                *to++ = w[m * pitch + s->sources[k]];
    }
}

typedef float sums_of_tile[LUNGO_TILE][LUNGO_PANEL];

/* Inlined with `height` constant: the sums then stay in registers. */
static inline __attribute__((always_inline)) void tile(int height, const sweep *s, const float *w,
                                                       const float *bias, const float *at,
                                                       sums_of_tile out) {
    lungo_lanes_of sums[LUNGO_TILE][2];
#pragma GCC unroll 12
    for (int i = 0; i < height; i++)
        sums[i][0] = sums[i][1] = (lungo_lanes_of){0} + (bias ? bias[i] : 0);
    for (size_t k = 0; k < s->depth; k++, w += height) {
        const float *row = at + s->rows[k];
        lungo_lanes_of a = lungo_load(row), b = lungo_load(row + LUNGO_LANES);
#pragma GCC unroll 12
        for (int i = 0; i < height; i++) {
            sums[i][0] += w[i] * a;
            sums[i][1] += w[i] * b;
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < height; i++) {
        lungo_store(out[i], sums[i][0]);
        lungo_store(out[i] + LUNGO_LANES, sums[i][1]);
    }
}

typedef void tile_of_height(const sweep *, const float *, const float *, const float *,
                            sums_of_tile);

#define TILE(height)                                                                               \
    static void tile_##height(const sweep *s, const float *w, const float *bias, const float *at,  \
                              sums_of_tile out) {                                                  \
        tile(height, s, w, bias, at, out);                                                         \
    }
TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#ifdef __AVX512F__
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
#endif

static tile_of_height *const tile_table[] = {
    tile_1, tile_2, tile_3, tile_4,  tile_5,  tile_6,
#ifdef __AVX512F__
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12,
#endif
};

static void put_run(const sweep *s, const float *sums, size_t count, float *out) {
    if (s->step == 1)
        for (size_t i = 0; i < count; i++)
            out[i] = sums[i];
    else
        for (size_t i = 0; i < count; i++)
            out[i * s->step] = sums[i];
}

/* Leaves out the places between the rows. */
static void put_tile(const sweep *s, size_t height, size_t place, sums_of_tile sums, float *out) {
    size_t end = places_of(s), p = place;
    if (end > place + LUNGO_PANEL) end = place + LUNGO_PANEL;
    while (p < end) {
        size_t y = p / s->width, x = p % s->width;
        size_t rest = x < s->out_columns ? s->out_columns - x : 0;
        size_t count = rest < end - p ? rest : end - p;
        float *to = out + y * s->pitch + x * s->step;
        for (size_t i = 0; count > 0 && i < height; i++)
            put_run(s, sums[i] + (p - place), count, to + i * s->out_plane);
        p = y * s->width + (x + count < s->out_columns ? x + count : s->width);
    }
}

/* All filters over one group of panels. */
static void sweep_group(const sweep *s, const float *bias, const float *laid, size_t group,
                        float *out) {
    size_t panels = panels_of(s), end = (group + 1) * GROUP;
    if (end > panels) end = panels;
    int tiles = tiles_of(s);
    for (int t = 0; t < tiles; t++) {
        size_t first = lungo_lane_start(s->filters, t, tiles);
        size_t height = lungo_lane_start(s->filters, t + 1, tiles) - first;
        for (size_t panel = group * GROUP; panel < end; panel++) {
            sums_of_tile sums;
            size_t place = panel * LUNGO_PANEL;
            /* Lanes are 1 to as many filters high as the table has entries. NOLINTNEXTLINE(*) */
            tile_table[height - 1](s, s->weights + first * s->depth, bias ? bias + first : NULL,
                                   laid + place, sums);
            put_tile(s, height, place, sums, out + s->out_first + first * s->out_plane);
        }
    }
}

/* ---- all images, groups and phases ---- */

typedef struct job {
    lungo_laid laid;
    size_t images, channels, groups; /* channels of the laid image, all groups */
    int lanes, phases;
    sweep sweeps[MAX_PHASES];
    size_t in_image, out_image, out_group;
    const float *bias;
    float *room; /* a laid image per lane */
} job;

/* The weights of group g follow those of the groups before it. */
static void sweep_part(const job *j, size_t g, int phase, size_t group, const float *laid,
                       float *out) {
    sweep s = j->sweeps[phase];
    s.weights += g * s.filters * s.depth;
    size_t skip = g * (j->channels / j->groups) * lungo_laid_channel(&j->laid);
    sweep_group(&s, j->bias ? j->bias + g * s.filters : NULL, laid + skip, group,
                out + g * j->out_group);
}

static void image_by_one(const job *j, const float *in, float *laid, float *out) {
    lungo_laid_put(&j->laid, j->channels, in, laid);
    for (size_t g = 0; g < j->groups; g++)
        for (int phase = 0; phase < j->phases; phase++)
            for (size_t group = 0; group < groups_of(&j->sweeps[phase]); group++)
                sweep_part(j, g, phase, group, laid, out);
}

static void image_by_all(const job *j, const float *in, float *laid, float *out) {
    size_t pixels = (size_t)(j->laid.in[0] * j->laid.in[1]), step = lungo_laid_channel(&j->laid);
    lungo_laid_put(&j->laid, 0, in, laid + j->channels * step); /* the zeros at the end */
#pragma omp parallel
    {
#pragma omp for
        for (size_t c = 0; c < j->channels; c++)
            lungo_laid_put_channel(&j->laid, in + c * pixels, laid + c * step);
        for (size_t g = 0; g < j->groups; g++)
            for (int phase = 0; phase < j->phases; phase++)
#pragma omp for schedule(dynamic) nowait
                for (size_t group = 0; group < groups_of(&j->sweeps[phase]); group++)
                    sweep_part(j, g, phase, group, laid, out);
    }
}

static void run(const job *j, const float *in, float *out) {
    size_t laid_image = lungo_laid_image(&j->laid, j->channels);
    int lanes = j->lanes;
    if (lanes == 1) {
        for (size_t n = 0; n < j->images; n++)
            image_by_all(j, in + n * j->in_image, j->room, out + n * j->out_image);
        return;
    }
#pragma omp parallel for num_threads(lanes)
    for (int lane = 0; lane < lanes; lane++) {
        size_t end = lungo_lane_start(j->images, lane + 1, lanes);
        for (size_t n = lungo_lane_start(j->images, lane, lanes); n < end; n++)
            image_by_one(j, in + n * j->in_image, j->room + (size_t)lane * laid_image,
                         out + n * j->out_image);
    }
}

/* ---- forward ---- */

/* Scratch: rows and sources of all taps, packed weights, laid images. */
static float *cut(float **scratch, size_t floats) {
    float *cut = *scratch;
    *scratch += floats;
    return cut;
}

static size_t weights_of(const lungo_convolution *conv) {
    size_t channels = (size_t)(conv->window.channels / conv->groups);
    return (size_t)conv->filters * channels * lungo_window_taps(&conv->window);
}

void lungo_direct_forward(const lungo_convolution *conv, const float *x, const float *w,
                          const float *b, float *y, float *scratch) {
    const lungo_window *win = &conv->window;
    size_t groups = (size_t)conv->groups, channels = (size_t)win->channels;
    size_t filters = (size_t)conv->filters / groups, outputs = lungo_window_outputs(win);
    job j = {.laid = lungo_laid_of(win),
             .images = conv->images,
             .channels = channels,
             .groups = groups,
             .lanes = conv->lanes,
             .phases = 1};
    j.in_image = channels * lungo_window_pixels(win);
    j.out_image = groups * filters * outputs;
    j.out_group = filters * outputs;
    j.bias = b;
    sweep s = {.depth = channels / groups * lungo_window_taps(win), .filters = filters};
    s.width = (size_t)j.laid.size[1];
    s.out_rows = (size_t)win->out[0];
    s.out_columns = s.pitch = (size_t)win->out[1];
    s.out_plane = outputs;
    s.step = 1;
    s.rows = (uint32_t *)cut(&scratch, s.depth);
    s.sources = (uint32_t *)cut(&scratch, s.depth);
    s.weights = cut(&scratch, weights_of(conv));
    j.room = scratch;
    lungo_laid_rows(&j.laid, win, channels / groups, s.rows);
    for (size_t k = 0; k < s.depth; k++)
        s.sources[k] = (uint32_t)k;
    for (size_t g = 0; g < groups; g++)
        pack(&s, w + g * filters * s.depth, s.depth, s.weights + g * filters * s.depth);
    j.sweeps[0] = s;
    run(&j, x, y);
}

/* ---- backward: data ----
 *
 * dx[y] = sum of w[ky] dy[i] over  i stride + ky dilation = y + pad.  With y + pad = q stride + r
 * the taps of ky dilation = r (modulo stride) count, each at i = q - (ky dilation - r) / stride. */

/* dy with room before it for the furthest tap, and after it for the last pixel. */
static lungo_laid laid_gradient(const lungo_window *w) {
    lungo_laid laid;
    for (int i = 0; i < 2; i++) {
        laid.in[i] = w->out[i];
        laid.stride[i] = laid.phases[i] = 1;
        laid.pad[i] = (ptrdiff_t)w->dilation[i] * (w->kernel[i] - 1) / w->stride[i];
        laid.size[i] = (w->in[i] - 1 + w->pad[i]) / w->stride[i] + 1 + laid.pad[i];
    }
    return laid;
}

/* The pixels of one residue along one axis. */
typedef struct residue {
    ptrdiff_t r, q, first, count; /* y = first, first + stride, ...; the first one's q */
} residue;

static residue residue_of(const lungo_window *w, int axis, ptrdiff_t r) {
    ptrdiff_t stride = w->stride[axis], pad = w->pad[axis];
    residue out = {.r = r, .q = r >= pad ? 0 : (pad - r + stride - 1) / stride};
    out.first = out.q * stride + r - pad;
    if (out.first < w->in[axis]) out.count = (w->in[axis] - 1 - out.first) / stride + 1;
    return out;
}

/* Where tap `tap` stands in the laid gradient along one axis for the first pixel; -1: not there. */
static ptrdiff_t tap_at(const lungo_laid *laid, const lungo_window *w, int axis, const residue *at,
                        int tap) {
    ptrdiff_t shift = (ptrdiff_t)tap * w->dilation[axis] - at->r;
    if (shift % w->stride[axis] != 0) return -1;
    /* A negative shift that divides is none: r is below the stride and below it lies tap 0. */
    return at->q + laid->pad[axis] - shift / w->stride[axis];
}

static void find_taps(const lungo_laid *laid, const lungo_convolution *conv, const residue at[2],
                      sweep *s) {
    const lungo_window *w = &conv->window;
    size_t share = (size_t)(w->channels / conv->groups), taps = lungo_window_taps(w);
    s->depth = 0;
    for (size_t m = 0; m < (size_t)(conv->filters / conv->groups); m++) {
        for (size_t tap = 0; tap < taps; tap++) {
            ptrdiff_t y = tap_at(laid, w, 0, &at[0], (int)tap / w->kernel[1]);
            ptrdiff_t x = tap_at(laid, w, 1, &at[1], (int)tap % w->kernel[1]);
            if (y < 0 || x < 0) continue;
            size_t row = m * lungo_laid_plane(laid) + (size_t)(y * laid->size[1] + x);
            s->rows[s->depth] = (uint32_t)row;
            s->sources[s->depth++] = (uint32_t)(m * share * taps + tap);
        }
    }
}

static sweep sweep_of_residues(const lungo_window *w, const residue at[2]) {
    sweep s = {.out_rows = at[1].count > 0 ? (size_t)at[0].count : 0,
               .out_columns = (size_t)at[1].count};
    s.out_plane = lungo_window_pixels(w);
    s.out_first = (size_t)(at[0].first * w->in[1] + at[1].first);
    s.pitch = (size_t)w->stride[0] * (size_t)w->in[1];
    s.step = (size_t)w->stride[1];
    return s;
}

/* Every phase gets the taps that are left, and packs the weights of all groups. */
static void add_phase(job *j, const lungo_convolution *conv, const residue at[2], const float *w,
                      float **weights, uint32_t **indices) {
    const lungo_window *win = &conv->window;
    size_t groups = (size_t)conv->groups, taps = lungo_window_taps(win);
    sweep s = sweep_of_residues(win, at);
    size_t all = (size_t)conv->filters / groups * taps;
    s.filters = (size_t)win->channels / groups;
    s.width = (size_t)j->laid.size[1];
    s.rows = *indices;
    s.sources = *indices + all;
    s.weights = *weights;
    if (s.out_rows == 0) return;
    find_taps(&j->laid, conv, at, &s);
    for (size_t g = 0; g < groups; g++)
        pack(&s, w + g * all * s.filters, taps, s.weights + g * s.filters * s.depth);
    *indices += s.depth;
    *weights += groups * s.filters * s.depth;
    j->sweeps[j->phases++] = s;
}

void lungo_direct_backward_data(const lungo_convolution *conv, const float *w, const float *dy,
                                float *dx, float *scratch) {
    const lungo_window *win = &conv->window;
    size_t groups = (size_t)conv->groups, filters = (size_t)conv->filters;
    job j = {.laid = laid_gradient(win),
             .images = conv->images,
             .channels = filters,
             .groups = groups,
             .lanes = conv->lanes};
    j.in_image = filters * lungo_window_outputs(win);
    j.out_image = (size_t)win->channels * lungo_window_pixels(win);
    j.out_group = j.out_image / groups;
    uint32_t *indices = (uint32_t *)cut(&scratch, 2 * (filters / groups) * lungo_window_taps(win));
    float *weights = cut(&scratch, weights_of(conv));
    j.room = scratch;
    for (ptrdiff_t r = 0; r < win->stride[0]; r++)
        for (ptrdiff_t s = 0; s < win->stride[1]; s++)
            add_phase(&j, conv, (residue[2]){residue_of(win, 0, r), residue_of(win, 1, s)}, w,
                      &weights, &indices);
    run(&j, dy, dx);
}

/* ---- backward: weights, one channel per group ---- */

static void add_channel(const lungo_convolution *conv, const lungo_laid *laid, const float *channel,
                        const float *dy, const uint32_t *rows, float *dw) {
    size_t height = (size_t)conv->window.out[0], width = (size_t)conv->window.out[1];
    size_t pitch = (size_t)laid->size[1], taps = lungo_window_taps(&conv->window);
    for (size_t k = 0; k < taps; k++)
        for (size_t y = 0; y < height; y++)
            dw[k] += lungo_dot(width, dy + y * width, channel + rows[k] + y * pitch);
}

/* The filters of one channel, over all images in their order. */
static void depthwise_channel(const lungo_convolution *conv, const lungo_laid *laid, size_t channel,
                              const float *x, const float *dy, const uint32_t *rows, float *room,
                              float *dw) {
    const lungo_window *w = &conv->window;
    size_t pixels = lungo_window_pixels(w), outputs = lungo_window_outputs(w);
    size_t channels = (size_t)w->channels, share = (size_t)conv->filters / channels;
    size_t taps = lungo_window_taps(w);
    for (size_t n = 0; n < conv->images; n++) {
        lungo_laid_put_channel(laid, x + (n * channels + channel) * pixels, room);
        for (size_t m = channel * share; m < (channel + 1) * share; m++)
            add_channel(conv, laid, room, dy + (n * channels * share + m) * outputs, rows,
                        dw + m * taps);
    }
}

void lungo_depthwise_backward_weights(const lungo_convolution *conv, const float *x,
                                      const float *dy, float beta, float *dw, float *scratch) {
    lungo_laid laid = lungo_laid_of(&conv->window);
    size_t channels = (size_t)conv->window.channels;
    uint32_t *rows = (uint32_t *)cut(&scratch, lungo_window_taps(&conv->window));
    int lanes = conv->lanes;
    lungo_laid_rows(&laid, &conv->window, 1, rows);
    lungo_rescale(weights_of(conv), beta, dw);
#pragma omp parallel for num_threads(lanes)
    for (int lane = 0; lane < lanes; lane++) {
        float *room = scratch + (size_t)lane * lungo_laid_image(&laid, 1);
        size_t end = lungo_lane_start(channels, lane + 1, lanes);
        for (size_t c = lungo_lane_start(channels, lane, lanes); c < end; c++)
            depthwise_channel(conv, &laid, c, x, dy, rows, room, dw);
    }
}

/* ---- when ---- */

size_t lungo_direct_scratch(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    lungo_laid forward = lungo_laid_of(w), back = laid_gradient(w);
    size_t taps = lungo_window_taps(w), lanes = (size_t)conv->lanes;
    size_t most = (size_t)(w->channels > conv->filters ? w->channels : conv->filters);
    size_t x = lungo_laid_image(&forward, (size_t)w->channels);
    size_t dy = lungo_laid_image(&back, (size_t)conv->filters);
    return 2 * most * taps + weights_of(conv) + lanes * (x > dy ? x : dy);
}

/* Laid out, a plane must not become much larger than it is: wide padding is left to the product. */
static bool stays_small(const lungo_laid *laid) {
    double floats = (double)laid->phases[0] * (double)laid->phases[1];
    floats *= (double)laid->size[0] * (double)laid->size[1];
    return floats <= 64 + 4 * (double)laid->in[0] * (double)laid->in[1];
}

bool lungo_direct_works(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    if (w->axes != 2 || w->general) return false;
    if ((ptrdiff_t)w->stride[0] * w->stride[1] > MAX_PHASES) return false;
    lungo_laid forward = lungo_laid_of(w), back = laid_gradient(w);
    return stays_small(&forward) && stays_small(&back) &&
           lungo_laid_image(&forward, (size_t)w->channels) < UINT32_MAX &&
           lungo_laid_image(&back, (size_t)conv->filters) < UINT32_MAX;
}

bool lungo_is_depthwise(const lungo_convolution *conv) {
    return conv->groups > 1 && conv->groups == conv->window.channels;
}

/* The product spends on making and packing the columns what the sums of about 32 filters cost.
 * `useful` of `done` sums over places count. */
static bool is_faster(size_t filters, double useful, double done) {
    return filters >= LUNGO_TILE / 2 && useful * (1 + 32.0 / (double)filters) >= 0.95 * done;
}

static double whole_panels(ptrdiff_t places) {
    return (double)((places + LUNGO_PANEL - 1) / LUNGO_PANEL * LUNGO_PANEL);
}

bool lungo_direct_suits_forward(const lungo_convolution *conv) {
    if (!LUNGO_FAST_LANES || !lungo_direct_works(conv)) return false;
    const lungo_window *w = &conv->window;
    lungo_laid laid = lungo_laid_of(w);
    double done = whole_panels((w->out[0] - 1) * laid.size[1] + w->out[1]);
    return lungo_is_depthwise(conv) ||
           (lungo_window_taps(w) > 1 && is_faster((size_t)(conv->filters / conv->groups),
                                                  (double)lungo_window_outputs(w), done));
}

/* In all phases together every tap is once multiplied with a gradient as large as the image over
 * the stride, or with zeros around it. */
bool lungo_direct_suits_backward(const lungo_convolution *conv) {
    if (!LUNGO_FAST_LANES || !lungo_direct_works(conv)) return false;
    const lungo_window *w = &conv->window;
    lungo_laid laid = laid_gradient(w);
    ptrdiff_t rows = (w->in[0] + w->stride[0] - 1) / w->stride[0];
    ptrdiff_t columns = (w->in[1] + w->stride[1] - 1) / w->stride[1];
    double done = whole_panels((rows - 1) * laid.size[1] + columns);
    return lungo_is_depthwise(conv) ||
           (lungo_window_taps(w) > 1 &&
            is_faster((size_t)(w->channels / conv->groups), (double)lungo_window_outputs(w), done));
}
