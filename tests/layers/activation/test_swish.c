#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "Swish", "x", "y", "swish_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "Swish", "h", "h", "swish_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        APART(""),
        APART("beta: 2.5"),
        APART("beta: 0"),
        IN_PLACE("beta: 1.5"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i]});
}
END_TEST

Suite *lungo_suite_swish(void);
Suite *lungo_suite_swish(void) {
    return lungo_suite_of("swish", (const TTest *const[]){gradients, NULL});
}
