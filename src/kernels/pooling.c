#include "kernels/pooling.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "kernels/window.h"
#include "math/parallel.h"
#include "math/vector.h"

/* ---- windows ---- */

/* What one window covers along one axis: pixels first <= i < end, `cells` with the padding. */
typedef struct extent {
    ptrdiff_t first, end, cells;
} extent;

/* What it covers of a plane, whose rows are `width` long and `height` to a slice. */
typedef struct view {
    extent z, y, x;
    ptrdiff_t height, width;
} view;

static extent extent_of(const lungo_pooling *pool, int axis, int at) {
    ptrdiff_t in = pool->in[axis], pad = pool->pad[axis];
    ptrdiff_t first = (ptrdiff_t)at * pool->stride[axis] - pad;
    ptrdiff_t end = first + pool->kernel[axis];
    if (end > in + pad) end = in + pad;
    extent e = {.first = first < 0 ? 0 : first, .end = end < in ? end : in, .cells = end - first};
    if (e.end < e.first) e.end = e.first;
    return e;
}

/* A stride longer than the kernel can leave the last window nothing at all. */
static bool is_empty(const view *v) {
    return v->z.first == v->z.end || v->y.first == v->y.end || v->x.first == v->x.end;
}

static float cells_of(const view *v) {
    return (float)(v->z.cells * v->y.cells * v->x.cells);
}

static ptrdiff_t row_of(const view *v, ptrdiff_t z, ptrdiff_t y) {
    return (z * v->height + y) * v->width;
}

/* Runs `body` with the index `at` in the plane of every pixel under the window, in row order. */
#define EACH_PIXEL(v, at, body)                                                                    \
    for (ptrdiff_t z_ = (v)->z.first; z_ < (v)->z.end; z_++)                                       \
        for (ptrdiff_t y_ = (v)->y.first; y_ < (v)->y.end; y_++) {                                 \
            ptrdiff_t row_ = row_of(v, z_, y_);                                                    \
            for (ptrdiff_t at = row_ + (v)->x.first; at < row_ + (v)->x.end; at++) {               \
                body                                                                               \
            }                                                                                      \
        }

/* Runs `body` with the view `v` and the index `o` in the output plane of every window. */
#define EACH_WINDOW(pool, v, o, body)                                                              \
    {                                                                                              \
        view v = {.height = (pool)->in[1], .width = (pool)->in[2]};                                \
        size_t o = 0;                                                                              \
        for (int i_ = 0; i_ < (pool)->out[0]; i_++) {                                              \
            v.z = extent_of(pool, 0, i_);                                                          \
            for (int j_ = 0; j_ < (pool)->out[1]; j_++) {                                          \
                v.y = extent_of(pool, 1, j_);                                                      \
                for (int k_ = 0; k_ < (pool)->out[2]; k_++, o++) {                                 \
                    v.x = extent_of(pool, 2, k_);                                                  \
                    body                                                                           \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

static size_t pixels_of(const lungo_pooling *pool) {
    return lungo_window_product(pool->in, LUNGO_POOLING_AXES);
}

static size_t outputs_of(const lungo_pooling *pool) {
    return lungo_window_product(pool->out, LUNGO_POOLING_AXES);
}

static size_t work_of(const lungo_pooling *pool) {
    return pool->planes * (pixels_of(pool) + outputs_of(pool));
}

/* Planes of two axes, which nearly all are, have loops of their own. */
static bool is_flat(const lungo_pooling *pool) {
    return pool->in[0] == 1 && pool->out[0] == 1;
}

/* ---- MAX ---- */

static void max_of_volume(const lungo_pooling *pool, const float *x, float *y, int32_t *mask) {
    EACH_WINDOW(pool, v, o, {
        y[o] = -FLT_MAX;
        mask[o] = -1;
        EACH_PIXEL(
            &v, at, if (x[at] > y[o]) {
                y[o] = x[at];
                mask[o] = (int32_t)at;
            })
    })
}

/* What one tap brings to `count` neighbouring windows: pixels x[at], x[at + stride], ... */
typedef void tap_function(ptrdiff_t stride, const float *x, ptrdiff_t at, ptrdiff_t count, float *y,
                          int32_t *mask);

/* All taps of one row of windows, in row order. */
static void each_tap(const lungo_pooling *pool, int row, tap_function *take, const float *x,
                     float *y, int32_t *mask) {
    for (int ky = 0; ky < pool->kernel[1]; ky++) {
        ptrdiff_t line = (ptrdiff_t)row * pool->stride[1] - pool->pad[1] + ky;
        if (line < 0 || line >= pool->in[1]) continue;
        for (int kx = 0; kx < pool->kernel[2]; kx++) {
            lungo_span xs =
                lungo_span_of(pool->in[2], pool->out[2], pool->stride[2], kx - pool->pad[2]);
            take(pool->stride[2], x, line * pool->in[2] + xs.from, xs.end - xs.first, y + xs.first,
                 mask ? mask + xs.first : NULL);
        }
    }
}

/* Selecting without a branch: which value is larger cannot be foretold. Inlined with the common
 * strides as constants, which makes vectors of the loop. */
static inline __attribute__((always_inline)) void take_larger(int stride, const float *restrict x,
                                                              int at, int count, float *restrict y,
                                                              int32_t *restrict mask) {
    for (int j = 0; j < count; j++) {
        float value = x[j * stride], most = y[j];
        int32_t where = mask[j];
        y[j] = value > most ? value : most;
        mask[j] = value > most ? at + j * stride : where;
    }
}

static void max_tap(ptrdiff_t stride, const float *x, ptrdiff_t at, ptrdiff_t count, float *y,
                    int32_t *mask) {
    if (stride == 1)
        take_larger(1, x + at, (int)at, (int)count, y, mask);
    else if (stride == 2)
        take_larger(2, x + at, (int)at, (int)count, y, mask);
    else
        take_larger((int)stride, x + at, (int)at, (int)count, y, mask);
}

static void max_of_plane(const lungo_pooling *pool, const float *x, float *y, int32_t *mask) {
    ptrdiff_t outputs = pool->out[2];
    for (int i = 0; i < pool->out[1]; i++, y += outputs, mask += outputs) {
        for (ptrdiff_t j = 0; j < outputs; j++) {
            y[j] = -FLT_MAX;
            mask[j] = -1;
        }
        each_tap(pool, i, max_tap, x, y, mask);
    }
}

void lungo_pooling_max_forward(const lungo_pooling *pool, const float *x, float *y, int32_t *mask) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
    void (*one)(const lungo_pooling *, const float *, float *, int32_t *) =
        is_flat(pool) ? max_of_plane : max_of_volume;
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        one(pool, x + p * pixels, y + p * outputs, mask + p * outputs);
}

void lungo_pooling_mask_backward(const lungo_pooling *pool, const int32_t *mask, const float *dy,
                                 float *dx) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++) {
        float *plane = dx + p * pixels;
        memset(plane, 0, pixels * sizeof *plane);
        for (size_t i = p * outputs; i < (p + 1) * outputs; i++)
            if (mask[i] >= 0) plane[mask[i]] += dy[i];
    }
}

/* ---- AVE ---- */

static float sum_of_window(const float *x, const view *v) {
    float sum = 0;
    EACH_PIXEL(v, at, sum += x[at];)
    return sum;
}

static void average_volume(const lungo_pooling *pool, const float *x, float *y) {
    EACH_WINDOW(pool, v, o, y[o] = is_empty(&v) ? 0 : sum_of_window(x, &v) / cells_of(&v);)
}

static void spread_volume(const lungo_pooling *pool, const float *dy, float *dx) {
    EACH_WINDOW(pool, v, o, EACH_PIXEL(&v, at, dx[at] += dy[o] / cells_of(&v);))
}

static void add_tap(ptrdiff_t stride, const float *x, ptrdiff_t at, ptrdiff_t count, float *y,
                    int32_t *mask) {
    (void)mask;
    if (stride == 1)
        lungo_add((size_t)count, x + at, y);
    else
        for (ptrdiff_t j = 0; j < count; j++)
            y[j] += x[at + j * stride];
}

static void divide_row(const lungo_pooling *pool, int row, float *y) {
    extent ys = extent_of(pool, 1, row);
    for (int j = 0; j < pool->out[2]; j++) {
        extent xs = extent_of(pool, 2, j);
        bool empty = ys.first == ys.end || xs.first == xs.end;
        y[j] = empty ? 0 : y[j] / (float)(ys.cells * xs.cells);
    }
}

static void average_plane(const lungo_pooling *pool, const float *x, float *y) {
    ptrdiff_t outputs = pool->out[2];
    for (int i = 0; i < pool->out[1]; i++, y += outputs) {
        for (ptrdiff_t j = 0; j < outputs; j++)
            y[j] = 0;
        each_tap(pool, i, add_tap, x, y, NULL);
        divide_row(pool, i, y);
    }
}

static void spread_over_area(float value, ptrdiff_t width, extent ys, extent xs, float *x) {
    float share = value / (float)(ys.cells * xs.cells);
    for (ptrdiff_t i = ys.first; i < ys.end; i++)
        for (ptrdiff_t j = xs.first; j < xs.end; j++)
            x[i * width + j] += share;
}

static void spread_plane(const lungo_pooling *pool, const float *dy, float *dx) {
    for (int i = 0; i < pool->out[1]; i++) {
        extent ys = extent_of(pool, 1, i);
        for (int j = 0; j < pool->out[2]; j++)
            spread_over_area(*dy++, pool->in[2], ys, extent_of(pool, 2, j), dx);
    }
}

void lungo_pooling_ave_forward(const lungo_pooling *pool, const float *x, float *y) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
    void (*one)(const lungo_pooling *, const float *, float *) =
        is_flat(pool) ? average_plane : average_volume;
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        one(pool, x + p * pixels, y + p * outputs);
}

void lungo_pooling_ave_backward(const lungo_pooling *pool, const float *dy, float *dx) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
    void (*one)(const lungo_pooling *, const float *, float *) =
        is_flat(pool) ? spread_plane : spread_volume;
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++) {
        memset(dx + p * pixels, 0, pixels * sizeof *dx);
        one(pool, dy + p * outputs, dx + p * pixels);
    }
}

/* ---- SAMPLE ---- */

static ptrdiff_t sample_window(const float *x, const view *v, float u) {
    float goal = u * sum_of_window(x, v), sum = 0;
    ptrdiff_t last = -1;
    EACH_PIXEL(v, at, {
        sum += x[at];
        if (sum >= goal) return at;
        last = at;
    })
    return last;
}

static void sample_plane(const lungo_pooling *pool, const float *x, float *y, int32_t *mask) {
    EACH_WINDOW(pool, v, o, {
        ptrdiff_t where = sample_window(x, &v, y[o]);
        y[o] = where < 0 ? 0 : x[where];
        mask[o] = (int32_t)where;
    })
}

void lungo_pooling_sample_forward(const lungo_pooling *pool, const float *x, float *y,
                                  int32_t *mask) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        sample_plane(pool, x + p * pixels, y + p * outputs, mask + p * outputs);
}

/* ---- EXPECT ---- */

static float squares_of_window(const float *x, const view *v) {
    float sum = 0;
    EACH_PIXEL(v, at, sum += x[at] * x[at];)
    return sum;
}

static void expect_plane(const lungo_pooling *pool, const float *x, float *y) {
    EACH_WINDOW(pool, v, o, {
        float sum = sum_of_window(x, &v);
        y[o] = sum > 0 ? squares_of_window(x, &v) / sum : 0;
    })
}

/* d/dx_i (sum x^2 / sum x) = (2 x_i - y) / sum x */
static void expect_back_to_plane(const lungo_pooling *pool, const float *x, const float *dy,
                                 float *dx) {
    memset(dx, 0, pixels_of(pool) * sizeof *dx);
    EACH_WINDOW(pool, v, o, {
        float sum = sum_of_window(x, &v);
        if (!(sum > 0)) continue;
        float y = squares_of_window(x, &v) / sum;
        EACH_PIXEL(&v, at, dx[at] += dy[o] * (2 * x[at] - y) / sum;)
    })
}

void lungo_pooling_expect_forward(const lungo_pooling *pool, const float *x, float *y) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        expect_plane(pool, x + p * pixels, y + p * outputs);
}

void lungo_pooling_expect_backward(const lungo_pooling *pool, const float *x, const float *dy,
                                   float *dx) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        expect_back_to_plane(pool, x + p * pixels, dy + p * outputs, dx + p * pixels);
}
