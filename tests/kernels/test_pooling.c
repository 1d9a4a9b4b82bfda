/* Pooling against loops over every cell of every window, padding and overhang included. */
#include "kernels/pooling.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "support/arrays.h"
#include "support/suites.h"

static const lungo_pooling table[] = {
    {3, {6, 6}, {3, 3}, {2, 2}, {2, 2}, {0, 0}},    /* even tiling */
    {2, {7, 8}, {3, 4}, {3, 3}, {2, 2}, {0, 0}},    /* overhang: the last window is cut */
    {2, {6, 5}, {6, 5}, {3, 3}, {1, 1}, {1, 1}},    /* padding on all sides */
    {1, {5, 7}, {3, 4}, {3, 2}, {2, 2}, {1, 1}},    /* padding and overhang */
    {4, {5, 4}, {1, 1}, {5, 4}, {1, 1}, {0, 0}},    /* the whole plane */
    {2, {3, 9}, {1, 3}, {5, 2}, {3, 4}, {0, 0}},    /* wider than the input; a stride with gaps */
    {2, {6, 6}, {3, 3}, {1, 1}, {3, 3}, {0, 0}},    /* a last window with nothing in it */
    {300, {12, 12}, {6, 6}, {2, 2}, {2, 2}, {0, 0}} /* enough for several threads */
};

typedef struct cell {
    size_t plane, output;
    long pixel; /* in its plane; -1: padding */
} cell;

/* The cells of window (plane, i, j) in row order; those beyond the padding do not count. */
static int cells_of(const lungo_pooling *p, size_t plane, int i, int j, cell *cells) {
    int count = 0;
    for (int t = 0; t < p->kernel[0] * p->kernel[1]; t++) {
        int y = i * p->stride[0] - p->pad[0] + t / p->kernel[1];
        int x = j * p->stride[1] - p->pad[1] + t % p->kernel[1];
        if (y >= p->in[0] + p->pad[0] || x >= p->in[1] + p->pad[1]) continue;
        bool inside = y >= 0 && y < p->in[0] && x >= 0 && x < p->in[1];
        cells[count++] =
            (cell){plane, (plane * (size_t)p->out[0] + (size_t)i) * (size_t)p->out[1] + (size_t)j,
                   inside ? (long)y * p->in[1] + x : -1};
    }
    return count;
}

typedef void visit_window(const lungo_pooling *p, const cell *cells, int count, size_t output,
                          const float *from, float *to);

static void each_window(const lungo_pooling *p, visit_window *visit, const float *from, float *to) {
    cell cells[64];
    size_t output = 0;
    for (size_t plane = 0; plane < p->planes; plane++)
        for (int i = 0; i < p->out[0]; i++)
            for (int j = 0; j < p->out[1]; j++, output++)
                visit(p, cells, cells_of(p, plane, i, j, cells), output, from, to);
}

static size_t pixels_of(const lungo_pooling *p) {
    return (size_t)p->in[0] * (size_t)p->in[1];
}

static size_t x_count(const lungo_pooling *p) {
    return p->planes * pixels_of(p);
}

static size_t y_count(const lungo_pooling *p) {
    return p->planes * (size_t)p->out[0] * (size_t)p->out[1];
}

static void average(const lungo_pooling *p, const cell *cells, int count, size_t output,
                    const float *x, float *y) {
    y[output] = 0;
    for (int i = 0; i < count; i++)
        if (cells[i].pixel >= 0)
            y[output] += x[cells[i].plane * pixels_of(p) + (size_t)cells[i].pixel] / (float)count;
}

static void spread(const lungo_pooling *p, const cell *cells, int count, size_t output,
                   const float *dy, float *dx) {
    for (int i = 0; i < count; i++)
        if (cells[i].pixel >= 0)
            dx[cells[i].plane * pixels_of(p) + (size_t)cells[i].pixel] += dy[output] / (float)count;
}

static void maximum(const lungo_pooling *p, const cell *cells, int count, size_t output,
                    const float *x, float *y) {
    y[output] = -FLT_MAX;
    for (int i = 0; i < count; i++)
        if (cells[i].pixel >= 0)
            y[output] = fmaxf(y[output], x[cells[i].plane * pixels_of(p) + (size_t)cells[i].pixel]);
}

START_TEST(average_follows_its_definition) {
    const lungo_pooling *p = &table[_i];
    float *x = lungo_random_array(x_count(p), 1), *dy = lungo_random_array(y_count(p), 2);
    float *y = lungo_constant_array(y_count(p), NAN), *dx = lungo_constant_array(x_count(p), NAN);
    float *want_y = lungo_constant_array(y_count(p), 0);
    float *want_dx = lungo_constant_array(x_count(p), 0);
    lungo_pooling_ave_forward(p, x, y);
    each_window(p, average, x, want_y);
    lungo_check_array("y", y_count(p), y, want_y);
    lungo_pooling_ave_backward(p, dy, dx);
    each_window(p, spread, dy, want_dx);
    lungo_check_array("dx", x_count(p), dx, want_dx);
    free(x);
    free(dy);
    free(y);
    free(dx);
    free(want_y);
    free(want_dx);
}
END_TEST

/* What the mask points at is the value given, and receives the gradient. */
static void check_mask(const lungo_pooling *p, const float *x, const float *y, const int32_t *mask,
                       const float *dy, const float *dx) {
    float *want = lungo_constant_array(x_count(p), 0);
    for (size_t i = 0; i < y_count(p); i++) {
        size_t plane = i / (y_count(p) / p->planes) * pixels_of(p);
        ck_assert_int_ge(mask[i], -1);
        ck_assert_int_lt(mask[i], (int)pixels_of(p));
        if (mask[i] < 0) {
            ck_assert_float_eq(y[i], -FLT_MAX);
            continue;
        }
        ck_assert_float_eq(y[i], x[plane + (size_t)mask[i]]);
        want[plane + (size_t)mask[i]] += dy[i];
    }
    lungo_check_array("dx", x_count(p), dx, want);
    free(want);
}

static void check_max(const lungo_pooling *p, const float *x) {
    float *dy = lungo_random_array(y_count(p), 2), *dx = lungo_constant_array(x_count(p), NAN);
    float *y = lungo_constant_array(y_count(p), NAN), *want = lungo_constant_array(y_count(p), 0);
    int32_t *mask = malloc(y_count(p) * sizeof *mask);
    ck_assert_ptr_nonnull(mask);
    lungo_pooling_max_forward(p, x, y, mask);
    each_window(p, maximum, x, want);
    lungo_check_array("y", y_count(p), y, want);
    lungo_pooling_max_backward(p, mask, dy, dx);
    check_mask(p, x, y, mask, dy, dx);
    free(mask);
    free(dy);
    free(dx);
    free(y);
    free(want);
}

START_TEST(maximum_follows_its_definition) {
    const lungo_pooling *p = &table[_i];
    float *x = lungo_random_array(x_count(p), 1);
    check_max(p, x);
    for (size_t i = 0; i < x_count(p); i++)
        if (i / pixels_of(p) % 2 == 0) x[i] = NAN;
    check_max(p, x);
    free(x);
}
END_TEST

START_TEST(the_first_of_equal_values_wins) {
    lungo_pooling p = {1, {2, 3}, {1, 1}, {2, 3}, {1, 1}, {0, 0}};
    float x[] = {0, 0, 1, 1, 0, 1}, y;
    int32_t mask;
    lungo_pooling_max_forward(&p, x, &y, &mask);
    ck_assert_int_eq(mask, 2);
}
END_TEST

Suite *lungo_suite_pooling_kernel(void);
Suite *lungo_suite_pooling_kernel(void) {
    Suite *suite = lungo_suite_of("pooling_kernel",
                                  (const TTest *const[]){the_first_of_equal_values_wins, NULL});
    int count = sizeof table / sizeof *table;
    lungo_suite_add_table(suite, average_follows_its_definition, count);
    lungo_suite_add_table(suite, maximum_follows_its_definition, count);
    return suite;
}
