/* Pooling against loops over every cell of every window, padding and overhang included. */
#include "kernels/pooling.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "support/arrays.h"
#include "support/suites.h"

/* Planes of two axes. */
#define FLAT(planes, in, out, kernel, stride, pad)                                                 \
    {                                                                                              \
        planes, {1, in}, {1, out}, {1, kernel}, {1, stride}, {                                     \
            0, pad                                                                                 \
        }                                                                                          \
    }
#define PAIR(a, b) a, b

static const lungo_pooling table[] = {
    /* even tiling */
    FLAT(3, PAIR(6, 6), PAIR(3, 3), PAIR(2, 2), PAIR(2, 2), PAIR(0, 0)),
    /* overhang: the last window is cut */
    FLAT(2, PAIR(7, 8), PAIR(3, 4), PAIR(3, 3), PAIR(2, 2), PAIR(0, 0)),
    /* padding on all sides */
    FLAT(2, PAIR(6, 5), PAIR(6, 5), PAIR(3, 3), PAIR(1, 1), PAIR(1, 1)),
    /* padding and overhang */
    FLAT(1, PAIR(5, 7), PAIR(3, 4), PAIR(3, 2), PAIR(2, 2), PAIR(1, 1)),
    /* the whole plane */
    FLAT(4, PAIR(5, 4), PAIR(1, 1), PAIR(5, 4), PAIR(1, 1), PAIR(0, 0)),
    /* wider than the input; a stride with gaps */
    FLAT(2, PAIR(3, 9), PAIR(1, 3), PAIR(5, 2), PAIR(3, 4), PAIR(0, 0)),
    /* a last window with nothing in it */
    FLAT(2, PAIR(6, 6), PAIR(3, 3), PAIR(1, 1), PAIR(3, 3), PAIR(0, 0)),
    /* rows longer than a vector, strides 1, 2 and 3 */
    FLAT(2, PAIR(5, 41), PAIR(5, 41), PAIR(3, 3), PAIR(1, 1), PAIR(1, 1)),
    FLAT(2, PAIR(9, 71), PAIR(4, 35), PAIR(3, 3), PAIR(2, 2), PAIR(0, 0)),
    FLAT(1, PAIR(7, 100), PAIR(3, 33), PAIR(2, 4), PAIR(3, 3), PAIR(1, 1)),
    /* enough for several threads */
    FLAT(300, PAIR(12, 12), PAIR(6, 6), PAIR(2, 2), PAIR(2, 2), PAIR(0, 0)),
    /* three axes: plain, and with padding and overhang */
    {2, {4, 6, 5}, {2, 3, 5}, {2, 2, 1}, {2, 2, 1}, {0, 0, 0}},
    {2, {5, 4, 7}, {3, 3, 4}, {3, 2, 2}, {2, 2, 2}, {1, 1, 1}},
};

typedef struct cell {
    size_t plane;
    long pixel; /* in its plane; -1: padding */
} cell;

/* Position number `index` of a box, last axis fastest. */
static void place(int index, const int *sizes, int *at) {
    for (int a = LUNGO_POOLING_AXES; a-- > 0; index /= sizes[a])
        at[a] = index % sizes[a];
}

/* The cells of a window in row order; those beyond the padding do not count. */
static int cells_of(const lungo_pooling *p, size_t plane, int window, cell *cells) {
    int count = 0, at[LUNGO_POOLING_AXES], tap[LUNGO_POOLING_AXES];
    place(window, p->out, at);
    for (int t = 0; t < p->kernel[0] * p->kernel[1] * p->kernel[2]; t++) {
        bool counts = true, inside = true;
        long pixel = 0;
        place(t, p->kernel, tap);
        for (int a = 0; a < LUNGO_POOLING_AXES; a++) {
            int i = at[a] * p->stride[a] - p->pad[a] + tap[a];
            counts &= i < p->in[a] + p->pad[a];
            inside &= i >= 0 && i < p->in[a];
            pixel = pixel * p->in[a] + i;
        }
        if (counts) cells[count++] = (cell){plane, inside ? pixel : -1};
    }
    return count;
}

typedef void visit_window(const lungo_pooling *p, const cell *cells, int count, size_t output,
                          const float *from, float *to);

static size_t outputs_of(const lungo_pooling *p) {
    return (size_t)p->out[0] * (size_t)p->out[1] * (size_t)p->out[2];
}

static void each_window(const lungo_pooling *p, visit_window *visit, const float *from, float *to) {
    cell cells[64];
    size_t output = 0;
    for (size_t plane = 0; plane < p->planes; plane++)
        for (int i = 0; i < (int)outputs_of(p); i++, output++)
            visit(p, cells, cells_of(p, plane, i, cells), output, from, to);
}

static size_t pixels_of(const lungo_pooling *p) {
    return (size_t)p->in[0] * (size_t)p->in[1] * (size_t)p->in[2];
}

static size_t x_count(const lungo_pooling *p) {
    return p->planes * pixels_of(p);
}

static size_t y_count(const lungo_pooling *p) {
    return p->planes * outputs_of(p);
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
    lungo_pooling_mask_backward(p, mask, dy, dx);
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
    lungo_pooling p = {1, {1, 2, 3}, {1, 1, 1}, {1, 2, 3}, {1, 1, 1}, {0, 0, 0}};
    float x[] = {0, 0, 1, 1, 0, 1}, y;
    int32_t mask;
    lungo_pooling_max_forward(&p, x, &y, &mask);
    ck_assert_int_eq(mask, 2);
}
END_TEST

/* The window holds 1, 2, 1: u = 0 and 1/4 take the first value, more the second, beyond 3/4 the
 * last. */
START_TEST(sampling_goes_by_the_size_of_the_values) {
    lungo_pooling p = {1, {1, 1, 3}, {1, 1, 1}, {1, 1, 3}, {1, 1, 1}, {0, 0, 0}};
    static const struct {
        float u;
        int taken;
    } draws[] = {{0, 0}, {0.25f, 0}, {0.26f, 1}, {0.75f, 1}, {0.76f, 2}, {1, 2}};
    const float x[] = {1, 2, 1};
    int32_t mask;
    for (size_t i = 0; i < sizeof draws / sizeof *draws; i++) {
        float y = draws[i].u;
        lungo_pooling_sample_forward(&p, x, &y, &mask);
        ck_assert_int_eq(mask, draws[i].taken);
        ck_assert_float_eq(y, x[mask]);
    }
    float y;
    lungo_pooling_expect_forward(&p, x, &y);
    ck_assert_float_eq(y, 1.5f);
}
END_TEST

/* What the method is not meant for gives numbers all the same. */
START_TEST(sampling_where_there_is_nothing_to_go_by) {
    lungo_pooling p = {1, {1, 1, 4}, {1, 1, 2}, {1, 1, 2}, {1, 1, 4}, {0, 0, 0}};
    const float negative[] = {-1, -3, 0, 0}, nothing[] = {0, 0, 0, 0}, dy[] = {1, 1};
    float y[2] = {0, 0.5f}, dx[4];
    int32_t mask[2];
    lungo_pooling_sample_forward(&p, negative, y, mask);
    ck_assert_int_eq(mask[0], 1); /* no sum reaches 0: the last one */
    ck_assert_float_eq(y[0], -3);
    ck_assert_int_eq(mask[1], -1); /* the second window lies behind the image */
    ck_assert_float_eq(y[1], 0);
    lungo_pooling_expect_forward(&p, negative, y);
    ck_assert_float_eq(y[0], 0);
    lungo_pooling_expect_backward(&p, negative, dy, dx);
    ck_assert_float_eq(dx[0], 0);
    y[0] = 1;
    lungo_pooling_sample_forward(&p, nothing, y, mask);
    ck_assert_int_eq(mask[0], 0);
}
END_TEST

Suite *lungo_suite_pooling_kernel(void);
Suite *lungo_suite_pooling_kernel(void) {
    Suite *suite = lungo_suite_of(
        "pooling_kernel", (const TTest *const[]){the_first_of_equal_values_wins,
                                                 sampling_goes_by_the_size_of_the_values,
                                                 sampling_where_there_is_nothing_to_go_by, NULL});
    int count = sizeof table / sizeof *table;
    lungo_suite_add_table(suite, average_follows_its_definition, count);
    lungo_suite_add_table(suite, maximum_follows_its_definition, count);
    return suite;
}
