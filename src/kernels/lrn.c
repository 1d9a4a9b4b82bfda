#include "kernels/lrn.h"

#include <math.h>

#include "math/parallel.h"

static size_t plane_of(const lungo_lrn *lrn) {
    return lrn->height * lrn->width;
}

static size_t image_of(const lungo_lrn *lrn) {
    return lrn->channels * plane_of(lrn);
}

/* Two images: the values to be summed over windows, and what summing needs on its way. */
size_t lungo_lrn_scratch(const lungo_lrn *lrn) {
    return (size_t)lrn->lanes * 2 * image_of(lrn);
}

/* ---- sums over windows: out_i = sum of in_j, |j - i| <= size / 2 ---- */

/* Along the middle one of (outer, length, inner). */
static void sum_along(size_t outer, size_t length, size_t inner, size_t size, const float *in,
                      float *out) {
    size_t reach = size / 2;
    for (size_t o = 0; o < outer; o++, in += length * inner, out += length * inner) {
        for (size_t i = 0; i < length; i++) {
            size_t first = i > reach ? i - reach : 0;
            size_t end = length - i > reach ? i + reach + 1 : length;
            for (size_t e = 0; e < inner; e++)
                out[i * inner + e] = 0;
            for (size_t j = first; j < end; j++)
                for (size_t e = 0; e < inner; e++)
                    out[i * inner + e] += in[j * inner + e];
        }
    }
}

static void window_sums(const lungo_lrn *lrn, const float *in, float *room, float *out) {
    if (!lrn->within_channel) {
        sum_along(1, lrn->channels, plane_of(lrn), lrn->size, in, out);
        return;
    }
    sum_along(lrn->channels, lrn->height, lrn->width, lrn->size, in, room);
    sum_along(lrn->channels * lrn->height, lrn->width, 1, lrn->size, room, out);
}

static float alpha_over_n(const lungo_lrn *lrn) {
    float size = (float)lrn->size;
    return lrn->alpha / (lrn->within_channel ? size * size : size);
}

/* scale^-beta; the usual 3/4 without the cost of a general power. */
static void damp(size_t count, const float *scale, float beta, const float *x, float *y) {
    if (beta == 0.75f)
        for (size_t i = 0; i < count; i++)
            y[i] = x[i] / (sqrtf(scale[i]) * sqrtf(sqrtf(scale[i])));
    else
        for (size_t i = 0; i < count; i++)
            y[i] = x[i] * powf(scale[i], -beta);
}

/* ---- one image ---- */

static void forward_image(const lungo_lrn *lrn, const float *x, float *scale, float *y,
                          float *scratch) {
    size_t count = image_of(lrn);
    float factor = alpha_over_n(lrn), *squares = scratch;
    for (size_t i = 0; i < count; i++)
        squares[i] = x[i] * x[i];
    window_sums(lrn, squares, scratch + count, scale);
    for (size_t i = 0; i < count; i++)
        scale[i] = lrn->k + factor * scale[i];
    damp(count, scale, lrn->beta, x, y);
}

static void backward_image(const lungo_lrn *lrn, const float *x, const float *y, const float *scale,
                           const float *dy, float *dx, float *scratch) {
    size_t count = image_of(lrn);
    float factor = 2 * lrn->beta * alpha_over_n(lrn);
    float *ratio = scratch, *sums = dx;
    for (size_t i = 0; i < count; i++)
        ratio[i] = dy[i] * y[i] / scale[i];
    window_sums(lrn, ratio, scratch + count, sums);
    damp(count, scale, lrn->beta, dy, ratio);
    for (size_t i = 0; i < count; i++)
        dx[i] = ratio[i] - factor * x[i] * sums[i];
}

/* ---- all of them ---- */

void lungo_lrn_forward(const lungo_lrn *lrn, const float *x, float *scale, float *y,
                       float *scratch) {
    size_t count = image_of(lrn);
    int lanes = lrn->lanes;
#pragma omp parallel for num_threads(lanes)
    for (int lane = 0; lane < lanes; lane++) {
        float *room = scratch + (size_t)lane * 2 * count;
        size_t end = lungo_lane_start(lrn->images, lane + 1, lanes) * count;
        for (size_t at = lungo_lane_start(lrn->images, lane, lanes) * count; at < end; at += count)
            forward_image(lrn, x + at, scale + at, y + at, room);
    }
}

void lungo_lrn_backward(const lungo_lrn *lrn, const float *x, const float *y, const float *scale,
                        const float *dy, float *dx, float *scratch) {
    size_t count = image_of(lrn);
    int lanes = lrn->lanes;
#pragma omp parallel for num_threads(lanes)
    for (int lane = 0; lane < lanes; lane++) {
        float *room = scratch + (size_t)lane * 2 * count;
        size_t end = lungo_lane_start(lrn->images, lane + 1, lanes) * count;
        for (size_t at = lungo_lane_start(lrn->images, lane, lanes) * count; at < end; at += count)
            backward_image(lrn, x + at, y + at, scale + at, dy + at, dx + at, room);
    }
}
