#include "kernels/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/arrays.h"
#include "support/suites.h"

static const lungo_softmax table[] = {
    {4, 10, 1}, {2, 3, 5}, {1, 1, 7}, {3, 21, 200}, {700, 9, 3}, {2, 4, 64}, {0, 3, 2},
};

static void forward_by_definition(const lungo_softmax *s, const float *x, float *y) {
    for (size_t i = 0; i < s->outer * s->inner; i++) {
        size_t first = i / s->inner * s->classes * s->inner + i % s->inner;
        double sum = 0;
        for (size_t c = 0; c < s->classes; c++)
            sum += exp((double)x[first + c * s->inner]);
        for (size_t c = 0; c < s->classes; c++)
            y[first + c * s->inner] = (float)(exp((double)x[first + c * s->inner]) / sum);
    }
}

static void backward_by_definition(const lungo_softmax *s, const float *y, const float *dy,
                                   float *dx) {
    for (size_t i = 0; i < s->outer * s->inner; i++) {
        size_t first = i / s->inner * s->classes * s->inner + i % s->inner;
        for (size_t c = 0; c < s->classes; c++) {
            double sum = 0;
            for (size_t k = 0; k < s->classes; k++) {
                double yc = (double)y[first + c * s->inner], yk = (double)y[first + k * s->inner];
                sum += (double)dy[first + k * s->inner] * yk * ((k == c) - yc);
            }
            dx[first + c * s->inner] = (float)sum;
        }
    }
}

START_TEST(softmax_follows_its_definition) {
    const lungo_softmax *s = &table[_i];
    size_t count = s->outer * s->classes * s->inner;
    float *x = lungo_random_array(count, 1), *dy = lungo_random_array(count, 2);
    float *want = lungo_constant_array(count, 0), *y = lungo_constant_array(count, NAN);
    float *want_dx = lungo_constant_array(count, 0);
    forward_by_definition(s, x, want);
    lungo_softmax_forward(s, x, y);
    lungo_check_array("y", count, y, want);
    lungo_softmax_forward(s, x, x);
    ck_assert_mem_eq(x, y, count * sizeof *x);
    backward_by_definition(s, want, dy, want_dx);
    lungo_softmax_backward(s, y, dy, dy);
    lungo_check_array("dx", count, dy, want_dx);
    free(x);
    free(dy);
    free(y);
    free(want);
    free(want_dx);
}
END_TEST

START_TEST(large_values_do_not_overflow) {
    float x[] = {1000, 1001, -1000}, y[3];
    lungo_softmax_forward(&(lungo_softmax){1, 3, 1}, x, y);
    lungo_check_array("y", 3, y, (float[]){0.2689414f, 0.7310586f, 0});
}
END_TEST

Suite *lungo_suite_softmax_kernel(void);
Suite *lungo_suite_softmax_kernel(void) {
    Suite *suite = lungo_suite_of("softmax_kernel",
                                  (const TTest *const[]){large_values_do_not_overflow, NULL});
    lungo_suite_add_table(suite, softmax_follows_its_definition, sizeof table / sizeof *table);
    return suite;
}
