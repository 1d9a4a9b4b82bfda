#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define PICK(index)                                                                                \
    "force_backward: true " INPUT("x", "dim: 3 dim: 2") INPUT(                                     \
        "i", index) "layer { name: 'pick' type: 'BatchReindex' bottom: 'x' bottom: 'i' top: 'y' }"

START_TEST(gradient) {
    lungo_check_gradient(
        &(lungo_gradient_check){.net = PICK("dim: 5"), .inputs = {{"i", 0, 3, 1}}});
}
END_TEST

START_TEST(items_are_picked) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, PICK("dim: 4"));
    lungo_set_data(net, "x", (float[]){1, 2, 3, 4, 5, 6}, 6);
    lungo_set_data(net, "i", (float[]){2, 0, 2, 1.9f}, 4);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "y", (float[]){5, 6, 1, 2, 5, 6, 3, 4}, 8);
    lungo_set_data(net, "i", (float[]){2, 0, 3, 1}, 4);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "index out of range: bottom 'i'[2]: expected 0 to 2, got 3");
    lungo_set_data(net, "i", (float[]){-1, 0, 1, 1}, 4);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "bottom 'i'[0]: expected 0 to 2, got -1");
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(PICK("dim: 2 dim: 1"), LUNGO_ERR_CONFIG,
                       "bottom 'i': expected one axis of indices, got shape 2x1");
}
END_TEST

Suite *lungo_suite_batch_reindex(void);
Suite *lungo_suite_batch_reindex(void) {
    return lungo_suite_of(
        "batch_reindex",
        (const TTest *const[]){gradient, items_are_picked, what_does_not_fit_is_refused, NULL});
}
