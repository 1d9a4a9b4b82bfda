/* Images whose channels lie in blocks: the layout that convolutions like best.
 *
 *   plain    (images, channels, pixels)
 *   blocked  (images, blocks, pixels, lanes)    channel c is lane c % lanes of block c / lanes
 *
 * The lanes of the last block that have no channel are padding. They hold 0 at all times, so that
 * sums over them change nothing.
 */
#ifndef LUNGO_KERNELS_BLOCKED_H
#define LUNGO_KERNELS_BLOCKED_H

#include <stdbool.h>
#include <stddef.h>

/* As many lanes as a register of AVX-512 holds floats. */
enum { LUNGO_MAX_LANES = 16 };

typedef struct lungo_blocked {
    size_t images, channels, pixels;
    size_t lanes; /* 0: no layout at all */
} lungo_blocked;

static inline size_t lungo_blocked_blocks(const lungo_blocked *layout) {
    return (layout->channels + layout->lanes - 1) / layout->lanes;
}

/* Floats, the padding included. */
static inline size_t lungo_blocked_count(const lungo_blocked *layout) {
    if (layout->lanes == 0) return 0;
    return layout->images * lungo_blocked_blocks(layout) * layout->pixels * layout->lanes;
}

bool lungo_blocked_equal(const lungo_blocked *a, const lungo_blocked *b);

/* Over the channels that are no padding:  y += v_c,  and  v_c = beta v_c + sum of y. */
void lungo_blocked_add(const lungo_blocked *layout, const float *v, float *y);
void lungo_blocked_sum(const lungo_blocked *layout, const float *y, float beta, float *v);

void lungo_block(const lungo_blocked *layout, const float *plain, float *blocked);
void lungo_unblock(const lungo_blocked *layout, const float *blocked, float *plain);

#endif
