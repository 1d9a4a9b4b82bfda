#include <math.h>
#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define ARGMAX(settings)                                                                           \
    INPUT("x", "dim: 2 dim: 2 dim: 2")                                                             \
    LAYER1("layer", "ArgMax", "x", "y", "argmax_param { " settings " }")

static void check(const char *text, const lungo_shape *shape, const float *expected) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    lungo_set_data(net, "x", (float[]){3, 9, 5, 9, NAN, 1, 2, 0}, 8);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_shape(net, "y", shape);
    lungo_test_values(net, "y", expected, lungo_shape_count(shape));
    lungo_net_free(net);
}

/* The later of equal values comes first; what is not a number comes last. */
START_TEST(over_whole_items) {
    check(ARGMAX(""), &LUNGO_SHAPE(2, 1, 1), (float[]){3, 2});
    check(ARGMAX("top_k: 3"), &LUNGO_SHAPE(2, 1, 3), (float[]){3, 1, 2, 2, 1, 3});
    check(ARGMAX("top_k: 2 out_max_val: true"), &LUNGO_SHAPE(2, 2, 2),
          (float[]){3, 1, 9, 9, 2, 1, 2, 1});
}
END_TEST

START_TEST(along_an_axis) {
    check(ARGMAX("axis: 1"), &LUNGO_SHAPE(2, 1, 2), (float[]){1, 1, 1, 0});
    check(ARGMAX("axis: 1 out_max_val: true"), &LUNGO_SHAPE(2, 1, 2), (float[]){5, 9, 2, 1});
    check(ARGMAX("axis: -1 top_k: 2"), &LUNGO_SHAPE(2, 2, 2), (float[]){1, 0, 1, 0, 1, 0, 0, 1});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(ARGMAX("top_k: 5"), LUNGO_ERR_CONFIG,
                       "top_k: expected 1 to 4 for shape 2x2x2, got 5");
    lungo_test_refused(ARGMAX("top_k: 0"), LUNGO_ERR_CONFIG,
                       "top_k: expected 1 to 4 for shape 2x2x2, got 0");
    lungo_test_refused(ARGMAX("axis: 0 top_k: 3"), LUNGO_ERR_CONFIG, "top_k: expected 1 to 2");
    lungo_test_refused(INPUT("x", "") LAYER1("layer", "ArgMax", "x", "y", ""), LUNGO_ERR_CONFIG,
                       "bottom 'x': expected an axis or more, got a scalar");
}
END_TEST

Suite *lungo_suite_argmax(void);
Suite *lungo_suite_argmax(void) {
    return lungo_suite_of("argmax", (const TTest *const[]){over_whole_items, along_an_axis,
                                                           what_does_not_fit_is_refused, NULL});
}
