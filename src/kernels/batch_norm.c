/* Threads share out the channels, so that every sum is made by one of them, in a fixed order. */
#include "kernels/batch_norm.h"

#include "math/parallel.h"
#include "math/vector.h"

static size_t count_of(const lungo_batch_norm *s) {
    return s->images * s->channels * s->pixels;
}

/* Where image n has channel c. */
static size_t at(const lungo_batch_norm *s, size_t n, size_t c) {
    return (n * s->channels + c) * s->pixels;
}

/* ---- statistics ---- */

static float square_distance(size_t count, const float *x, float mean) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

static float mean_of(const lungo_batch_norm *s, size_t c, const float *x) {
    double sum = 0;
    for (size_t n = 0; n < s->images; n++)
        sum += lungo_sum(s->pixels, x + at(s, n, c));
    return (float)(sum / (double)(s->images * s->pixels));
}

static float variance_of(const lungo_batch_norm *s, size_t c, const float *x, float mean) {
    double sum = 0;
    for (size_t n = 0; n < s->images; n++)
        sum += square_distance(s->pixels, x + at(s, n, c), mean);
    return (float)(sum / (double)(s->images * s->pixels));
}

void lungo_batch_norm_statistics(const lungo_batch_norm *shape, const float *x, float *mean,
                                 float *variance) {
#pragma omp parallel for if (lungo_worth_threads(count_of(shape)))
    for (size_t c = 0; c < shape->channels; c++) {
        mean[c] = mean_of(shape, c, x);
        variance[c] = variance_of(shape, c, x, mean[c]);
    }
}

void lungo_batch_norm_store(const lungo_batch_norm *shape, float keep, const float *mean,
                            const float *variance, float *stored_mean, float *stored_variance,
                            float *factor) {
    size_t m = shape->images * shape->pixels;
    float correction = m > 1 ? (float)m / (float)(m - 1) : 1;
    for (size_t c = 0; c < shape->channels; c++) {
        stored_mean[c] = keep * stored_mean[c] + mean[c];
        stored_variance[c] = keep * stored_variance[c] + correction * variance[c];
    }
    *factor = keep * *factor + 1;
}

void lungo_batch_norm_stored(const lungo_batch_norm *shape, const float *stored_mean,
                             const float *stored_variance, float factor, float *mean,
                             float *variance) {
    float scale = factor == 0 ? 0 : 1 / factor;
    for (size_t c = 0; c < shape->channels; c++) {
        mean[c] = stored_mean[c] * scale;
        variance[c] = stored_variance[c] * scale;
    }
}

/* ---- forward ---- */

static void normalise(size_t count, const float *x, float mean, float rstd, float *y) {
    for (size_t i = 0; i < count; i++)
        y[i] = (x[i] - mean) * rstd;
}

void lungo_batch_norm_forward(const lungo_batch_norm *shape, const float *x, const float *mean,
                              const float *rstd, float *y) {
#pragma omp parallel for collapse(2) if (lungo_worth_threads(count_of(shape)))
    for (size_t n = 0; n < shape->images; n++)
        for (size_t c = 0; c < shape->channels; c++)
            normalise(shape->pixels, x + at(shape, n, c), mean[c], rstd[c], y + at(shape, n, c));
}

/* ---- backward ---- */

/* sum dy (x - mean) */
static float centred_dot(size_t count, const float *x, float mean, const float *dy) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += (x[i] - mean) * dy[i];
    return sum;
}

static void backward_row(size_t count, const float *x, float mean, float rstd, float mean_dy,
                         float slope, const float *dy, float *dx) {
    for (size_t i = 0; i < count; i++)
        dx[i] = rstd * (dy[i] - mean_dy - slope * (x[i] - mean));
}

static void backward_channel(const lungo_batch_norm *s, size_t c, const float *x, float mean,
                             float rstd, const float *dy, float *dx) {
    double sum = 0, dot = 0, m = (double)(s->images * s->pixels);
    for (size_t n = 0; n < s->images; n++) {
        sum += lungo_sum(s->pixels, dy + at(s, n, c));
        dot += centred_dot(s->pixels, x + at(s, n, c), mean, dy + at(s, n, c));
    }
    float mean_dy = (float)(sum / m), slope = (float)(dot / m * rstd * rstd);
    for (size_t n = 0; n < s->images; n++)
        backward_row(s->pixels, x + at(s, n, c), mean, rstd, mean_dy, slope, dy + at(s, n, c),
                     dx + at(s, n, c));
}

void lungo_batch_norm_backward(const lungo_batch_norm *shape, const float *x, const float *mean,
                               const float *rstd, const float *dy, float *dx) {
#pragma omp parallel for if (lungo_worth_threads(count_of(shape)))
    for (size_t c = 0; c < shape->channels; c++)
        backward_channel(shape, c, x, mean[c], rstd[c], dy, dx);
}

static void damp(size_t count, float rstd, const float *dy, float *dx) {
    for (size_t i = 0; i < count; i++)
        dx[i] = rstd * dy[i];
}

void lungo_batch_norm_backward_fixed(const lungo_batch_norm *shape, const float *rstd,
                                     const float *dy, float *dx) {
#pragma omp parallel for collapse(2) if (lungo_worth_threads(count_of(shape)))
    for (size_t n = 0; n < shape->images; n++)
        for (size_t c = 0; c < shape->channels; c++)
            damp(shape->pixels, rstd[c], dy + at(shape, n, c), dx + at(shape, n, c));
}
