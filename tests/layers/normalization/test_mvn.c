#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define MVN(dims, settings)                                                                        \
    "force_backward: true " INPUT("x", dims)                                                       \
        LAYER1("layer", "MVN", "x", "y", "mvn_param { " settings " }")
#define X "dim: 2 dim: 3 dim: 2 dim: 2"

START_TEST(gradients) {
    static const char *const nets[] = {
        MVN(X, ""),
        MVN(X, "across_channels: true"),
        MVN(X, "normalize_variance: false"),
        MVN(X, "normalize_variance: false across_channels: true"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(
            &(lungo_gradient_check){.net = nets[i], .step = 1e-3f, .tolerance = 2e-2f});
}
END_TEST

START_TEST(the_top_has_four_axes) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, MVN("dim: 2 dim: 3", "across_channels: true"));
    lungo_test_shape(net, "y", &LUNGO_SHAPE(2, 3, 1, 1));
    lungo_set_data(net, "x", (float[]){1, 2, 3, 0, 0, 6}, 6);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(
        net, "y", (float[]){-1.2247449f, 0, 1.2247449f, -0.7071068f, -0.7071068f, 1.4142136f}, 6);
    lungo_net_free(net);
}
END_TEST

START_TEST(more_axes_are_refused) {
    lungo_test_refused(MVN(X " dim: 2", ""), LUNGO_ERR_CONFIG,
                       "bottom 'x': expected at most 4 axes, got shape 2x3x2x2x2");
}
END_TEST

Suite *lungo_suite_mvn(void);
Suite *lungo_suite_mvn(void) {
    return lungo_suite_of("mvn", (const TTest *const[]){gradients, the_top_has_four_axes,
                                                        more_axes_are_refused, NULL});
}
