#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define X                  "force_backward: true " INPUT("x", "dim: 3 dim: 4")
#define APART(settings)    X LAYER1("layer", "ELU", "x", "y", "elu_param { " settings " }")
#define IN_PLACE(settings) X LEAD LAYER1("layer", "ELU", "h", "h", "elu_param { " settings " }")

START_TEST(gradients) {
    static const char *const nets[] = {
        APART(""),
        APART("alpha: 0.3"),
        APART("alpha: -0.5"),
        IN_PLACE("alpha: 1.7"),
        IN_PLACE("alpha: -0.5"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .kink_range = 0.02f});
}
END_TEST

Suite *lungo_suite_elu(void);
Suite *lungo_suite_elu(void) {
    return lungo_suite_of("elu", (const TTest *const[]){gradients, NULL});
}
