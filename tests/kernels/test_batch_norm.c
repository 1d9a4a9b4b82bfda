#include "kernels/batch_norm.h"

#include <math.h>
#include <stdlib.h>

#include "support/arrays.h"
#include "support/suites.h"

static const lungo_batch_norm table[] = {
    {4, 3, 10}, {2, 5, 1}, {1, 1, 9}, {30, 20, 40}, {7, 1, 1},
};

typedef struct arrays {
    size_t count, channels;
    float *x, *dy, *y, *dx, *mean, *variance, *rstd;
} arrays;

static arrays new_arrays(const lungo_batch_norm *s) {
    arrays a = {.count = s->images * s->channels * s->pixels, .channels = s->channels};
    a.x = lungo_random_array(a.count, 1);
    a.dy = lungo_random_array(a.count, 2);
    a.y = lungo_constant_array(a.count, NAN);
    a.dx = lungo_constant_array(a.count, NAN);
    a.mean = lungo_constant_array(s->channels, NAN);
    a.variance = lungo_constant_array(s->channels, NAN);
    a.rstd = lungo_constant_array(s->channels, NAN);
    return a;
}

static void free_arrays(arrays *a) {
    float *all[] = {a->x, a->dy, a->y, a->dx, a->mean, a->variance, a->rstd};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* 1/m of the sum over the values of channel c of a b, NULL standing for ones. */
static double mean_of(const lungo_batch_norm *s, size_t c, const float *a, const float *b) {
    double sum = 0;
    for (size_t i = 0; i < s->images * s->channels * s->pixels; i++)
        if (i / s->pixels % s->channels == c) sum += (double)a[i] * (b ? (double)b[i] : 1);
    return sum / (double)(s->images * s->pixels);
}

static void define(const lungo_batch_norm *s, arrays *a) {
    for (size_t c = 0; c < s->channels; c++) {
        double mean = mean_of(s, c, a->x, NULL);
        a->mean[c] = (float)mean;
        a->variance[c] = (float)(mean_of(s, c, a->x, a->x) - mean * mean);
        a->rstd[c] = 1 / sqrtf(a->variance[c] + 0.01f);
    }
    for (size_t i = 0; i < a->count; i++) {
        size_t c = i / s->pixels % s->channels;
        a->y[i] = (a->x[i] - a->mean[c]) * a->rstd[c];
    }
    for (size_t c = 0; c < s->channels; c++) {
        double mean = mean_of(s, c, a->dy, NULL), dot = mean_of(s, c, a->dy, a->y);
        for (size_t i = 0; i < a->count; i++)
            if (i / s->pixels % s->channels == c)
                a->dx[i] = a->rstd[c] * (float)((double)a->dy[i] - mean - (double)a->y[i] * dot);
    }
}

START_TEST(batch_norm_follows_its_definition) {
    const lungo_batch_norm *s = &table[_i];
    arrays want = new_arrays(s), got = new_arrays(s);
    define(s, &want);
    lungo_batch_norm_statistics(s, got.x, got.mean, got.variance);
    lungo_check_array("mean", got.channels, got.mean, want.mean);
    lungo_check_array("variance", got.channels, got.variance, want.variance);
    lungo_batch_norm_forward(s, got.x, got.mean, want.rstd, got.y);
    lungo_check_array("y", got.count, got.y, want.y);
    lungo_batch_norm_backward(s, got.x, got.mean, want.rstd, got.dy, got.dx);
    lungo_check_array("dx", got.count, got.dx, want.dx);
    for (size_t i = 0; i < want.count; i++)
        want.dx[i] = want.dy[i] * want.rstd[i / s->pixels % s->channels];
    lungo_batch_norm_backward_fixed(s, want.rstd, got.dy, got.dy);
    lungo_check_array("dx of fixed statistics", got.count, got.dy, want.dx);
    free_arrays(&want);
    free_arrays(&got);
}
END_TEST

Suite *lungo_suite_batch_norm_kernel(void);
Suite *lungo_suite_batch_norm_kernel(void) {
    Suite *suite = lungo_suite_of("batch_norm_kernel", (const TTest *const[]){NULL});
    lungo_suite_add_table(suite, batch_norm_follows_its_definition, sizeof table / sizeof *table);
    return suite;
}
