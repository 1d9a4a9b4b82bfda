#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "Exp", "x", "y", "exp_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "Exp", "h", "h", "exp_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        APART(""),
        APART("base: 2 scale: 0.5 shift: 1"),
        APART("base: 0.5 shift: -1"),
        IN_PLACE("base: 2 scale: -1.5"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

START_TEST(bases_that_cannot_be_are_refused) {
    lungo_test_refused(APART("base: 0"), LUNGO_ERR_CONFIG,
                       "base: expected more than 0, or -1 for e, got 0");
    lungo_test_refused(APART("base: -2"), LUNGO_ERR_CONFIG, "got -2");
    lungo_test_refused(APART("base: inf"), LUNGO_ERR_CONFIG, "got inf");
}
END_TEST

Suite *lungo_suite_exp(void);
Suite *lungo_suite_exp(void) {
    return lungo_suite_of(
        "exp", (const TTest *const[]){gradients, bases_that_cannot_be_are_refused, NULL});
}
