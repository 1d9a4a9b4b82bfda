/* LRN against its definition, one value at a time. */
#include "kernels/lrn.h"

#include <math.h>
#include <stdlib.h>

#include "support/arrays.h"
#include "support/suites.h"

static const lungo_lrn table[] = {
    {2, 7, 3, 2, 5, false, 0.5f, 0.75f, 1, 1}, {3, 4, 2, 3, 3, false, 1, 0.4f, 2, 3},
    {1, 2, 3, 3, 9, false, 2, 0.75f, 1, 1},    {2, 3, 4, 4, 1, false, 0.1f, 2, 1, 2},
    {2, 3, 5, 6, 3, true, 0.7f, 0.75f, 1, 2},  {1, 2, 2, 3, 7, true, 3, 1.5f, 1, 1},
    {300, 6, 4, 4, 5, false, 1, 0.75f, 1, 2},
};

static long distance(size_t a, size_t b) {
    return labs((long)a - (long)b);
}

/* Whether values a and b of the whole array lie in one window. */
static bool are_neighbours(const lungo_lrn *l, size_t a, size_t b) {
    size_t plane = l->height * l->width;
    long reach = (long)(l->size / 2);
    if (a / plane / l->channels != b / plane / l->channels) return false;
    if (!l->within_channel)
        return a % plane == b % plane && distance(a / plane, b / plane) <= reach;
    return a / plane == b / plane &&
           distance(a % plane / l->width, b % plane / l->width) <= reach &&
           distance(a % l->width, b % l->width) <= reach;
}

static double window_sum(const lungo_lrn *l, const double *values, size_t i) {
    size_t image = l->channels * l->height * l->width, first = i / image * image;
    double sum = 0;
    for (size_t j = first; j < first + image; j++)
        if (are_neighbours(l, i, j)) sum += values[j];
    return sum;
}

typedef struct arrays {
    size_t count;
    float *x, *dy, *y, *dx;
} arrays;

static void define(const lungo_lrn *l, const arrays *a) {
    double n = (double)(l->within_channel ? l->size * l->size : l->size);
    double *terms = malloc(a->count * sizeof *terms), *scale = malloc(a->count * sizeof *scale);
    ck_assert(terms && scale);
    for (size_t i = 0; i < a->count; i++)
        terms[i] = (double)a->x[i] * (double)a->x[i];
    for (size_t i = 0; i < a->count; i++) {
        scale[i] = (double)l->k + (double)l->alpha / n * window_sum(l, terms, i);
        a->y[i] = (float)((double)a->x[i] * pow(scale[i], -(double)l->beta));
    }
    for (size_t i = 0; i < a->count; i++)
        terms[i] = (double)a->dy[i] * (double)a->y[i] / scale[i];
    for (size_t i = 0; i < a->count; i++)
        a->dx[i] = (float)((double)a->dy[i] * pow(scale[i], -(double)l->beta) -
                           2 * (double)l->alpha * (double)l->beta / n * (double)a->x[i] *
                               window_sum(l, terms, i));
    free(terms);
    free(scale);
}

START_TEST(lrn_follows_its_definition) {
    const lungo_lrn *l = &table[_i];
    arrays want = {.count = l->images * l->channels * l->height * l->width};
    want.x = lungo_random_array(want.count, 1);
    want.dy = lungo_random_array(want.count, 2);
    want.y = lungo_constant_array(want.count, 0);
    want.dx = lungo_constant_array(want.count, 0);
    define(l, &want);
    float *scratch = lungo_constant_array(lungo_lrn_scratch(l), NAN);
    float *scale = lungo_constant_array(want.count, NAN),
          *y = lungo_constant_array(want.count, NAN);
    float *dx = lungo_constant_array(want.count, NAN);
    lungo_lrn_forward(l, want.x, scale, y, scratch);
    lungo_check_array("y", want.count, y, want.y);
    lungo_lrn_backward(l, want.x, y, scale, want.dy, dx, scratch);
    lungo_check_array("dx", want.count, dx, want.dx);
    free(want.x);
    free(want.dy);
    free(want.y);
    free(want.dx);
    free(scratch);
    free(scale);
    free(y);
    free(dx);
}
END_TEST

Suite *lungo_suite_lrn_kernel(void);
Suite *lungo_suite_lrn_kernel(void) {
    Suite *suite = lungo_suite_of("lrn_kernel", (const TTest *const[]){NULL});
    lungo_suite_add_table(suite, lrn_follows_its_definition, sizeof table / sizeof *table);
    return suite;
}
