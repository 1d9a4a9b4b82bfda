#include "math/vector.h"

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
