/* The LSTM step against its formulas in double, and its gradient against differences of them. */
#include "kernels/lstm.h"

#include <math.h>
#include <stdlib.h>

#include "support/arrays.h"
#include "support/suites.h"

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

/* c and h of one cell from the inputs of its gates. */
static void reference(const double gates[4], double cont, double before, double *c, double *h) {
    double f = cont == 0 ? 0 : cont * sigmoid(gates[1]) * before;
    *c = f + sigmoid(gates[0]) * tanh(gates[3]);
    *h = sigmoid(gates[2]) * tanh(*c);
}

static const lungo_lstm_shape table[] = {{1, 1}, {3, 5}, {2, 64}, {40, 70}};

START_TEST(forward_follows_the_formulas) {
    lungo_lstm_shape shape = table[_i];
    size_t one = shape.streams * shape.hidden;
    float *x = lungo_random_array(4 * one, 1), *before = lungo_random_array(one, 2);
    float *cont = lungo_random_array(shape.streams, 3);
    float *c = lungo_constant_array(one, NAN), *h = lungo_constant_array(one, NAN);
    float *want_c = lungo_constant_array(one, 0), *want_h = lungo_constant_array(one, 0);
    cont[0] = 0;
    before[0] = NAN; /* in the stream that starts anew */
    for (size_t i = 0; i < 4 * one; i++)
        x[i] *= 20;
    for (size_t i = 0; i < one; i++) {
        size_t n = i / shape.hidden, at = n * 4 * shape.hidden + i % shape.hidden;
        double gates[4], cell, out;
        for (size_t g = 0; g < 4; g++)
            gates[g] = x[at + g * shape.hidden];
        reference(gates, cont[n], before[i], &cell, &out);
        want_c[i] = (float)cell;
        want_h[i] = (float)out;
    }
    lungo_lstm_forward(&shape, x, cont, before, x, c, h);
    lungo_check_array("c", one, c, want_c);
    lungo_check_array("h", one, h, want_h);
    float *all[] = {x, before, cont, c, h, want_c, want_h};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}
END_TEST

/* d (dc c + dh h) by gate g, or by c_before for g = 4. */
static double difference(const double gates[4], double before, double dc, double dh, int g) {
    const double step = 1e-5;
    double sums[2];
    for (int side = 0; side < 2; side++) {
        double moved[5] = {gates[0], gates[1], gates[2], gates[3], before}, c, h;
        moved[g] += side ? step : -step;
        reference(moved, 1, moved[4], &c, &h);
        sums[side] = dc * c + dh * h;
    }
    return (sums[1] - sums[0]) / (2 * step);
}

START_TEST(backward_is_the_gradient) {
    lungo_lstm_shape shape = table[_i];
    size_t one = shape.streams * shape.hidden;
    float *x = lungo_random_array(4 * one, 1), *before = lungo_random_array(one, 2);
    float *dh = lungo_random_array(one, 4), *dc = lungo_random_array(one, 5);
    float *cont = lungo_constant_array(shape.streams, 1);
    float *acts = lungo_constant_array(4 * one, NAN), *dx = lungo_constant_array(4 * one, NAN);
    float *c = lungo_constant_array(one, NAN), *h = lungo_constant_array(one, NAN);
    float *want_dx = lungo_constant_array(4 * one, 0), *want_dc = lungo_constant_array(one, 0);
    for (size_t i = 0; i < one; i++) {
        size_t at = i / shape.hidden * 4 * shape.hidden + i % shape.hidden;
        double gates[4];
        for (size_t g = 0; g < 4; g++)
            gates[g] = x[at + g * shape.hidden];
        for (size_t g = 0; g < 4; g++)
            want_dx[at + g * shape.hidden] =
                (float)difference(gates, before[i], dc[i], dh[i], (int)g);
        want_dc[i] = (float)difference(gates, before[i], dc[i], dh[i], 4);
    }
    lungo_lstm_forward(&shape, x, cont, before, acts, c, h);
    lungo_lstm_backward(&shape, acts, cont, before, c, dh, dc, dx, dc);
    lungo_check_array("dx", 4 * one, dx, want_dx);
    lungo_check_array("dc_before", one, dc, want_dc);
    float *all[] = {x, before, dh, dc, cont, acts, dx, c, h, want_dx, want_dc};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}
END_TEST

Suite *lungo_suite_lstm_kernel(void);
Suite *lungo_suite_lstm_kernel(void) {
    Suite *suite = lungo_suite_of("lstm_kernel", (const TTest *const[]){NULL});
    int count = sizeof table / sizeof *table;
    lungo_suite_add_table(suite, forward_follows_the_formulas, count);
    lungo_suite_add_table(suite, backward_is_the_gradient, count);
    return suite;
}
