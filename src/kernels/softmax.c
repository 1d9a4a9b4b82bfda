/* Works on strips of neighbours on the inner axis, so that memory is read along its rows. */
#include "kernels/softmax.h"

#include <math.h>

#include "math/parallel.h"

enum { STRIP = 64 };

static void largest(const lungo_softmax *s, const float *x, size_t width, float *most) {
    for (size_t i = 0; i < width; i++)
        most[i] = x[i];
    for (size_t c = 1; c < s->classes; c++)
        for (size_t i = 0; i < width; i++)
            most[i] = x[c * s->inner + i] > most[i] ? x[c * s->inner + i] : most[i];
}

static void forward_strip(const lungo_softmax *s, const float *x, size_t width, float *y) {
    float most[STRIP], sum[STRIP] = {0};
    largest(s, x, width, most);
    for (size_t c = 0; c < s->classes; c++) {
        for (size_t i = 0; i < width; i++) {
            size_t at = c * s->inner + i;
            y[at] = expf(x[at] - most[i]);
            sum[i] += y[at];
        }
    }
    for (size_t c = 0; c < s->classes; c++)
        for (size_t i = 0; i < width; i++)
            y[c * s->inner + i] /= sum[i];
}

static void backward_strip(const lungo_softmax *s, const float *y, const float *dy, size_t width,
                           float *dx) {
    float dot[STRIP] = {0};
    for (size_t c = 0; c < s->classes; c++)
        for (size_t i = 0; i < width; i++)
            dot[i] += dy[c * s->inner + i] * y[c * s->inner + i];
    for (size_t c = 0; c < s->classes; c++) {
        for (size_t i = 0; i < width; i++) {
            size_t at = c * s->inner + i;
            dx[at] = y[at] * (dy[at] - dot[i]);
        }
    }
}

static size_t strips_of(const lungo_softmax *shape) {
    return (shape->inner + STRIP - 1) / STRIP;
}

static size_t width_of(const lungo_softmax *shape, size_t strip) {
    size_t rest = shape->inner - strip * STRIP;
    return rest < STRIP ? rest : STRIP;
}

void lungo_softmax_forward(const lungo_softmax *shape, const float *x, float *y) {
    size_t item = shape->classes * shape->inner, strips = strips_of(shape);
    if (item == 0) return;
#pragma omp parallel for collapse(2) if (lungo_worth_threads(shape->outer * item))
    for (size_t o = 0; o < shape->outer; o++) {
        for (size_t s = 0; s < strips; s++) {
            size_t at = o * item + s * STRIP;
            forward_strip(shape, x + at, width_of(shape, s), y + at);
        }
    }
}

void lungo_softmax_backward(const lungo_softmax *shape, const float *y, const float *dy,
                            float *dx) {
    size_t item = shape->classes * shape->inner, strips = strips_of(shape);
#pragma omp parallel for collapse(2) if (lungo_worth_threads(shape->outer * item))
    for (size_t o = 0; o < shape->outer; o++) {
        for (size_t s = 0; s < strips; s++) {
            size_t at = o * item + s * STRIP;
            backward_strip(shape, y + at, dy + at, width_of(shape, s), dx + at);
        }
    }
}
