/* Works on tiles of TILE pixels, which stay in the first-level cache on their way. */
#include "kernels/blocked.h"

#include "math/parallel.h"

enum { TILE = 64 };

bool lungo_blocked_equal(const lungo_blocked *a, const lungo_blocked *b) {
    return a->images == b->images && a->channels == b->channels && a->pixels == b->pixels &&
           a->lanes == b->lanes;
}

/* Channels in block number `block` of an image. */
static size_t filled_lanes(const lungo_blocked *layout, size_t block) {
    size_t rest = layout->channels - block * layout->lanes;
    return rest < layout->lanes ? rest : layout->lanes;
}

static size_t tile_end(const lungo_blocked *layout, size_t begin) {
    return begin + TILE < layout->pixels ? begin + TILE : layout->pixels;
}

/* Inlined with a constant number of lanes, so that a pixel is one vector. */
static inline __attribute__((always_inline)) void block_tile(const lungo_blocked *layout,
                                                             size_t filled, size_t lanes,
                                                             size_t begin, const float *plain,
                                                             float *blocked) {
    size_t end = tile_end(layout, begin);
    for (size_t p = begin; p < end; p++) {
        for (size_t lane = 0; lane < filled; lane++)
            blocked[p * lanes + lane] = plain[lane * layout->pixels + p];
        for (size_t lane = filled; lane < lanes; lane++)
            blocked[p * lanes + lane] = 0;
    }
}

static void block_one(const lungo_blocked *layout, size_t filled, const float *plain,
                      float *blocked) {
    for (size_t begin = 0; begin < layout->pixels; begin += TILE) {
        if (layout->lanes == 16 && filled == 16)
            block_tile(layout, 16, 16, begin, plain, blocked);
        else
            block_tile(layout, filled, layout->lanes, begin, plain, blocked);
    }
}

void lungo_block(const lungo_blocked *layout, const float *plain, float *blocked) {
    size_t blocks = lungo_blocked_blocks(layout), lanes = layout->lanes;
#pragma omp parallel for collapse(2) if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t n = 0; n < layout->images; n++)
        for (size_t b = 0; b < blocks; b++)
            block_one(layout, filled_lanes(layout, b),
                      plain + (n * layout->channels + b * lanes) * layout->pixels,
                      blocked + (n * blocks + b) * layout->pixels * lanes);
}

static inline __attribute__((always_inline)) void unblock_tile(const lungo_blocked *layout,
                                                               size_t filled, size_t lanes,
                                                               size_t begin, const float *blocked,
                                                               float *plain) {
    size_t end = tile_end(layout, begin);
    for (size_t lane = 0; lane < filled; lane++)
        for (size_t p = begin; p < end; p++)
            plain[lane * layout->pixels + p] = blocked[p * lanes + lane];
}

static void unblock_one(const lungo_blocked *layout, size_t filled, const float *blocked,
                        float *plain) {
    for (size_t begin = 0; begin < layout->pixels; begin += TILE) {
        if (layout->lanes == 16 && filled == 16)
            unblock_tile(layout, 16, 16, begin, blocked, plain);
        else
            unblock_tile(layout, filled, layout->lanes, begin, blocked, plain);
    }
}

void lungo_unblock(const lungo_blocked *layout, const float *blocked, float *plain) {
    size_t blocks = lungo_blocked_blocks(layout), lanes = layout->lanes;
#pragma omp parallel for collapse(2) if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t n = 0; n < layout->images; n++)
        for (size_t b = 0; b < blocks; b++)
            unblock_one(layout, filled_lanes(layout, b),
                        blocked + (n * blocks + b) * layout->pixels * lanes,
                        plain + (n * layout->channels + b * lanes) * layout->pixels);
}

/* ---- vectors over channels ---- */

void lungo_blocked_add(const lungo_blocked *layout, const float *v, float *y) {
    size_t blocks = lungo_blocked_blocks(layout), lanes = layout->lanes;
#pragma omp parallel for if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t i = 0; i < layout->images * blocks; i++) {
        size_t b = i % blocks, filled = filled_lanes(layout, b);
        float *block = y + i * layout->pixels * lanes;
        for (size_t p = 0; p < layout->pixels; p++)
            for (size_t lane = 0; lane < filled; lane++)
                block[p * lanes + lane] += v[b * lanes + lane];
    }
}

void lungo_blocked_sum(const lungo_blocked *layout, const float *y, float beta, float *v) {
    size_t blocks = lungo_blocked_blocks(layout), lanes = layout->lanes;
#pragma omp parallel for if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t b = 0; b < blocks; b++) {
        double sums[LUNGO_MAX_LANES] = {0};
        for (size_t n = 0; n < layout->images; n++) {
            const float *block = y + (n * blocks + b) * layout->pixels * lanes;
            for (size_t p = 0; p < layout->pixels; p++)
                for (size_t lane = 0; lane < lanes; lane++)
                    sums[lane] += block[p * lanes + lane];
        }
        for (size_t lane = 0; lane < filled_lanes(layout, b); lane++) {
            float *to = &v[b * lanes + lane];
            *to = (float)(beta == 0 ? sums[lane] : (double)(beta * *to) + sums[lane]);
        }
    }
}
