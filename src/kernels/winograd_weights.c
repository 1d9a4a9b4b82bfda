#include "kernels/winograd_weights.h"

#include "kernels/winograd_tile.h"
#include "math/parallel.h"
#include "math/vector.h"

enum { SIDE = LUNGO_WINOGRAD_SIDE, PLACES = LUNGO_WINOGRAD_PLACES, TAPS = 9 };

void lungo_winograd_weights(size_t count, const float *w, float *u) {
#pragma omp parallel for if (lungo_worth_threads(count))
    for (size_t k = 0; k < count; k += LUNGO_LANES) {
        size_t lanes = count - k < LUNGO_LANES ? count - k : LUNGO_LANES;
        lungo_winograd_tile in, out;
        for (size_t lane = 0; lane < lanes; lane++)
            for (int tap = 0; tap < TAPS; tap++)
                in[tap / 3][tap % 3][lane] = w[(k + lane) * TAPS + (size_t)tap];
        lungo_winograd_transform(lungo_winograd_weight, 3, SIDE, in, out);
        for (int place = 0; place < PLACES; place++)
            for (size_t lane = 0; lane < lanes; lane++)
                u[(size_t)place * count + k + lane] = out[place / SIDE][place % SIDE][lane];
    }
}

void lungo_winograd_weights_gradient(size_t count, const float *u, float beta, float *dw) {
    lungo_rescale(count * TAPS, beta, dw);
#pragma omp parallel for if (lungo_worth_threads(count))
    for (size_t k = 0; k < count; k += LUNGO_LANES) {
        size_t lanes = count - k < LUNGO_LANES ? count - k : LUNGO_LANES;
        lungo_winograd_tile in, out;
        for (int place = 0; place < PLACES; place++)
            for (size_t lane = 0; lane < lanes; lane++)
                in[place / SIDE][place % SIDE][lane] = u[(size_t)place * count + k + lane];
        lungo_winograd_transform(lungo_winograd_weight_gradient, SIDE, 3, in, out);
        for (size_t lane = 0; lane < lanes; lane++)
            for (int tap = 0; tap < TAPS; tap++)
                dw[(k + lane) * TAPS + (size_t)tap] += out[tap / 3][tap % 3][lane];
    }
}

size_t lungo_winograd_turned(size_t place) {
    static const size_t ends[SIDE] = {3, 1, 2, 0};
    return ends[place / SIDE] * SIDE + ends[place % SIDE];
}
