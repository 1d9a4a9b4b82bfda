#include <string.h>

#include "support/suites.h"
#include "support/values.h"

#define DUMMY(tops, settings)                                                                      \
    "layer { name: 'gen' type: 'DummyData' " tops " dummy_data_param { " settings " } }"
#define TWO "top: 'a' top: 'b'"

START_TEST(constants_are_filled_once_and_others_in_every_forward) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN,
        DUMMY(TWO, "shape { dim: 3 } data_filler { value: 2 } data_filler { type: 'uniform' }"));
    lungo_test_values(net, "a", (float[]){2, 2, 2}, 3);
    lungo_test_values(net, "b", (float[]){0, 0, 0},
                      3); /* nothing is drawn before the first forward */
    lungo_set_data(net, "a", (float[]){7, 8, 9}, 3);
    float first[3];
    ck_ok(lungo_net_forward(net, NULL));
    memcpy(first, lungo_data(lungo_net_blob(net, "b")), sizeof first);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "a", (float[]){7, 8, 9}, 3);
    ck_assert_int_ne(memcmp(first, lungo_data(lungo_net_blob(net, "b")), sizeof first), 0);
    lungo_net_free(net);
}
END_TEST

START_TEST(without_a_filler_all_is_zero) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, DUMMY(TWO, "shape { dim: 2 } shape { dim: 1 dim: 1 }"));
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "a", (float[]){0, 0}, 2);
    lungo_test_values(net, "b", (float[]){0}, 1);
    lungo_net_free(net);
}
END_TEST

START_TEST(older_dimensions) {
    lungo_net *net = lungo_test_net(
        LUNGO_TRAIN, DUMMY(TWO, "num: 2 channels: 3 channels: 1 height: 2 width: 4 width: 5"));
    const lungo_shape *a = lungo_blob_shape(lungo_net_blob(net, "a"));
    const lungo_shape *b = lungo_blob_shape(lungo_net_blob(net, "b"));
    ck_assert_int_eq(a->axes, 4);
    ck_assert_int_eq(memcmp(a->dim, (int[]){2, 3, 2, 4}, 4 * sizeof(int)), 0);
    ck_assert_int_eq(memcmp(b->dim, (int[]){2, 1, 2, 5}, 4 * sizeof(int)), 0);
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(DUMMY(TWO, ""), LUNGO_ERR_CONFIG,
                       "shape: expected 1 or one per top (2), got 0");
    lungo_test_refused(DUMMY(TWO, "shape { dim: 1 } shape { dim: 1 } shape { dim: 1 }"),
                       LUNGO_ERR_CONFIG, "shape: expected 1 or one per top (2), got 3");
    lungo_test_refused(DUMMY(TWO, "shape { dim: 1 } data_filler {} data_filler {} data_filler {}"),
                       LUNGO_ERR_CONFIG, "data_filler: expected 1 or one per top (2), got 3");
    lungo_test_refused(DUMMY(TWO, "num: 1 channels: 1 height: 1"), LUNGO_ERR_CONFIG,
                       "width: expected 1 or one per top (2), got 0");
    lungo_test_refused(DUMMY(TWO, "num: 1 shape { dim: 1 }"), LUNGO_ERR_CONFIG,
                       "expected shape or the older num, channels, height, width, got both");
    lungo_test_refused(DUMMY(TWO, "shape { dim: 1 } data_filler { type: 'bilinear' }"),
                       LUNGO_ERR_CONFIG, "in data_filler for top 'a'");
}
END_TEST

Suite *lungo_suite_dummy_data(void);
Suite *lungo_suite_dummy_data(void) {
    return lungo_suite_of(
        "dummy_data", (const TTest *const[]){constants_are_filled_once_and_others_in_every_forward,
                                             without_a_filler_all_is_zero, older_dimensions,
                                             what_does_not_fit_is_refused, NULL});
}
