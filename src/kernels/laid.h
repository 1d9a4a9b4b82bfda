/* Images laid out for kernels/direct.h, and the vectors that its loops work with. */
#ifndef LUNGO_KERNELS_LAID_H
#define LUNGO_KERNELS_LAID_H

#include <stdint.h>

#include "kernels/window.h"

#if defined __AVX512F__
enum { LUNGO_LANES = 16, LUNGO_TILE = 12 }; /* 32 registers: 12 x 2 sums */
#else
enum { LUNGO_LANES = 8, LUNGO_TILE = 6 }; /* 16 registers: 6 x 2 sums */
#endif

/* Whether the compiler may use fused multiply-adds on such vectors. */
#if defined __AVX512F__ || (defined __AVX2__ && defined __FMA__)
enum { LUNGO_FAST_LANES = 1 };
#else
enum { LUNGO_FAST_LANES = 0 };
#endif

enum { LUNGO_PANEL = 2 * LUNGO_LANES }; /* places worked on at a time */

typedef float lungo_lanes_of __attribute__((vector_size(LUNGO_LANES * sizeof(float))));
/* The same anywhere in an array of floats. */
typedef float lungo_loose_lanes
    __attribute__((vector_size(LUNGO_LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

static inline lungo_lanes_of lungo_load(const float *at) {
    return *(const lungo_loose_lanes *)at;
}

static inline void lungo_store(float *at, lungo_lanes_of value) {
    *(lungo_loose_lanes *)at = value;
}

/* One channel becomes `phases[0]` x `phases[1]` planes of `size`: plane (r, s) holds the pixels
 * (i stride[0] + r - pad[0], j stride[1] + s - pad[1]), zeros outside of the image. */
typedef struct lungo_laid {
    ptrdiff_t in[2], stride[2], pad[2], phases[2], size[2];
} lungo_laid;

static inline size_t lungo_laid_plane(const lungo_laid *laid) {
    return (size_t)(laid->size[0] * laid->size[1]);
}

static inline size_t lungo_laid_channel(const lungo_laid *laid) {
    return (size_t)(laid->phases[0] * laid->phases[1]) * lungo_laid_plane(laid);
}

/* Of an image; behind its channels comes a panel of zeros, for vectors that reach over the end. */
static inline size_t lungo_laid_image(const lungo_laid *laid, size_t channels) {
    return channels * lungo_laid_channel(laid) + LUNGO_PANEL;
}

/* The image as the windows see it. */
lungo_laid lungo_laid_of(const lungo_window *window);

void lungo_laid_put_channel(const lungo_laid *laid, const float *plane, float *out);
void lungo_laid_put(const lungo_laid *laid, size_t channels, const float *image, float *out);

/* rows[k]: where in such an image the taps k of `channels` channels begin. */
void lungo_laid_rows(const lungo_laid *laid, const lungo_window *window, size_t channels,
                     uint32_t *rows);

#endif
