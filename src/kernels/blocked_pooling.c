/* Windows over planes of two axes, as in pooling.c; each pixel is a vector of `lanes` channels.
 *
 * What works on a plane is inlined with the number of lanes as a constant, so that the loops over
 * them become vectors. */
#include "kernels/blocked_pooling.h"

#include <float.h>
#include <string.h>

#include "kernels/blocked.h"
#include "math/parallel.h"

enum { ROWS = LUNGO_POOLING_AXES - 2, COLUMNS }; /* axes of the geometry */

static size_t pixels_of(const lungo_pooling *pool) {
    return (size_t)pool->in[ROWS] * (size_t)pool->in[COLUMNS];
}

static size_t outputs_of(const lungo_pooling *pool) {
    return (size_t)pool->out[ROWS] * (size_t)pool->out[COLUMNS];
}

static size_t work_of(const lungo_pooling *pool, size_t lanes) {
    return pool->planes * lanes * (pixels_of(pool) + outputs_of(pool));
}

#define FOR_LANES(pool, lanes, function, ...)                                                      \
    do {                                                                                           \
        if (lanes == 16)                                                                           \
            function(pool, 16, __VA_ARGS__);                                                       \
        else                                                                                       \
            function(pool, lanes, __VA_ARGS__);                                                    \
    } while (0)
#define INLINE static inline __attribute__((always_inline))

/* ---- MAX ---- */

/* Selecting without a branch: which value is larger cannot be foretold. */
INLINE void max_of_window(const float *x, ptrdiff_t width, lungo_extent ys, lungo_extent xs,
                          size_t lanes, float *y, int32_t *mask) {
    float most[LUNGO_MAX_LANES];
    int32_t where[LUNGO_MAX_LANES];
    for (size_t l = 0; l < lanes; l++) {
        most[l] = -FLT_MAX;
        where[l] = -1;
    }
    for (ptrdiff_t row = ys.first * width; row < ys.end * width; row += width) {
        for (ptrdiff_t at = row + xs.first; at < row + xs.end; at++) {
            const float *pixel = x + (size_t)at * lanes;
            for (size_t l = 0; l < lanes; l++) {
                where[l] = pixel[l] > most[l] ? (int32_t)at : where[l];
                most[l] = pixel[l] > most[l] ? pixel[l] : most[l];
            }
        }
    }
    for (size_t l = 0; l < lanes; l++) {
        y[l] = most[l];
        mask[l] = where[l];
    }
}

INLINE void max_of_plane(const lungo_pooling *pool, size_t lanes, const float *x, float *y,
                         int32_t *mask) {
    for (int i = 0; i < pool->out[ROWS]; i++) {
        lungo_extent ys = lungo_extent_of(pool, ROWS, i);
        for (int j = 0; j < pool->out[COLUMNS]; j++, y += lanes, mask += lanes)
            max_of_window(x, pool->in[COLUMNS], ys, lungo_extent_of(pool, COLUMNS, j), lanes, y,
                          mask);
    }
}

void lungo_blocked_max_forward(const lungo_pooling *pool, size_t lanes, const float *x, float *y,
                               int32_t *mask) {
    size_t pixels = pixels_of(pool) * lanes, outputs = outputs_of(pool) * lanes;
#pragma omp parallel for if (lungo_worth_threads(work_of(pool, lanes)))
    for (size_t p = 0; p < pool->planes; p++)
        FOR_LANES(pool, lanes, max_of_plane, x + p * pixels, y + p * outputs, mask + p * outputs);
}

/* Each pixel asks which lanes' gradients are its own. Copies of those stay in registers. */
INLINE void give_to_winners(const int32_t *mask, const float *dy, ptrdiff_t width, lungo_extent ys,
                            lungo_extent xs, size_t lanes, float *dx) {
    int32_t where[LUNGO_MAX_LANES];
    float share[LUNGO_MAX_LANES];
    for (size_t l = 0; l < lanes; l++) {
        where[l] = mask[l];
        share[l] = dy[l];
    }
    for (ptrdiff_t row = ys.first * width; row < ys.end * width; row += width)
        for (ptrdiff_t at = row + xs.first; at < row + xs.end; at++)
            for (size_t l = 0; l < lanes; l++)
                dx[(size_t)at * lanes + l] += where[l] == (int32_t)at ? share[l] : 0;
}

INLINE void max_back_to_plane(const lungo_pooling *pool, size_t lanes, const int32_t *mask,
                              const float *dy, float *dx) {
    memset(dx, 0, pixels_of(pool) * lanes * sizeof *dx);
    for (int i = 0; i < pool->out[ROWS]; i++) {
        lungo_extent ys = lungo_extent_of(pool, ROWS, i);
        for (int j = 0; j < pool->out[COLUMNS]; j++, mask += lanes, dy += lanes)
            give_to_winners(mask, dy, pool->in[COLUMNS], ys, lungo_extent_of(pool, COLUMNS, j),
                            lanes, dx);
    }
}

void lungo_blocked_max_backward(const lungo_pooling *pool, size_t lanes, const int32_t *mask,
                                const float *dy, float *dx) {
    size_t pixels = pixels_of(pool) * lanes, outputs = outputs_of(pool) * lanes;
#pragma omp parallel for if (lungo_worth_threads(work_of(pool, lanes)))
    for (size_t p = 0; p < pool->planes; p++)
        FOR_LANES(pool, lanes, max_back_to_plane, mask + p * outputs, dy + p * outputs,
                  dx + p * pixels);
}

/* ---- AVE ---- */

INLINE void average_of_window(const float *x, ptrdiff_t width, lungo_extent ys, lungo_extent xs,
                              size_t lanes, float *y) {
    float sum[LUNGO_MAX_LANES] = {0}, cells = (float)(ys.cells * xs.cells);
    for (ptrdiff_t i = ys.first; i < ys.end; i++)
        for (ptrdiff_t j = xs.first; j < xs.end; j++)
            for (size_t l = 0; l < lanes; l++)
                sum[l] += x[(size_t)(i * width + j) * lanes + l];
    for (size_t l = 0; l < lanes; l++)
        y[l] = sum[l] / cells;
}

INLINE void spread_over_window(const float *dy, ptrdiff_t width, lungo_extent ys, lungo_extent xs,
                               size_t lanes, float *dx) {
    float cells = (float)(ys.cells * xs.cells);
    for (ptrdiff_t i = ys.first; i < ys.end; i++)
        for (ptrdiff_t j = xs.first; j < xs.end; j++)
            for (size_t l = 0; l < lanes; l++)
                dx[(size_t)(i * width + j) * lanes + l] += dy[l] / cells;
}

/* A stride longer than the kernel can leave the last window nothing at all. */
static bool is_empty(lungo_extent ys, lungo_extent xs) {
    return ys.first == ys.end || xs.first == xs.end;
}

INLINE void average_plane(const lungo_pooling *pool, size_t lanes, const float *x, float *y) {
    for (int i = 0; i < pool->out[ROWS]; i++) {
        lungo_extent ys = lungo_extent_of(pool, ROWS, i);
        for (int j = 0; j < pool->out[COLUMNS]; j++, y += lanes) {
            lungo_extent xs = lungo_extent_of(pool, COLUMNS, j);
            if (is_empty(ys, xs))
                memset(y, 0, lanes * sizeof *y);
            else
                average_of_window(x, pool->in[COLUMNS], ys, xs, lanes, y);
        }
    }
}

INLINE void spread_plane(const lungo_pooling *pool, size_t lanes, const float *dy, float *dx) {
    memset(dx, 0, pixels_of(pool) * lanes * sizeof *dx);
    for (int i = 0; i < pool->out[ROWS]; i++) {
        lungo_extent ys = lungo_extent_of(pool, ROWS, i);
        for (int j = 0; j < pool->out[COLUMNS]; j++, dy += lanes)
            spread_over_window(dy, pool->in[COLUMNS], ys, lungo_extent_of(pool, COLUMNS, j), lanes,
                               dx);
    }
}

void lungo_blocked_ave_forward(const lungo_pooling *pool, size_t lanes, const float *x, float *y) {
    size_t pixels = pixels_of(pool) * lanes, outputs = outputs_of(pool) * lanes;
#pragma omp parallel for if (lungo_worth_threads(work_of(pool, lanes)))
    for (size_t p = 0; p < pool->planes; p++)
        FOR_LANES(pool, lanes, average_plane, x + p * pixels, y + p * outputs);
}

void lungo_blocked_ave_backward(const lungo_pooling *pool, size_t lanes, const float *dy,
                                float *dx) {
    size_t pixels = pixels_of(pool) * lanes, outputs = outputs_of(pool) * lanes;
#pragma omp parallel for if (lungo_worth_threads(work_of(pool, lanes)))
    for (size_t p = 0; p < pool->planes; p++)
        FOR_LANES(pool, lanes, spread_plane, dy + p * outputs, dx + p * pixels);
}
