#include "math/vector.h"

#include <math.h>

#include "math/parallel.h"

void lungo_fill(size_t count, float value, float *x) {
    for (size_t i = 0; i < count; i++)
        x[i] = value;
}

void lungo_rescale(size_t count, float beta, float *x) {
    if (beta == 1) return;
    if (beta == 0) {
        lungo_fill(count, 0, x);
        return;
    }
    for (size_t i = 0; i < count; i++)
        x[i] *= beta;
}

void lungo_copy(size_t count, const float *x, float *y) {
    if (x == y) return;
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = x[i];
}

void lungo_add(size_t count, const float *x, float *y) {
    for (size_t i = 0; i < count; i++)
        y[i] += x[i];
}

void lungo_axpy(size_t count, float alpha, const float *x, float *y) {
    for (size_t i = 0; i < count; i++)
        y[i] += alpha * x[i];
}

float lungo_sum(size_t count, const float *x) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += x[i];
    return sum;
}

float lungo_dot(size_t count, const float *x, const float *y) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += x[i] * y[i];
    return sum;
}

static double squares_in_double(size_t count, const float *x) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

/* Four squares are added as float before they are widened, which halves the time; where that
 * overflows, all of it is done again in double. */
double lungo_squares(size_t count, const float *x) {
    double sum = 0;
    size_t quarter = count / 4;
    const float *a = x, *b = a + quarter, *c = b + quarter, *d = c + quarter;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < quarter; i++)
        sum += (a[i] * a[i] + b[i] * b[i]) + (c[i] * c[i] + d[i] * d[i]);
    for (size_t i = 4 * quarter; i < count; i++)
        sum += x[i] * x[i];
    return isfinite(sum) ? sum : squares_in_double(count, x);
}
