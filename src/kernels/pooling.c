#include "kernels/pooling.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "kernels/window.h"
#include "math/parallel.h"

/* What one window covers along one axis: pixels first <= i < end, `cells` with the padding. */
typedef struct extent {
    ptrdiff_t first, end, cells;
} extent;

static extent extent_of(const lungo_pooling *pool, int axis, int at) {
    ptrdiff_t in = pool->in[axis], pad = pool->pad[axis];
    ptrdiff_t first = (ptrdiff_t)at * pool->stride[axis] - pad;
    ptrdiff_t end = first + pool->kernel[axis];
    if (end > in + pad) end = in + pad;
    extent e = {.first = first < 0 ? 0 : first, .end = end < in ? end : in, .cells = end - first};
    if (e.end < e.first) e.end = e.first;
    return e;
}

static size_t pixels_of(const lungo_pooling *pool) {
    return (size_t)pool->in[0] * (size_t)pool->in[1];
}

static size_t outputs_of(const lungo_pooling *pool) {
    return (size_t)pool->out[0] * (size_t)pool->out[1];
}

static size_t work_of(const lungo_pooling *pool) {
    return pool->planes * (pixels_of(pool) + outputs_of(pool));
}

/* ---- MAX ---- */

/* Selecting without a branch: which value is larger cannot be foretold. */
static void max_of_window(const float *x, ptrdiff_t width, extent ys, extent xs, float *y,
                          int32_t *mask) {
    float most = -FLT_MAX;
    ptrdiff_t where = -1;
    for (ptrdiff_t row = ys.first * width; row < ys.end * width; row += width) {
        for (ptrdiff_t at = row + xs.first; at < row + xs.end; at++) {
            bool more = x[at] > most;
            most = more ? x[at] : most;
            where = more ? at : where;
        }
    }
    *y = most;
    *mask = (int32_t)where;
}

static void max_of_plane(const lungo_pooling *pool, const float *x, float *y, int32_t *mask) {
    for (int i = 0; i < pool->out[0]; i++) {
        extent ys = extent_of(pool, 0, i);
        for (int j = 0; j < pool->out[1]; j++)
            max_of_window(x, pool->in[1], ys, extent_of(pool, 1, j), y++, mask++);
    }
}

void lungo_pooling_max_forward(const lungo_pooling *pool, const float *x, float *y, int32_t *mask) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        max_of_plane(pool, x + p * pixels, y + p * outputs, mask + p * outputs);
}

void lungo_pooling_max_backward(const lungo_pooling *pool, const int32_t *mask, const float *dy,
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

static float average_of_window(const float *x, ptrdiff_t width, extent ys, extent xs) {
    float sum = 0;
    for (ptrdiff_t i = ys.first; i < ys.end; i++)
        for (ptrdiff_t j = xs.first; j < xs.end; j++)
            sum += x[i * width + j];
    return sum / (float)(ys.cells * xs.cells);
}

static void spread_over_window(float value, ptrdiff_t width, extent ys, extent xs, float *x) {
    for (ptrdiff_t i = ys.first; i < ys.end; i++)
        for (ptrdiff_t j = xs.first; j < xs.end; j++)
            x[i * width + j] += value / (float)(ys.cells * xs.cells);
}

/* A stride longer than the kernel can leave the last window nothing at all. */
static bool is_empty(extent ys, extent xs) {
    return ys.first == ys.end || xs.first == xs.end;
}

static void average_plane(const lungo_pooling *pool, const float *x, float *y) {
    for (int i = 0; i < pool->out[0]; i++) {
        extent ys = extent_of(pool, 0, i);
        for (int j = 0; j < pool->out[1]; j++) {
            extent xs = extent_of(pool, 1, j);
            *y++ = is_empty(ys, xs) ? 0 : average_of_window(x, pool->in[1], ys, xs);
        }
    }
}

static void spread_plane(const lungo_pooling *pool, const float *dy, float *dx) {
    memset(dx, 0, pixels_of(pool) * sizeof *dx);
    for (int i = 0; i < pool->out[0]; i++) {
        extent ys = extent_of(pool, 0, i);
        for (int j = 0; j < pool->out[1]; j++)
            spread_over_window(*dy++, pool->in[1], ys, extent_of(pool, 1, j), dx);
    }
}

void lungo_pooling_ave_forward(const lungo_pooling *pool, const float *x, float *y) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        average_plane(pool, x + p * pixels, y + p * outputs);
}

void lungo_pooling_ave_backward(const lungo_pooling *pool, const float *dy, float *dx) {
    size_t pixels = pixels_of(pool), outputs = outputs_of(pool);
#pragma omp parallel for if (lungo_worth_threads(work_of(pool)))
    for (size_t p = 0; p < pool->planes; p++)
        spread_plane(pool, dy + p * outputs, dx + p * pixels);
}
