#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define CUT(dims, tops, settings)                                                                  \
    "force_backward: true " INPUT("x", dims) "layer { name: 'cut' type: 'Slice' bottom: 'x' " tops \
                                             " slice_param { " settings " } }"
#define TWO   "top: 'p' top: 'q'"
#define THREE TWO " top: 'r'"

START_TEST(gradients) {
    static const char *const nets[] = {
        CUT("dim: 2 dim: 4 dim: 2", TWO, ""),
        CUT("dim: 2 dim: 3 dim: 7", THREE, "axis: -1 slice_point: 1 slice_point: 5"),
        CUT("dim: 5 dim: 2", TWO, "slice_dim: 0 slice_point: 4"),
        CUT("dim: 2 dim: 4", "top: 'p'", ""),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(CUT("dim: 2 dim: 5", TWO, ""), LUNGO_ERR_CONFIG,
                       "bottom 'x': expected axis 1 to divide into 2 equal parts (there is no "
                       "slice_point), got shape 2x5");
    lungo_test_refused(CUT("dim: 2 dim: 5", THREE, "slice_point: 2"), LUNGO_ERR_CONFIG,
                       "slice_point: expected none or 2, one less than the tops, got 1");
    lungo_test_refused(CUT("dim: 2 dim: 5", THREE, "slice_point: 3 slice_point: 3"),
                       LUNGO_ERR_CONFIG, "got a part from 3 to 3");
    lungo_test_refused(
        CUT("dim: 2 dim: 5", THREE, "slice_point: 3 slice_point: 6"), LUNGO_ERR_CONFIG,
        "slice_point: expected growing values between 0 and 5, which bottom 'x' has on "
        "the axis, got a part from 3 to 6");
    lungo_test_refused(CUT("dim: 2 dim: 5", THREE, "slice_point: 3 slice_point: 5"),
                       LUNGO_ERR_CONFIG, "got a part from 5 to 5");
    lungo_test_refused(CUT("dim: 2 dim: 4", TWO, "axis: 1 slice_dim: 1"), LUNGO_ERR_CONFIG,
                       "expected axis or its older name slice_dim, got both");
}
END_TEST

Suite *lungo_suite_slice(void);
Suite *lungo_suite_slice(void) {
    return lungo_suite_of("slice",
                          (const TTest *const[]){gradients, what_does_not_fit_is_refused, NULL});
}
