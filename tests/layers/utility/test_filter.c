#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define FILTER(a, b, s)                                                                            \
    "force_backward: true " INPUT("a", a) INPUT("b", b)                                            \
        INPUT("s", s) "layer { name: 'f' type: 'Filter' bottom: 'a' bottom: 'b' bottom: 's' top: " \
                      "'p' top: 'q' }" LAYER1("after", "TanH", "q", "y", "")

START_TEST(the_selected_items_pass_and_later_layers_follow) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, FILTER("dim: 4 dim: 2", "dim: 4", "dim: 4 dim: 1"));
    lungo_set_data(net, "a", (float[]){1, 2, 3, 4, 5, 6, 7, 8}, 8);
    lungo_set_data(net, "b", (float[]){0, 0, 0, 0}, 4);
    static const float selectors[3][4] = {{0, 1, 0, -0.5f}, {1, 1, 0, 1}, {0, 0, 1, 0}};
    static const float expected[3][6] = {{3, 4, 7, 8}, {1, 2, 3, 4, 7, 8}, {5, 6}};
    static const int items[3] = {2, 3, 1};
    for (int pass = 0; pass < 3; pass++) {
        lungo_set_data(net, "s", selectors[pass], 4);
        ck_ok(lungo_net_forward(net, NULL));
        lungo_test_shape(net, "y", &LUNGO_SHAPE(items[pass]));
        lungo_test_values(net, "p", expected[pass], 2 * (size_t)items[pass]);
        lungo_set_diff(net, "y", (float[]){1, 2, 3}, (size_t)items[pass]);
        lungo_set_diff(net, "p", expected[pass], 2 * (size_t)items[pass]);
        ck_ok(lungo_net_backward(net));
    }
    lungo_test_diffs(net, "a", (float[]){0, 0, 0, 0, 5, 6, 0, 0}, 8);
    lungo_test_diffs(net, "b", (float[]){0, 0, 1, 0}, 4);
    lungo_net_free(net);
}
END_TEST

START_TEST(nothing_selected_is_no_fault) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, FILTER("dim: 2 dim: 2", "dim: 2", "dim: 2"));
    lungo_set_data(net, "s", (float[]){0, 0}, 2);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_shape(net, "p", &LUNGO_SHAPE(0, 2));
    ck_ok(lungo_net_backward(net));
    lungo_test_diffs(net, "a", (float[]){0, 0, 0, 0}, 4);
    lungo_net_free(net);
}
END_TEST

START_TEST(gradient) {
    lungo_check_gradient(&(lungo_gradient_check){.net = FILTER("dim: 4 dim: 2", "dim: 4", "dim: 4"),
                                                 .inputs = {{"s", 1, 3, 1}}});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(FILTER("dim: 4 dim: 2", "dim: 3", "dim: 4"), LUNGO_ERR_CONFIG,
                       "bottom 'b': expected 4 items as bottom 's' has, got shape 3");
    lungo_test_refused(FILTER("dim: 4", "dim: 4", "dim: 4 dim: 2"), LUNGO_ERR_CONFIG,
                       "bottom 's': expected one value per item, got shape 4x2");
    lungo_test_refused(INPUT("a", "dim: 2")
                           INPUT("s", "dim: 2") "layer { name: 'f' type: 'Filter' bottom: 'a' "
                                                "bottom: 's' top: 'p' top: 'q' }",
                       LUNGO_ERR_CONFIG, "expected 1 tops, got 2");
}
END_TEST

Suite *lungo_suite_filter_layer(void);
Suite *lungo_suite_filter_layer(void) {
    return lungo_suite_of("filter_layer",
                          (const TTest *const[]){the_selected_items_pass_and_later_layers_follow,
                                                 nothing_selected_is_no_fault, gradient,
                                                 what_does_not_fit_is_refused, NULL});
}
