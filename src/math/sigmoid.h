/* The exponential function and its kin in float, without calls or branches, so that loops over them
 * become vector code. Within 2e-7 of the true value (exp: relative to it).
 */
#ifndef LUNGO_MATH_SIGMOID_H
#define LUNGO_MATH_SIGMOID_H

#include <stdint.h>
#include <string.h>

/* exp(x) = 2^n exp(r) with n = round(x / ln 2) and |r| <= ln 2 / 2. ln 2 is taken away in two
 * parts, the first exact in few bits, so that r loses nothing; exp(r) is its Taylor polynomial,
 * whose next term is below 2e-8. Arguments beyond [-87, 88] count as these; not a number stays
 * one. */
static inline float lungo_exp(float x) {
    float inside = x < -87.0f ? -87.0f : x;
    inside = inside > 88.0f ? 88.0f : inside;
    const float rounder = 12582912.0f; /* 1.5 * 2^23: adding it leaves no bits behind the point */
    float n = (inside * 1.44269504f + rounder) - rounder;
    float r = (inside - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.0f / 5040;
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    int32_t exponent = ((int32_t)(n != n ? 0.0f : n) + 127) * (1 << 23);
    float power;
    memcpy(&power, &exponent, sizeof power);
    return p * power;
}

static inline float lungo_sigmoid(float x) {
    return 1.0f / (1.0f + lungo_exp(-x));
}

static inline float lungo_tanh(float x) {
    return 2.0f * lungo_sigmoid(2.0f * x) - 1.0f;
}

#endif
