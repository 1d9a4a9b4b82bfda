#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/nets.h"
#include "support/suites.h"

#define IMAGE         INPUT("x", "dim: 2 dim: 6 dim: 3 dim: 4")
#define LRN(settings) LAYER1("norm1", "LRN", "x", "y", "lrn_param { " settings " }")

START_TEST(gradients) {
    static const char *const settings[] = {
        "", "local_size: 3 alpha: 2 beta: 0.5 k: 2", "local_size: 15",
        "local_size: 3 norm_region: WITHIN_CHANNEL", "local_size: 9 norm_region: WITHIN_CHANNEL"};
    char text[512];
    snprintf(text, sizeof text, "force_backward: true\n" IMAGE LRN("%s"), settings[_i]);
    lungo_check_gradient(&(lungo_gradient_check){.net = text});
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    ck_fails(lungo_try_net(LUNGO_TEST, IMAGE LRN("local_size: 4")), LUNGO_ERR_CONFIG,
             "lrn_param.local_size: expected an odd number, got 4\n  in layer 'norm1' (LRN), "
             "net.prototxt:2");
    ck_fails(lungo_try_net(LUNGO_TEST, IMAGE LRN("local_size: 0")), LUNGO_ERR_CONFIG,
             "expected an odd number, got 0");
    ck_fails(lungo_try_net(LUNGO_TEST, INPUT("x", "dim: 2 dim: 3") LRN("")), LUNGO_ERR_CONFIG,
             "bottom 'x': expected 4 axes (number, channels, height, width), got shape 2x3");
    ck_fails(lungo_try_net(LUNGO_TEST, IMAGE LAYER1("norm1", "LRN", "x", "x", "")),
             LUNGO_ERR_CONFIG, "layer cannot work in place");
}
END_TEST

Suite *lungo_suite_lrn(void);
Suite *lungo_suite_lrn(void) {
    Suite *suite =
        lungo_suite_of("lrn", (const TTest *const[]){what_does_not_fit_is_refused, NULL});
    lungo_suite_add_table(suite, gradients, 5);
    return suite;
}
