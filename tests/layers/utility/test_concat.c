#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define TWO(a, b, settings)                                                                        \
    "force_backward: true " INPUT("a", a)                                                          \
        INPUT("b", b) "layer { name: 'cat' type: 'Concat' bottom: 'a' bottom: 'b' top: 'y' "       \
                      "concat_param { " settings " } }"

START_TEST(gradients) {
    static const char *const nets[] = {
        TWO("dim: 2 dim: 3 dim: 2", "dim: 2 dim: 1 dim: 2", ""),
        TWO("dim: 2 dim: 3", "dim: 4 dim: 3", "axis: -2"),
        TWO("dim: 2 dim: 3", "dim: 1 dim: 3", "concat_dim: 0"),
        TWO("dim: 3", "dim: 2", "axis: 0"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

START_TEST(a_single_bottom_is_shared) {
    static const char text[] = "force_backward: true " INPUT("x", "dim: 2 dim: 3")
        LEAD LAYER1("layer", "Concat", "h", "y", "");
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, text);
    ck_assert_ptr_eq(lungo_data(lungo_net_blob(net, "y")), lungo_data(lungo_net_blob(net, "h")));
    lungo_net_free(net);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(TWO("dim: 2 dim: 3 dim: 4", "dim: 2 dim: 1 dim: 5", ""), LUNGO_ERR_CONFIG,
                       "bottom 'b': expected shape 2x3x4 of bottom 'a' but for axis 1, got 2x1x5");
    lungo_test_refused(TWO("dim: 2 dim: 3", "dim: 2 dim: 3 dim: 1", ""), LUNGO_ERR_CONFIG,
                       "got 2x3x1");
    lungo_test_refused(TWO("dim: 2 dim: 3", "dim: 2 dim: 3", "axis: 2"), LUNGO_ERR_CONFIG,
                       "axis: expected an axis from -2 to 1 of shape 2x3, got 2");
    lungo_test_refused(TWO("dim: 2 dim: 3", "dim: 2 dim: 3", "concat_dim: 4294967295"),
                       LUNGO_ERR_CONFIG,
                       "concat_dim: expected an axis from 0 to 1 of shape 2x3, got 4294967295");
    lungo_test_refused(TWO("dim: 2 dim: 3", "dim: 2 dim: 3", "axis: 0 concat_dim: 0"),
                       LUNGO_ERR_CONFIG, "expected axis or its older name concat_dim, got both");
    lungo_test_refused(TWO("dim: 2000000000", "dim: 2000000000", "axis: 0"), LUNGO_ERR_MEMORY,
                       "axis 0: expected at most 2147483647 in all, got 4000000000");
}
END_TEST

Suite *lungo_suite_concat(void);
Suite *lungo_suite_concat(void) {
    return lungo_suite_of("concat", (const TTest *const[]){gradients, a_single_bottom_is_shared,
                                                           what_does_not_fit_is_refused, NULL});
}
