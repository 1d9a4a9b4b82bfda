#include <string.h>

#include "support/nets.h"
#include "support/suites.h"

static const char text[] = "debug_info: true force_backward: true\n" INPUT("x", "dim: 1 dim: 2")
    LAYER1("a", "InnerProduct", "x", "y",
           "inner_product_param { num_output: 2 } "
           "param { name: 'w' } param { lr_mult: 0 }")
        LAYER1("r", "ReLU", "y", "y", "loss_weight: 2");

START_TEST(means_of_every_blob_are_logged) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, text);
    lungo_set_data(net, "x", (float[]){1, -3}, 2);
    memcpy(lungo_data_overwrite(net->params[0].blob), (float[]){1, 0, 0, 1}, 4 * sizeof(float));
    lungo_log_capture();
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    ck_assert_str_eq(
        lungo_log_captured(),
        "net.cpp:593]     [Forward] Layer in_x, top blob x data: 2\n"
        "net.cpp:593]     [Forward] Layer a, top blob y data: 2\n"
        "net.cpp:605]     [Forward] Layer a, param blob w data: 0.5\n"
        "net.cpp:605]     [Forward] Layer a, param blob 1 data: 0\n"
        "net.cpp:593]     [Forward] Layer r, top blob y data: 0.5\n"
        "net.cpp:621]     [Backward] Layer r, bottom blob y diff: 1\n"
        "net.cpp:621]     [Backward] Layer a, bottom blob x diff: 1\n"
        "net.cpp:632]     [Backward] Layer a, param blob 0 diff: 2\n"
        "net.cpp:632]     [Backward] Layer a, param blob 1 diff: 1\n"
        "Enet.cpp:721]     [Backward] All net params (data, diff): L1 norm = (2, 10); L2 norm = "
        "(1.41421, 6.63325)\n");
    lungo_log_release();
    lungo_net_free(net);
}
END_TEST

START_TEST(a_partial_backward_logs_no_norms) {
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, text);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_log_capture();
    ck_ok(lungo_net_backward_range(net, 2, 2));
    ck_assert_str_eq(lungo_log_captured(),
                     "net.cpp:621]     [Backward] Layer r, bottom blob y diff: 0\n");
    lungo_log_release();
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_debug(void);
Suite *lungo_suite_debug(void) {
    return lungo_suite_of("debug", (const TTest *const[]){means_of_every_blob_are_logged,
                                                          a_partial_backward_logs_no_norms, NULL});
}
