/* Memory is what costs here, so each function reads it once. Threads share out blocks of images;
 * each block makes its own pair of sums per channel, and these are added in their order: the same
 * result for any number of threads.
 *
 * Within a block, tiles of a few pixels are summed in float, and the tiles in double. Statistics
 * come as pairs of mean and sum of squared distances from it, which are made anew from two pairs
 * (Chan, Golub and LeVeque 1979) without the loss that sum x^2 - (sum x)^2 suffers. */
#include "kernels/blocked_norm.h"

#include "math/parallel.h"

enum { TILE = 64 };

#define INLINE static inline __attribute__((always_inline))

/* What works on a block is inlined with the number of lanes as a constant, so that they are a
 * vector. */
#define FOR_LANES(layout, function, ...)                                                           \
    do {                                                                                           \
        if ((layout)->lanes == 16)                                                                 \
            function(layout, 16, __VA_ARGS__);                                                     \
        else if ((layout)->lanes == 1)                                                             \
            function(layout, 1, __VA_ARGS__);                                                      \
        else                                                                                       \
            function(layout, (layout)->lanes, __VA_ARGS__);                                        \
    } while (0)

static size_t block_count(const lungo_blocked *layout) {
    return layout->images * lungo_blocked_blocks(layout);
}

static size_t block_floats(const lungo_blocked *layout) {
    return layout->pixels * layout->lanes;
}

/* The vector over the channels of block number `i` of all images begins here. */
static size_t channels_of(const lungo_blocked *layout, size_t i) {
    return i % lungo_blocked_blocks(layout) * layout->lanes;
}

/* Two doubles per lane of every block. */
size_t lungo_blocked_norm_scratch(const lungo_blocked *layout) {
    return 2 * block_count(layout) * layout->lanes * (sizeof(double) / sizeof(float));
}

/* ---- statistics ---- */

/* Adds `count` values of the given mean and square distance to what the pair holds. */
INLINE void merge(size_t before, size_t count, double mean, double squares, double *all_mean,
                  double *all_squares) {
    double whole = (double)(before + count), distance = mean - *all_mean;
    *all_mean += distance * (double)count / whole;
    *all_squares += squares + distance * distance * (double)before * (double)count / whole;
}

INLINE void statistics_of_block(const lungo_blocked *layout, size_t lanes, const float *x,
                                double *mean, double *squares) {
    for (size_t l = 0; l < lanes; l++)
        mean[l] = squares[l] = 0;
    for (size_t begin = 0; begin < layout->pixels; begin += TILE) {
        size_t count = layout->pixels - begin < TILE ? layout->pixels - begin : TILE;
        const float *tile = x + begin * lanes;
        float sum[LUNGO_MAX_LANES] = {0}, square[LUNGO_MAX_LANES] = {0};
        for (size_t p = 0; p < count; p++)
            for (size_t l = 0; l < lanes; l++)
                sum[l] += tile[p * lanes + l];
        for (size_t l = 0; l < lanes; l++)
            sum[l] /= (float)count;
        for (size_t p = 0; p < count; p++)
            for (size_t l = 0; l < lanes; l++)
                square[l] += (tile[p * lanes + l] - sum[l]) * (tile[p * lanes + l] - sum[l]);
        for (size_t l = 0; l < lanes; l++)
            merge(begin, count, sum[l], square[l], &mean[l], &squares[l]);
    }
}

static void merge_blocks(const lungo_blocked *layout, const double *means, const double *squares,
                         float *mean, float *variance) {
    size_t channels = lungo_blocked_channels(layout);
    for (size_t c = 0; c < channels; c++) {
        double all_mean = 0, all_squares = 0;
        for (size_t n = 0; n < layout->images; n++)
            merge(n * layout->pixels, layout->pixels, means[n * channels + c],
                  squares[n * channels + c], &all_mean, &all_squares);
        mean[c] = (float)all_mean;
        variance[c] = (float)(all_squares / (double)(layout->images * layout->pixels));
    }
}

void lungo_blocked_norm_statistics(const lungo_blocked *layout, const float *x, float *mean,
                                   float *variance, float *scratch) {
    size_t blocks = block_count(layout), lanes = layout->lanes;
    double *means = (double *)scratch, *squares = means + blocks * lanes;
#pragma omp parallel for if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t i = 0; i < blocks; i++)
        FOR_LANES(layout, statistics_of_block, x + i * block_floats(layout), means + i * lanes,
                  squares + i * lanes);
    merge_blocks(layout, means, squares, mean, variance);
}

/* ---- forward ---- */

INLINE void forward_block(const lungo_blocked *layout, size_t lanes, const float *mean,
                          const float *factor, const float *beta, const float *slope,
                          const float *x, float *y) {
    float below = slope ? *slope : 1;
    for (size_t p = 0; p < layout->pixels; p++) {
        for (size_t l = 0; l < lanes; l++) {
            float value = (x[p * lanes + l] - mean[l]) * factor[l] + beta[l];
            y[p * lanes + l] = value > 0 ? value : below * value;
        }
    }
}

void lungo_blocked_norm_forward(const lungo_blocked *layout, const float *mean, const float *factor,
                                const float *beta, const float *slope, const float *x, float *y) {
    size_t blocks = block_count(layout), floats = block_floats(layout);
#pragma omp parallel for if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t i = 0; i < blocks; i++) {
        size_t c = channels_of(layout, i);
        FOR_LANES(layout, forward_block, mean + c, factor + c, beta + c, slope, x + i * floats,
                  y + i * floats);
    }
}

/* ---- backward ---- */

INLINE float through_relu(const float *slope, const float *y, size_t at, float dy) {
    return !slope || y[at] > 0 ? dy : *slope * dy;
}

INLINE void sums_of_block(const lungo_blocked *layout, size_t lanes, const float *mean,
                          const float *slope, const float *x, const float *y, const float *dy,
                          double *sums, double *dots) {
    for (size_t l = 0; l < lanes; l++)
        sums[l] = dots[l] = 0;
    for (size_t begin = 0; begin < layout->pixels; begin += TILE) {
        size_t end = begin + TILE < layout->pixels ? begin + TILE : layout->pixels;
        float sum[LUNGO_MAX_LANES] = {0}, dot[LUNGO_MAX_LANES] = {0};
        for (size_t at = begin * lanes; at < end * lanes; at += lanes) {
            for (size_t l = 0; l < lanes; l++) {
                float g = through_relu(slope, y, at + l, dy[at + l]);
                sum[l] += g;
                dot[l] += g * (x[at + l] - mean[l]);
            }
        }
        for (size_t l = 0; l < lanes; l++) {
            sums[l] += sum[l];
            dots[l] += dot[l];
        }
    }
}

static void add_blocks(const lungo_blocked *layout, const double *parts, float *out) {
    size_t channels = lungo_blocked_channels(layout);
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t n = 0; n < layout->images; n++)
            sum += parts[n * channels + c];
        out[c] = (float)sum;
    }
}

void lungo_blocked_norm_sums(const lungo_blocked *layout, const float *mean, const float *slope,
                             const float *x, const float *y, const float *dy, float *sum,
                             float *dot, float *scratch) {
    size_t blocks = block_count(layout), lanes = layout->lanes, floats = block_floats(layout);
    double *sums = (double *)scratch, *dots = sums + blocks * lanes;
#pragma omp parallel for if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t i = 0; i < blocks; i++)
        FOR_LANES(layout, sums_of_block, mean + channels_of(layout, i), slope, x + i * floats,
                  y + i * floats, dy + i * floats, sums + i * lanes, dots + i * lanes);
    add_blocks(layout, sums, sum);
    add_blocks(layout, dots, dot);
}

INLINE void backward_block(const lungo_blocked *layout, size_t lanes, const float *mean,
                           const float *p, const float *q, const float *r, const float *slope,
                           const float *x, const float *y, const float *dy, float *dx) {
    for (size_t at = 0; at < layout->pixels * lanes; at += lanes) {
        for (size_t l = 0; l < lanes; l++) {
            float g = through_relu(slope, y, at + l, dy[at + l]);
            dx[at + l] = p[l] * g + q[l] * (x[at + l] - mean[l]) + r[l];
        }
    }
}

void lungo_blocked_norm_backward(const lungo_blocked *layout, const float *mean, const float *p,
                                 const float *q, const float *r, const float *slope, const float *x,
                                 const float *y, const float *dy, float *dx) {
    size_t blocks = block_count(layout), floats = block_floats(layout);
#pragma omp parallel for if (lungo_worth_threads(lungo_blocked_count(layout)))
    for (size_t i = 0; i < blocks; i++) {
        size_t c = channels_of(layout, i);
        FOR_LANES(layout, backward_block, mean + c, p + c, q + c, r + c, slope, x + i * floats,
                  y + i * floats, dy + i * floats, dx + i * floats);
    }
}
