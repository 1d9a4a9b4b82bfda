#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define TILE(settings)                                                                             \
    "force_backward: true " INPUT("x", "dim: 2 dim: 3 dim: 2")                                     \
        LAYER1("layer", "Tile", "x", "y", "tile_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        TILE("tiles: 3"),
        TILE("axis: 0 tiles: 2"),
        TILE("axis: -1 tiles: 4"),
        TILE("tiles: 1"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

START_TEST(whole_runs_are_repeated) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 2") LAYER1("layer", "Tile", "x", "y",
                                                                      "tile_param { tiles: 2 }"));
    lungo_set_data(net, "x", (float[]){1, 2, 3, 4}, 4);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_shape(net, "y", &LUNGO_SHAPE(2, 4));
    lungo_test_values(net, "y", (float[]){1, 2, 1, 2, 3, 4, 3, 4}, 8);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(TILE(""), LUNGO_ERR_CONFIG,
                       "layer needs tile_param { tiles: ... }, got none");
    lungo_test_refused(TILE("tiles: 0"), LUNGO_ERR_CONFIG, "tiles: expected 1 or more, got 0");
    lungo_test_refused(TILE("tiles: 2 axis: 3"), LUNGO_ERR_CONFIG,
                       "axis: expected an axis from -3 to 2");
    lungo_test_refused(TILE("tiles: 2000000000"), LUNGO_ERR_MEMORY,
                       "axis 1: expected at most 2147483647 in all, got 2000000000 times 3");
}
END_TEST

Suite *lungo_suite_tile(void);
Suite *lungo_suite_tile(void) {
    return lungo_suite_of("tile", (const TTest *const[]){gradients, whole_runs_are_repeated,
                                                         what_does_not_fit_is_refused, NULL});
}
