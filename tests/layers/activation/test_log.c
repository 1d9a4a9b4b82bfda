#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "Log", "x", "y", "log_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "Log", "h", "h", "log_param { " settings " }")

/* In place Caffe's gradient is wrong: it reads x where y has taken its place. */
START_TEST(gradients) {
    static const char *const nets[] = {
        APART("shift: 2"),
        APART("base: 10 scale: -0.5 shift: 2"),
        IN_PLACE("shift: 2"),
        IN_PLACE("base: 0.5 scale: 0.7 shift: 2"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

START_TEST(bases_that_cannot_be_are_refused) {
    lungo_test_refused(APART("base: 1"), LUNGO_ERR_CONFIG,
                       "base: expected more than 0 and not 1, or -1 for e, got 1");
    lungo_test_refused(APART("base: 0"), LUNGO_ERR_CONFIG, "got 0");
    lungo_test_refused(APART("base: -3"), LUNGO_ERR_CONFIG, "got -3");
}
END_TEST

Suite *lungo_suite_log(void);
Suite *lungo_suite_log(void) {
    return lungo_suite_of(
        "log", (const TTest *const[]){gradients, bases_that_cannot_be_are_refused, NULL});
}
