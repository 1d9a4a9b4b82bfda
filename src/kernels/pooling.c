#include "kernels/pooling.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

#include "kernels/window.h"
#include "math/parallel.h"

/* ---- windows ---- */

/* What it covers of a plane, whose rows are `width` long and `height` to a slice. */
typedef struct view {
    lungo_extent z, y, x;
    ptrdiff_t height, width;
} view;

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
            v.z = lungo_extent_of(pool, 0, i_);                                                    \
            for (int j_ = 0; j_ < (pool)->out[1]; j_++) {                                          \
                v.y = lungo_extent_of(pool, 1, j_);                                                \
                for (int k_ = 0; k_ < (pool)->out[2]; k_++, o++) {                                 \
                    v.x = lungo_extent_of(pool, 2, k_);                                            \
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

/* Selecting without a branch: which value is larger cannot be foretold. */
static void max_of_area(const float *x, ptrdiff_t width, lungo_extent ys, lungo_extent xs, float *y,
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

/* Neighbouring windows that lie within the image from left to right, a vector of them at a time. */
enum { BLOCK = 8 };
typedef float values_of_block __attribute__((vector_size(BLOCK * sizeof(float))));
typedef int32_t places_of_block __attribute__((vector_size(BLOCK * sizeof(int32_t))));
typedef float loose_values
    __attribute__((vector_size(BLOCK * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t loose_places
    __attribute__((vector_size(BLOCK * sizeof(int32_t)), aligned(sizeof(int32_t)), may_alias));

/* GCC before 12 has the first name only, Clang the second. */
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (places_of_block){__VA_ARGS__})
#endif

/* x[0], x[stride], ... for a stride of 1 or 2, and nothing beyond the last of them is read. */
static inline values_of_block pixels_at(const float *x, int stride) {
    values_of_block low = *(const loose_values *)x;
    if (stride == 1) return low;
    values_of_block high = *(const loose_values *)(x + BLOCK - 1);
    return SHUFFLE(low, high, 0, 2, 4, 6, 9, 11, 13, 15);
}

static inline places_of_block choose(places_of_block yes, places_of_block a, places_of_block b) {
    return (yes & a) | (~yes & b);
}

static inline __attribute__((always_inline)) void max_of_block(const float *x, int width,
                                                               lungo_extent ys, int first,
                                                               int kernel, int stride, float *y,
                                                               int32_t *mask) {
    values_of_block most = (values_of_block){0} - FLT_MAX;
    places_of_block where = (places_of_block){0} - 1;
    places_of_block steps = (places_of_block){0, 1, 2, 3, 4, 5, 6, 7} * stride;
    for (int row = (int)ys.first * width; row < (int)ys.end * width; row += width) {
        for (int at = row + first; at < row + first + kernel; at++) {
            values_of_block value = pixels_at(x + at, stride);
            places_of_block more = value > most;
            most = (values_of_block)choose(more, (places_of_block)value, (places_of_block)most);
            where = choose(more, at + steps, where);
        }
    }
    *(loose_values *)y = most;
    *(loose_places *)mask = where;
}

/* Windows `from` to `end` of a row, a block or more. The last block is moved back onto windows that
 * were done before. */
static void max_of_blocks(const lungo_pooling *pool, const float *x, lungo_extent ys, int from,
                          int end, float *y, int32_t *mask) {
    int width = pool->in[2], kernel = pool->kernel[2], stride = pool->stride[2];
    for (int j = from; j < end; j += BLOCK) {
        int block = j + BLOCK <= end ? j : end - BLOCK, first = block * stride - pool->pad[2];
        if (stride == 1)
            max_of_block(x, width, ys, first, kernel, 1, y + block, mask + block);
        else
            max_of_block(x, width, ys, first, kernel, 2, y + block, mask + block);
    }
}

/* Which windows of a row blocks can be made of; none if it is less than a block. */
static lungo_extent inner_windows(const lungo_pooling *pool) {
    ptrdiff_t stride = pool->stride[2], pad = pool->pad[2];
    ptrdiff_t last = (pool->in[2] + pad - pool->kernel[2]) / stride;
    lungo_extent inner = {.first = (pad + stride - 1) / stride, .end = last + 1};
    if (inner.end > pool->out[2]) inner.end = pool->out[2];
    if (stride > 2 || pool->kernel[2] > pool->in[2] || inner.end - inner.first < BLOCK)
        inner.first = inner.end = pool->out[2];
    return inner;
}

static void max_of_plane(const lungo_pooling *pool, const float *x, float *y, int32_t *mask) {
    lungo_extent inner = inner_windows(pool);
    for (int i = 0; i < pool->out[1]; i++, y += pool->out[2], mask += pool->out[2]) {
        lungo_extent ys = lungo_extent_of(pool, 1, i);
        max_of_blocks(pool, x, ys, (int)inner.first, (int)inner.end, y, mask);
        for (int j = 0; j < pool->out[2]; j++) {
            if (j == inner.first && j < inner.end) j = (int)inner.end;
            if (j < pool->out[2])
                max_of_area(x, pool->in[2], ys, lungo_extent_of(pool, 2, j), &y[j], &mask[j]);
        }
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

static float sum_of_area(const float *x, ptrdiff_t width, lungo_extent ys, lungo_extent xs) {
    float sum = 0;
    for (ptrdiff_t i = ys.first; i < ys.end; i++)
        for (ptrdiff_t j = xs.first; j < xs.end; j++)
            sum += x[i * width + j];
    return sum;
}

static void average_plane(const lungo_pooling *pool, const float *x, float *y) {
    for (int i = 0; i < pool->out[1]; i++) {
        lungo_extent ys = lungo_extent_of(pool, 1, i);
        for (int j = 0; j < pool->out[2]; j++) {
            lungo_extent xs = lungo_extent_of(pool, 2, j);
            bool empty = ys.first == ys.end || xs.first == xs.end;
            float cells = (float)(ys.cells * xs.cells);
            *y++ = empty ? 0 : sum_of_area(x, pool->in[2], ys, xs) / cells;
        }
    }
}

static void spread_over_area(float value, ptrdiff_t width, lungo_extent ys, lungo_extent xs,
                             float *x) {
    float share = value / (float)(ys.cells * xs.cells);
    for (ptrdiff_t i = ys.first; i < ys.end; i++)
        for (ptrdiff_t j = xs.first; j < xs.end; j++)
            x[i * width + j] += share;
}

static void spread_plane(const lungo_pooling *pool, const float *dy, float *dx) {
    for (int i = 0; i < pool->out[1]; i++) {
        lungo_extent ys = lungo_extent_of(pool, 1, i);
        for (int j = 0; j < pool->out[2]; j++)
            spread_over_area(*dy++, pool->in[2], ys, lungo_extent_of(pool, 2, j), dx);
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
