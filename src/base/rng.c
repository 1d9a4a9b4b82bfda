/* mt19937 (Matsumoto and Nishimura 1998) and the distributions that Caffe takes from Boost 1.74:
 * the ziggurat (see rng_tables.h) for normal and exponential draws, rejection for uniform ones.
 *
 * One text serves float and double. It computes in double and rounds after each operation to the
 * type asked for: for + - * / of floats that is the same as computing in float, because a double
 * has more than twice a float's digits. Only exp needs a version per type.
 */
#include "base/rng.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/rng_tables.h"

typedef enum precision { SINGLE, DOUBLE } precision;

static inline double rounded(precision type, double value) {
    return type == SINGLE ? (double)(float)value : value;
}

static double exp_in(precision type, double value) {
    return type == SINGLE ? (double)expf((float)value) : exp(value);
}

/* ---- the generator ---- */

enum { MIDDLE = 397 };

void lungo_rng_seed(lungo_rng *rng, uint32_t seed) {
    rng->state[0] = seed;
    for (uint32_t i = 1; i < LUNGO_RNG_WORDS; i++) {
        uint32_t previous = rng->state[i - 1];
        rng->state[i] = 1812433253u * (previous ^ (previous >> 30)) + i;
    }
    rng->next = LUNGO_RNG_WORDS;
}

lungo_status lungo_rng_seed_from_system(uint32_t *seed) {
    uint32_t value;
    if (getentropy(&value, sizeof value))
        return lungo_fail_errno("take entropy from", "getentropy");
    *seed = value;
    return LUNGO_OK;
}

static inline uint32_t twisted(uint32_t word, uint32_t following, uint32_t other) {
    uint32_t mixed = (word & 0x80000000u) | (following & 0x7fffffffu);
    return other ^ (mixed >> 1) ^ (-(mixed & 1) & 0x9908b0dfu);
}

/* state[i] from itself and those 1 and MIDDLE further on, around the ring. */
static void refill(lungo_rng *rng) {
    uint32_t *state = rng->state;
    int i = 0;
    for (; i < LUNGO_RNG_WORDS - MIDDLE; i++)
        state[i] = twisted(state[i], state[i + 1], state[i + MIDDLE]);
    for (; i < LUNGO_RNG_WORDS - 1; i++)
        state[i] = twisted(state[i], state[i + 1], state[i + MIDDLE - LUNGO_RNG_WORDS]);
    state[i] = twisted(state[i], state[0], state[MIDDLE - 1]);
    rng->next = 0;
}

/* The lower bits of the first word are never looked at by a refill. */
bool lungo_rng_is_stuck(const lungo_rng *rng) {
    if (rng->state[0] & 0x80000000u) return false;
    for (int i = 1; i < LUNGO_RNG_WORDS; i++)
        if (rng->state[i]) return false;
    return true;
}

uint32_t lungo_rng_word(lungo_rng *rng) {
    if (rng->next >= LUNGO_RNG_WORDS) refill(rng);
    uint32_t word = rng->state[rng->next++];
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c5680u;
    word ^= (word << 15) & 0xefc60000u;
    return word ^ (word >> 18);
}

/* ---- uniform ---- */

/* Rounding can lift the largest words to `above` itself; those are drawn again. */
static double uniform(lungo_rng *rng, precision type, double low, double above) {
    double width = rounded(type, above - low);
    for (;;) {
        double unit = rounded(type, lungo_rng_word(rng)) * 0x1p-32;
        double value = rounded(type, rounded(type, unit * width) + low);
        if (value < above) return value;
    }
}

float lungo_rng_uniform(lungo_rng *rng, float low, float high) {
    return (float)uniform(rng, SINGLE, low, nextafterf(high, FLT_MAX));
}

double lungo_rng_uniform_double(lungo_rng *rng, double low, double high) {
    return uniform(rng, DOUBLE, low, nextafter(high, DBL_MAX));
}

/* ---- ziggurats ---- */

/* A fraction in [0, 1) and, independent of it, 8 bits that pick a strip (and a sign). */
static double fraction_and_bits(lungo_rng *rng, precision type, uint32_t *bits) {
    uint32_t word = lungo_rng_word(rng);
    double fraction = (word >> 8) * 0x1p-24;
    *bits = word & 0xff;
    if (type == SINGLE) return fraction;
    return (fraction + (lungo_rng_word(rng) & 0x1fffffffu)) * 0x1p-29;
}

/* A point (x, y) of a strip's right part, beyond the strip above it, where the density must be
 * asked. Its height is `rise` of the way up the strip. */
typedef struct corner {
    const strip *low, *high; /* the strip's own edge and that of the strip above */
    double x, y, rise;
} corner;

static corner corner_of(lungo_rng *rng, precision type, const strip *low, double x) {
    corner point = {low, low + 1, x, 0, uniform(rng, type, 0, 1)};
    double height = rounded(type, point.high->y - low->y);
    point.y = rounded(type, rounded(type, low->y) + rounded(type, point.rise * height));
    return point;
}

/* How far the point lies above the chord between the strip's edges (in x, scaled by the slope). */
static double above_chord(precision type, const corner *point) {
    double width = rounded(type, point->low->x - point->high->x);
    double gap = rounded(type, rounded(type, point->low->x) - point->x);
    return rounded(type, rounded(type, width * point->rise) - gap);
}

/* How far the point lies above the tangent to the density at `edge`, whose slope is -y * factor. */
static double above_tangent(precision type, const corner *point, const strip *edge, double factor) {
    double gap = rounded(type, rounded(type, edge->x) - point->x);
    double drop = rounded(type, gap * rounded(type, edge->y));
    drop = rounded(type, drop * rounded(type, factor));
    return rounded(type, point->y - rounded(type, rounded(type, edge->y) + drop));
}

static double exponential(lungo_rng *rng, precision type) {
    const strip *edges = exponential_edges;
    double shift = 0;
    for (;;) {
        uint32_t i;
        double x = rounded(type, fraction_and_bits(rng, type, &i) * rounded(type, edges[i].x));
        if (x < rounded(type, edges[i + 1].x)) return rounded(type, shift + x);
        if (i == 0) { /* the tail has the shape of the whole */
            shift = rounded(type, shift + rounded(type, edges[1].x));
            continue;
        }
        corner point = corner_of(rng, type, &edges[i], x);
        if (above_chord(type, &point) >= 0) continue;
        if (above_tangent(type, &point, point.high, 1) < 0 || point.y < exp_in(type, -x))
            return rounded(type, shift + x);
    }
}

static double normal_tail(lungo_rng *rng, precision type) {
    double start = rounded(type, normal_edges[1].x);
    for (;;) {
        double x = rounded(type, exponential(rng, type) / start);
        double y = exponential(rng, type);
        if (2 * y > rounded(type, x * x)) return rounded(type, x + start);
    }
}

/* The density is concave left of its inflection at x = 1: there the tangent lies above, the chord
 * below. */
static bool under_normal(precision type, const corner *point) {
    double chord = above_chord(type, point);
    double tangent = above_tangent(type, point, point->low, point->low->x);
    bool convex = point->low->x >= 1;
    if ((convex ? chord : tangent) >= 0) return false;
    if ((convex ? tangent : chord) < 0) return true;
    return point->y < exp_in(type, -rounded(type, rounded(type, point->x * point->x) / 2));
}

static double normal(lungo_rng *rng, precision type) {
    const strip *edges = normal_edges;
    for (;;) {
        uint32_t bits;
        double fraction = fraction_and_bits(rng, type, &bits);
        double sign = bits & 1 ? 1 : -1;
        uint32_t i = bits >> 1;
        double x = rounded(type, fraction * rounded(type, edges[i].x));
        if (x < edges[i + 1].x) return sign * x;
        if (i == 0) return sign * normal_tail(rng, type);
        corner point = corner_of(rng, type, &edges[i], x);
        if (under_normal(type, &point)) return sign * x;
    }
}

float lungo_rng_gaussian(lungo_rng *rng, float mean, float std) {
    return (float)normal(rng, SINGLE) * std + mean;
}

double lungo_rng_gaussian_double(lungo_rng *rng, double mean, double std) {
    return normal(rng, DOUBLE) * std + mean;
}

float lungo_rng_exponential(lungo_rng *rng) {
    return (float)exponential(rng, SINGLE);
}

/* ---- discrete ---- */

bool lungo_rng_bernoulli(lungo_rng *rng, float p) {
    return p != 0 && (float)lungo_rng_word(rng) <= p * (float)UINT32_MAX;
}

bool lungo_rng_bernoulli_double(lungo_rng *rng, double p) {
    return p != 0 && (double)lungo_rng_word(rng) <= p * (double)UINT32_MAX;
}

/* Words fall into n buckets of equal size; those of the incomplete bucket at the end are drawn
 * again. */
uint32_t lungo_rng_below(lungo_rng *rng, uint32_t n) {
    if (n <= 1) return 0;
    uint32_t bucket = UINT32_MAX / n + (UINT32_MAX % n == n - 1);
    for (;;) {
        uint32_t value = lungo_rng_word(rng) / bucket;
        if (value < n) return value;
    }
}

static void swap(unsigned char *a, unsigned char *b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

void lungo_rng_shuffle(lungo_rng *rng, void *items, size_t count, size_t size) {
    unsigned char *bytes = items;
    for (size_t i = count; i-- > 1;) {
        size_t j = lungo_rng_below(rng, (uint32_t)(i + 1));
        swap(bytes + i * size, bytes + j * size, size);
    }
}
