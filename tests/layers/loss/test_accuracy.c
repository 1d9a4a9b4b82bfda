#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lungo/log.h"
#include "support/suites.h"
#include "support/values.h"

#define ACCURACY(x, t, tops, settings)                                                             \
    INPUT("x", x)                                                                                  \
    INPUT("t", t)                                                                                  \
    "layer { name: 'score' type: 'Accuracy' bottom: 'x' bottom: 't' " tops                         \
    " accuracy_param { " settings " } }"
#define TOP "top: 'acc'"

static const float scores[] = {
    1, 5, 2, /* best: 1 */
    9, 8, 7, /* best: 0, then 1 */
    4, 4, 4, /* a tie */
    0, 1, 2, /* best: 2 */
};

static void check(const char *settings, const float *labels, float expected) {
    char text[1024];
    snprintf(text, sizeof text, ACCURACY("dim: 4 dim: 3", "dim: 4", TOP, "%s"), settings);
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    lungo_set_data(net, "x", scores, 12);
    lungo_set_data(net, "t", labels, 4);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "acc", &expected, 1);
    lungo_net_free(net);
}

START_TEST(shares) {
    check("", (float[]){1, 1, 0, 2}, 0.5f); /* the tie is wrong */
    check("top_k: 2", (float[]){1, 1, 0, 2}, 0.75f);
    check("top_k: 3", (float[]){0, 0, 0, 0}, 1);
    check("ignore_label: 1", (float[]){1, 1, 0, 2}, 0.5f);
    check("ignore_label: 0", (float[]){0, 0, 0, 0}, 0);
}
END_TEST

START_TEST(classes_of_their_own) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, ACCURACY("dim: 4 dim: 3", "dim: 4", TOP " top: 'per'", ""));
    lungo_set_data(net, "x", scores, 12);
    lungo_set_data(net, "t", (float[]){1, 1, 0, 1}, 4);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "acc", (float[]){0.25f}, 1);
    lungo_test_values(net, "per", (float[]){0, 1 / 3.0f, 0}, 3);
    lungo_net_free(net);
}
END_TEST

START_TEST(positions_along_other_axes) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, ACCURACY("dim: 1 dim: 2 dim: 3", "dim: 1 dim: 3", TOP, ""));
    lungo_set_data(net, "x", (float[]){1, 0, 1, /* class 1 */ 0, 1, 0}, 6);
    lungo_set_data(net, "t", (float[]){0, 1, 1}, 3);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "acc", (float[]){2 / 3.0f}, 1);
    lungo_net_free(net);
}
END_TEST

static int warnings;

static void count_warnings(void *user, lungo_log_level level, const char *file, int line,
                           const char *text) {
    (void)user, (void)file, (void)line;
    warnings += level == LUNGO_LOG_WARNING && strstr(text, "not a number") != NULL;
}

/* In Caffe these count as correct, so that a net that diverged shows an accuracy of 1. */
START_TEST(scores_that_are_not_numbers_are_wrong) {
    lungo_net *net =
        lungo_test_net(LUNGO_TEST, ACCURACY("dim: 2 dim: 2", "dim: 2", TOP, "top_k: 2"));
    lungo_set_data(net, "x", (float[]){NAN, NAN, NAN, 1}, 4);
    lungo_set_data(net, "t", (float[]){0, 1}, 2);
    warnings = 0;
    lungo_set_log(count_warnings, NULL);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "acc", (float[]){0.5f}, 1); /* top_k takes in the other class */
    ck_ok(lungo_net_forward(net, NULL));
    lungo_set_log(NULL, NULL);
    ck_assert_int_eq(warnings, 1);
    lungo_net_free(net);
}
END_TEST

START_TEST(labels_out_of_range_are_named) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, ACCURACY("dim: 4 dim: 3", "dim: 4", TOP, ""));
    lungo_set_data(net, "t", (float[]){1, 1, 3, 2}, 4);
    ck_fails(
        lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
        "label out of range: bottom 't', item 2: expected 0 to 2 for the 3 classes of bottom 'x', "
        "got 3");
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "'score'"));
    lungo_net_free(net);
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(ACCURACY("dim: 4 dim: 3", "dim: 4", TOP, "top_k: 4"), LUNGO_ERR_CONFIG,
                       "top_k: expected 1 to 3, the number of classes, got 4");
    lungo_test_refused(ACCURACY("dim: 4 dim: 3", "dim: 5", TOP, ""), LUNGO_ERR_CONFIG,
                       "bottom 't': expected 4 labels");
}
END_TEST

Suite *lungo_suite_accuracy(void);
Suite *lungo_suite_accuracy(void) {
    return lungo_suite_of("accuracy", (const TTest *const[]){shares, classes_of_their_own,
                                                             positions_along_other_axes,
                                                             scores_that_are_not_numbers_are_wrong,
                                                             labels_out_of_range_are_named,
                                                             what_does_not_fit_is_refused, NULL});
}
