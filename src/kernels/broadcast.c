#include "kernels/broadcast.h"

#include "math/parallel.h"
#include "math/vector.h"

static size_t count_of(const lungo_broadcast *shape) {
    return shape->outer * shape->length * shape->inner;
}

/* ---- spreading ---- */

static void affine_row(size_t count, const float *x, float factor, float offset, float *y) {
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * factor + offset;
}

static void affine_rows(size_t count, const float *x, const float *factor, const float *offset,
                        float *y) {
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] * (factor ? factor[i] : 1) + (offset ? offset[i] : 0);
}

/* y = x factor + offset; NULL stands for ones and zeros. */
static void affine(const lungo_broadcast *s, const float *x, const float *factor,
                   const float *offset, float *y) {
    size_t length = s->length, inner = s->inner, row = length * inner;
#pragma omp parallel for if (lungo_worth_threads(count_of(s)))
    for (size_t o = 0; o < s->outer; o++) {
        const float *from = x + o * row;
        float *to = y + o * row;
        if (inner == 1) {
            affine_rows(length, from, factor, offset, to);
            continue;
        }
        for (size_t d = 0; d < length; d++)
            affine_row(inner, from + d * inner, factor ? factor[d] : 1, offset ? offset[d] : 0,
                       to + d * inner);
    }
}

void lungo_broadcast_add(const lungo_broadcast *shape, const float *x, const float *v, float *y) {
    affine(shape, x, NULL, v, y);
}

void lungo_broadcast_multiply(const lungo_broadcast *shape, const float *x, const float *v,
                              const float *b, float *y) {
    affine(shape, x, v, b, y);
}

/* ---- gathering: every sum is made by one thread in a fixed order ---- */

/* One value per row: sums down the columns, row by row. */
static void gather_columns(const lungo_broadcast *s, const float *x, const float *y, float *v) {
    for (size_t o = 0; o < s->outer; o++)
        for (size_t d = 0; d < s->length; d++)
            v[d] += (x ? x[o * s->length + d] : 1) * y[o * s->length + d];
}

/* sum x y over all but the middle axis; x NULL stands for ones. */
static void gather(const lungo_broadcast *s, const float *x, const float *y, float beta, float *v) {
    size_t inner = s->inner;
    lungo_rescale(s->length, beta, v);
    if (inner == 1 && s->length > 1) {
        gather_columns(s, x, y, v);
        return;
    }
#pragma omp parallel for if (lungo_worth_threads(count_of(s)))
    for (size_t d = 0; d < s->length; d++) {
        double sum = 0;
        for (size_t o = 0; o < s->outer; o++) {
            size_t at = (o * s->length + d) * inner;
            sum += x ? lungo_dot(inner, x + at, y + at) : lungo_sum(inner, y + at);
        }
        v[d] += (float)sum;
    }
}

void lungo_broadcast_sum(const lungo_broadcast *shape, const float *y, float beta, float *v) {
    gather(shape, NULL, y, beta, v);
}

void lungo_broadcast_dot(const lungo_broadcast *shape, const float *x, const float *y, float beta,
                         float *v) {
    gather(shape, x, y, beta, v);
}
