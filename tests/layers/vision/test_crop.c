#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define CROP(x, ref, settings)                                                                     \
    "force_backward: true " INPUT("x", x)                                                          \
        INPUT("ref", ref) "layer { name: 'crop' type: 'Crop' bottom: 'x' bottom: 'ref' top: 'y' "  \
                          "crop_param { " settings " } }"
#define X "dim: 2 dim: 3 dim: 4 dim: 5"

START_TEST(gradients) {
    static const char *const nets[] = {
        CROP(X, "dim: 9 dim: 9 dim: 2 dim: 3", "offset: 1"),
        CROP(X, "dim: 1 dim: 2 dim: 4 dim: 4", "axis: 0 offset: 1 offset: 1 offset: 0 offset: 1"),
        CROP(X, "dim: 1 dim: 1 dim: 1 dim: 5", "axis: -1"),
        CROP("dim: 6", "dim: 2", "axis: 0 offset: 3"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .inputs = {{"ref", 0, 1, 1}}});
}
END_TEST

START_TEST(the_part_begins_at_the_offset) {
    lungo_net *net = lungo_test_net(
        LUNGO_TEST, CROP("dim: 3 dim: 3", "dim: 2 dim: 2", "axis: 0 offset: 1 offset: 0"));
    lungo_set_data(net, "x", (float[]){1, 2, 3, 4, 5, 6, 7, 8, 9}, 9);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "y", (float[]){4, 5, 7, 8}, 4);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(
        CROP(X, "dim: 1 dim: 1 dim: 3 dim: 5", "offset: 1"), LUNGO_ERR_CONFIG,
        "axis 3: expected offset + size at most 5, as bottom 'x' has, got offset 1 and size 5 "
        "of bottom 'ref'");
    lungo_test_refused(CROP(X, "dim: 1 dim: 1 dim: 3 dim: 6", ""), LUNGO_ERR_CONFIG,
                       "got offset 0 and size 6");
    lungo_test_refused(
        CROP(X, "dim: 1 dim: 1 dim: 3 dim: 3", "offset: 1 offset: 1 offset: 1"), LUNGO_ERR_CONFIG,
        "offset: expected none, 1, or 2, one for each axis of shape 2x3x4x5 from axis 2 on, got 3");
    lungo_test_refused(CROP(X, "dim: 1 dim: 1 dim: 3", ""), LUNGO_ERR_CONFIG,
                       "bottom 'ref': expected 4 axes or more as bottom 'x', got shape 1x1x3");
}
END_TEST

Suite *lungo_suite_crop(void);
Suite *lungo_suite_crop(void) {
    return lungo_suite_of("crop", (const TTest *const[]){gradients, the_part_begins_at_the_offset,
                                                         what_does_not_fit_is_refused, NULL});
}
