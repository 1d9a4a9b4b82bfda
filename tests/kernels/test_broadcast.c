#include "kernels/broadcast.h"

#include <math.h>
#include <stdlib.h>

#include "support/arrays.h"
#include "support/suites.h"

static const lungo_broadcast table[] = {
    {4, 3, 10}, {6, 5, 1},    {1, 1, 20},    {1, 30, 1},
    {8, 1, 1},  {40, 30, 20}, {200, 100, 1}, {0, 3, 2},
};

typedef struct arrays {
    size_t count;
    float *x, *y, *v, *b;
} arrays;

static arrays new_arrays(const lungo_broadcast *s) {
    arrays a = {.count = s->outer * s->length * s->inner};
    a.x = lungo_random_array(a.count, 1);
    a.y = lungo_random_array(a.count, 2);
    a.v = lungo_random_array(s->length, 3);
    a.b = lungo_random_array(s->length, 4);
    return a;
}

static void free_arrays(arrays *a) {
    free(a->x);
    free(a->y);
    free(a->v);
    free(a->b);
}

START_TEST(vectors_are_spread_over_the_middle_axis) {
    const lungo_broadcast *s = &table[_i];
    arrays a = new_arrays(s), want = new_arrays(s);
    for (size_t i = 0; i < a.count; i++)
        want.y[i] = a.x[i] + a.v[i / s->inner % s->length];
    lungo_broadcast_add(s, a.x, a.v, a.y);
    lungo_check_array("sum", a.count, a.y, want.y);
    for (size_t i = 0; i < a.count; i++)
        want.y[i] = a.x[i] * a.v[i / s->inner % s->length];
    lungo_broadcast_multiply(s, a.x, a.v, NULL, a.y);
    lungo_check_array("product", a.count, a.y, want.y);
    for (size_t i = 0; i < a.count; i++)
        want.y[i] += a.b[i / s->inner % s->length];
    lungo_broadcast_multiply(s, a.x, a.v, a.b, a.x);
    lungo_check_array("product and sum in place", a.count, a.x, want.y);
    free_arrays(&a);
    free_arrays(&want);
}
END_TEST

static void check_gathering(const lungo_broadcast *s, float beta, float before) {
    arrays a = new_arrays(s);
    float *sum = lungo_constant_array(s->length, before);
    float *dot = lungo_constant_array(s->length, before);
    for (size_t d = 0; d < s->length; d++) {
        double want_sum = beta == 0 ? 0 : (double)(beta * before), want_dot = want_sum;
        for (size_t i = 0; i < a.count; i++) {
            if (i / s->inner % s->length != d) continue;
            want_sum += (double)a.y[i];
            want_dot += (double)a.x[i] * (double)a.y[i];
        }
        a.v[d] = (float)want_sum;
        a.b[d] = (float)want_dot;
    }
    lungo_broadcast_sum(s, a.y, beta, sum);
    lungo_check_array("sum", s->length, sum, a.v);
    lungo_broadcast_dot(s, a.x, a.y, beta, dot);
    lungo_check_array("dot", s->length, dot, a.b);
    free(sum);
    free(dot);
    free_arrays(&a);
}

START_TEST(sums_and_dots_gather_the_other_axes) {
    check_gathering(&table[_i], 0, NAN);
    check_gathering(&table[_i], 1, 3);
    check_gathering(&table[_i], 0.5f, 3);
}
END_TEST

Suite *lungo_suite_broadcast_kernel(void);
Suite *lungo_suite_broadcast_kernel(void) {
    Suite *suite = lungo_suite_of("broadcast_kernel", (const TTest *const[]){NULL});
    int count = sizeof table / sizeof *table;
    lungo_suite_add_table(suite, vectors_are_spread_over_the_middle_axis, count);
    lungo_suite_add_table(suite, sums_and_dots_gather_the_other_axes, count);
    return suite;
}
