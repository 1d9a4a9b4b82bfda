/* Blocked layouts: there and back, vectors over channels, pooling and normalisation of blocks. */
#include "kernels/blocked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/batch_norm.h"
#include "kernels/blocked_norm.h"
#include "kernels/blocked_pooling.h"
#include "kernels/broadcast.h"
#include "support/arrays.h"
#include "support/suites.h"

static const lungo_blocked table[] = {
    {2, 16, 9, 16}, {3, 20, 130, 16}, {1, 3, 70, 16}, {2, 33, 1, 16},
    {2, 10, 7, 8},  {2, 8, 65, 8},    {3, 5, 11, 1},  {40, 40, 30, 16},
};

static size_t plain_count(const lungo_blocked *layout) {
    return layout->images * layout->channels * layout->pixels;
}

static float *block_of(const lungo_blocked *layout, const float *plain) {
    float *blocked = lungo_constant_array(lungo_blocked_count(layout), NAN);
    lungo_block(layout, plain, blocked);
    return blocked;
}

static void check_blocked(const char *what, const lungo_blocked *layout, const float *blocked,
                          const float *want) {
    float *got = lungo_constant_array(plain_count(layout), NAN);
    lungo_unblock(layout, blocked, got);
    lungo_check_array(what, plain_count(layout), got, want);
    float *again = block_of(layout, got);
    for (size_t i = 0; i < lungo_blocked_count(layout); i++)
        ck_assert_msg(blocked[i] == again[i], "%s: padding at %zu is %g", what, i, blocked[i]);
    free(again);
    free(got);
}

START_TEST(every_value_has_its_lane) {
    const lungo_blocked *l = &table[_i];
    float *plain = lungo_random_array(plain_count(l), 1), *blocked = block_of(l, plain);
    size_t blocks = lungo_blocked_blocks(l);
    for (size_t i = 0; i < lungo_blocked_count(l); i++) {
        size_t lane = i % l->lanes, p = i / l->lanes % l->pixels;
        size_t b = i / l->lanes / l->pixels % blocks, n = i / l->lanes / l->pixels / blocks;
        size_t c = b * l->lanes + lane;
        float want = c < l->channels ? plain[(n * l->channels + c) * l->pixels + p] : 0;
        ck_assert_float_eq(blocked[i], want);
    }
    check_blocked("there and back", l, blocked, plain);
    free(plain);
    free(blocked);
}
END_TEST

START_TEST(vectors_over_channels) {
    const lungo_blocked *l = &table[_i];
    lungo_broadcast shape = {l->images, l->channels, l->pixels};
    float *plain = lungo_random_array(plain_count(l), 1), *blocked = block_of(l, plain);
    float *v = lungo_random_array(l->channels, 2), *sum = lungo_constant_array(l->channels, NAN);
    float *want = lungo_constant_array(l->channels, NAN);
    lungo_blocked_sum(l, blocked, 0, sum);
    lungo_broadcast_sum(&shape, plain, 0, want);
    lungo_check_array("sum", l->channels, sum, want);
    lungo_blocked_sum(l, blocked, 1, sum);
    lungo_broadcast_sum(&shape, plain, 1, want);
    lungo_check_array("sum added", l->channels, sum, want);
    lungo_blocked_add(l, v, blocked);
    lungo_broadcast_add(&shape, plain, v, plain);
    check_blocked("add", l, blocked, plain);
    free(plain);
    free(blocked);
    free(v);
    free(sum);
    free(want);
}
END_TEST

/* ---- pooling ---- */

static const lungo_pooling windows[] = {
    {6, {1, 6, 7}, {1, 3, 3}, {1, 2, 3}, {1, 2, 2}, {0, 0, 0}},
    {6, {1, 5, 5}, {1, 5, 5}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}},
    {6, {1, 5, 7}, {1, 3, 4}, {1, 3, 2}, {1, 2, 2}, {0, 1, 1}},
    {6, {1, 6, 6}, {1, 3, 3}, {1, 1, 1}, {1, 3, 3}, {0, 0, 0}},
    {6, {1, 4, 4}, {1, 1, 1}, {1, 4, 4}, {1, 1, 1}, {0, 0, 0}},
};

/* The planes of the plain window: two images of three channels. */
static lungo_blocked side(const int sizes[3], size_t lanes) {
    return (lungo_blocked){2, 3, (size_t)(sizes[1] * sizes[2]), lanes};
}

static void check_pooling(lungo_pooling window, size_t lanes, bool max) {
    lungo_blocked in = side(window.in, lanes), out = side(window.out, lanes);
    float *x = lungo_random_array(plain_count(&in), 1), *bx = block_of(&in, x);
    float *dy = lungo_random_array(plain_count(&out), 2), *bdy = block_of(&out, dy);
    float *y = lungo_constant_array(plain_count(&out), NAN), *by = block_of(&out, y);
    int32_t *mask = (int32_t *)lungo_constant_array(lungo_blocked_count(&out), 0);
    if (max) {
        lungo_pooling_max_forward(&window, x, y, mask);
        lungo_pooling_mask_backward(&window, mask, dy, x);
    } else {
        lungo_pooling_ave_forward(&window, x, y);
        lungo_pooling_ave_backward(&window, dy, x);
    }
    window.planes = in.images * lungo_blocked_blocks(&in);
    if (max) {
        lungo_blocked_max_forward(&window, lanes, bx, by, mask);
        lungo_blocked_max_backward(&window, lanes, mask, bdy, bx);
    } else {
        lungo_blocked_ave_forward(&window, lanes, bx, by);
        lungo_blocked_ave_backward(&window, lanes, bdy, bx);
    }
    float *got = lungo_constant_array(plain_count(&out), NAN);
    lungo_unblock(&out, by, got);
    lungo_check_array("y", plain_count(&out), got, y);
    check_blocked("dx", &in, bx, x);
    free(got);
    float *all[] = {x, bx, dy, bdy, y, by, (float *)mask};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

START_TEST(pooling_of_blocks) {
    static const size_t lanes[] = {1, 8, 16};
    for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
        check_pooling(windows[_i], lanes[i], true);
        check_pooling(windows[_i], lanes[i], false);
    }
}
END_TEST

/* ---- normalisation ---- */

/* Vectors over channels, padding included. */
typedef struct vectors {
    float *mean, *variance, *rstd, *zeros, *sum, *dot, *p, *q, *r;
} vectors;

static vectors new_vectors(const lungo_blocked *l) {
    size_t count = lungo_blocked_channels(l);
    vectors v;
    float **all = (float **)&v;
    for (size_t i = 0; i < sizeof v / sizeof *all; i++)
        all[i] = lungo_constant_array(count, 0);
    return v;
}

static void free_vectors(vectors *v) {
    float **all = (float **)v;
    for (size_t i = 0; i < sizeof *v / sizeof *all; i++)
        free(all[i]);
}

START_TEST(normalisation_of_blocks) {
    const lungo_blocked *l = &table[_i];
    lungo_batch_norm shape = {l->images, l->channels, l->pixels};
    size_t count = plain_count(l), m = l->images * l->pixels;
    float *x = lungo_random_array(count, 1), *dy = lungo_random_array(count, 2);
    for (size_t i = 0; i < count; i++)
        x[i] += 100;
    float *bx = block_of(l, x), *bdy = block_of(l, dy);
    float *scratch = lungo_constant_array(lungo_blocked_norm_scratch(l), NAN);
    vectors plain = new_vectors(l), v = new_vectors(l);
    lungo_batch_norm_statistics(&shape, x, plain.mean, plain.variance);
    lungo_blocked_norm_statistics(l, bx, v.mean, v.variance, scratch);
    lungo_check_array("mean", l->channels, v.mean, plain.mean);
    for (size_t c = 0; c < l->channels; c++) {
        ck_assert_float_eq_tol(v.variance[c], plain.variance[c], 1e-4f);
        v.rstd[c] = 1 / sqrtf(plain.variance[c] + 0.01f);
        v.mean[c] = plain.mean[c];
    }
    lungo_blocked_norm_sums(l, v.mean, NULL, bx, NULL, bdy, v.sum, v.dot, scratch);
    for (size_t c = 0; c < l->channels; c++) {
        v.p[c] = v.rstd[c];
        v.q[c] = -v.rstd[c] * v.rstd[c] * v.rstd[c] * v.dot[c] / (float)m;
        v.r[c] = -v.rstd[c] * v.sum[c] / (float)m;
    }
    float *dx = lungo_constant_array(count, NAN);
    lungo_batch_norm_backward(&shape, x, v.mean, v.rstd, dy, dx);
    lungo_blocked_norm_backward(l, v.mean, v.p, v.q, v.r, NULL, bx, NULL, bdy, bdy);
    check_blocked("dx", l, bdy, dx);
    lungo_batch_norm_forward(&shape, x, v.mean, v.rstd, x);
    lungo_blocked_norm_forward(l, v.mean, v.rstd, v.zeros, NULL, bx, bx);
    check_blocked("y", l, bx, x);
    float *all[] = {x, dy, bx, bdy, scratch, dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free_vectors(&plain);
    free_vectors(&v);
}
END_TEST

START_TEST(normalisation_goes_through_a_relu) {
    lungo_blocked l = {1, 1, 4, 1};
    float x[] = {1, 2, 3, 4}, y[4], dy[] = {5, 6, 7, 8}, dx[4], scratch[16], slope = 0.5f;
    float mean = 2.5f, factor = 2, beta = 0, zero = 0, sum, dot;
    lungo_blocked_norm_forward(&l, &mean, &factor, &beta, &slope, x, y);
    ck_assert_mem_eq(y, ((float[]){-1.5f, -0.5f, 1, 3}), sizeof y);
    lungo_blocked_norm_sums(&l, &mean, &slope, x, y, dy, &sum, &dot, scratch);
    ck_assert_float_eq(sum, 2.5f + 3 + 7 + 8);
    ck_assert_float_eq(dot, 2.5f * -1.5f + 3 * -0.5f + 7 * 0.5f + 8 * 1.5f);
    lungo_blocked_norm_backward(&l, &mean, &factor, &zero, &zero, &slope, x, y, dy, dx);
    ck_assert_mem_eq(dx, ((float[]){5, 6, 14, 16}), sizeof dx);
}
END_TEST

Suite *lungo_suite_blocked(void);
Suite *lungo_suite_blocked(void) {
    Suite *suite =
        lungo_suite_of("blocked", (const TTest *const[]){normalisation_goes_through_a_relu, NULL});
    int count = sizeof table / sizeof *table;
    lungo_suite_add_table(suite, every_value_has_its_lane, count);
    lungo_suite_add_table(suite, vectors_over_channels, count);
    lungo_suite_add_table(suite, pooling_of_blocks, sizeof windows / sizeof *windows);
    lungo_suite_add_table(suite, normalisation_of_blocks, count);
    return suite;
}
