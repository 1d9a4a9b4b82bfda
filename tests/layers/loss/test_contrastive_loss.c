#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define LOSS(a, b, t, settings)                                                                    \
    "force_backward: true " INPUT("a", a) INPUT("b", b)                                            \
        INPUT("t", t) "layer { name: 'cost' type: 'ContrastiveLoss' bottom: 'a' bottom: 'b' "      \
                      "bottom: 't' top: 'loss' "                                                   \
                      "contrastive_loss_param { " settings " } }"
#define PAIRS "dim: 5 dim: 3"

START_TEST(gradients) {
    static const char *const nets[] = {
        LOSS(PAIRS, PAIRS, "dim: 5", "margin: 2"),
        LOSS(PAIRS, "dim: 5 dim: 3 dim: 1 dim: 1", "dim: 5 dim: 1",
             "margin: 3 legacy_version: true"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
        lungo_check_gradient(&(lungo_gradient_check){.net = nets[i], .inputs = {{"t", 0, 2, 1}}});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(
        LOSS(PAIRS, "dim: 5 dim: 4", "dim: 5", ""), LUNGO_ERR_CONFIG,
        "bottoms 'a' and 'b': expected items of as many channels, of one position each, got "
        "shapes 5x3 and 5x4");
    lungo_test_refused(LOSS("dim: 5 dim: 3 dim: 2", "dim: 5 dim: 3 dim: 2", "dim: 5", ""),
                       LUNGO_ERR_CONFIG, "got shapes 5x3x2 and 5x3x2");
    lungo_test_refused(LOSS(PAIRS, PAIRS, "dim: 4", ""), LUNGO_ERR_CONFIG,
                       "bottom 't': expected 5 values, one for every pair, got shape 4");
}
END_TEST

Suite *lungo_suite_contrastive_loss(void);
Suite *lungo_suite_contrastive_loss(void) {
    return lungo_suite_of("contrastive_loss",
                          (const TTest *const[]){gradients, what_does_not_fit_is_refused, NULL});
}
