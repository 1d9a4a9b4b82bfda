#include "kernels/lstm.h"

#include <stdbool.h>

#include "math/parallel.h"
#include "math/sigmoid.h"

static bool worth_threads(const lungo_lstm_shape *shape) {
    return lungo_worth_threads(shape->streams * shape->hidden * 16);
}

static void forward_stream(size_t hidden, const float *x, float cont, const float *c_before,
                           float *acts, float *c, float *h) {
#pragma omp simd
    for (size_t d = 0; d < hidden; d++) {
        float i = lungo_sigmoid(x[d]);
        float f = cont * lungo_sigmoid(x[hidden + d]);
        float o = lungo_sigmoid(x[2 * hidden + d]);
        float g = lungo_tanh(x[3 * hidden + d]);
        float before = cont == 0 ? 0 : c_before[d];
        float cell = f * before + i * g;
        acts[d] = i;
        acts[hidden + d] = f;
        acts[2 * hidden + d] = o;
        acts[3 * hidden + d] = g;
        c[d] = cell;
        h[d] = o * lungo_tanh(cell);
    }
}

void lungo_lstm_forward(const lungo_lstm_shape *shape, const float *x, const float *cont,
                        const float *c_before, float *acts, float *c, float *h) {
    size_t hidden = shape->hidden;
#pragma omp parallel for if (worth_threads(shape))
    for (size_t n = 0; n < shape->streams; n++) {
        size_t at = n * hidden;
        forward_stream(hidden, x + 4 * at, cont[n], c_before + at, acts + 4 * at, c + at, h + at);
    }
}

static void backward_stream(size_t hidden, const float *acts, float cont, const float *c_before,
                            const float *c, const float *dh, const float *dc, float *dx,
                            float *dc_before) {
#pragma omp simd
    for (size_t d = 0; d < hidden; d++) {
        float i = acts[d], f = acts[hidden + d];
        float o = acts[2 * hidden + d], g = acts[3 * hidden + d];
        float before = cont == 0 ? 0 : c_before[d];
        float squashed = lungo_tanh(c[d]);
        float dcell = dc[d] + dh[d] * o * (1 - squashed * squashed);
        dx[d] = dcell * g * i * (1 - i);
        dx[hidden + d] = dcell * before * f * (1 - f);
        dx[2 * hidden + d] = dh[d] * squashed * o * (1 - o);
        dx[3 * hidden + d] = dcell * i * (1 - g * g);
        dc_before[d] = dcell * f;
    }
}

void lungo_lstm_backward(const lungo_lstm_shape *shape, const float *acts, const float *cont,
                         const float *c_before, const float *c, const float *dh, const float *dc,
                         float *dx, float *dc_before) {
    size_t hidden = shape->hidden;
#pragma omp parallel for if (worth_threads(shape))
    for (size_t n = 0; n < shape->streams; n++) {
        size_t at = n * hidden;
        backward_stream(hidden, acts + 4 * at, cont[n], c_before + at, c + at, dh + at, dc + at,
                        dx + 4 * at, dc_before + at);
    }
}
