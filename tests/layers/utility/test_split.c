#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

/* One top without a reader of its own, two whose gradients add up. */
START_TEST(gradients) {
    lungo_check_gradient(&(lungo_gradient_check){
        .net = "force_backward: true " INPUT(
            "x", "dim: 3 dim: 4") "layer { name: 'split' type: 'Split' bottom: 'x' top: 'a' top: "
                                  "'b' top: 'c' } " LAYER1("square", "Power", "a", "y",
                                                           "power_param { power: 2 }")
                                      LAYER1("scale", "Power", "b", "z",
                                             "power_param { scale: 3 }")});
}
END_TEST

Suite *lungo_suite_split(void);
Suite *lungo_suite_split(void) {
    return lungo_suite_of("split", (const TTest *const[]){gradients, NULL});
}
