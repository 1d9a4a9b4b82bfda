#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define SEEDS LUNGO_SOURCE_DIR "/tests/golden/seeds/dropout/"

#define X INPUT("x", "dim: 4 dim: 5")
#define DROPOUT(ratio)                                                                             \
    X LAYER1("layer", "Dropout", "x", "y", "dropout_param { dropout_ratio: " ratio " }")

static float values[20];

static lungo_net *forward(const char *text, lungo_phase phase) {
    lungo_net *net = lungo_test_net(phase, text);
    for (int i = 0; i < 20; i++)
        values[i] = (float)(i + 1);
    lungo_set_data(net, "x", values, 20);
    ck_ok(lungo_net_forward(net, NULL));
    return net;
}

START_TEST(testing_is_the_identity) {
    lungo_net *net = forward(DROPOUT("0.5"), LUNGO_TEST);
    lungo_test_values(net, "y", values, 20);
    lungo_net_free(net);
    lungo_check_gradient(&(lungo_gradient_check){
        .net = "force_backward: true " X LEAD LAYER1("layer", "Dropout", "h", "h", ""),
        .phase = LUNGO_TEST});
}
END_TEST

START_TEST(training_drops_or_scales) {
    lungo_net *net =
        forward("force_backward: true " X LAYER1("layer", "Dropout", "x", "y", "loss_weight: 1"),
                LUNGO_TRAIN);
    ck_ok(lungo_net_backward(net));
    const float *y = lungo_data(lungo_net_blob(net, "y"));
    const float *dx = lungo_diff(lungo_net_blob(net, "x"));
    int kept = 0;
    for (int i = 0; i < 20; i++) {
        ck_assert(y[i] == 0 || y[i] == 2 * values[i]);
        ck_assert(dx[i] == (y[i] == 0 ? 0 : 2)); /* the same mask, and x itself is not touched */
        kept += y[i] != 0;
    }
    ck_assert_int_gt(kept, 0);
    ck_assert_int_lt(kept, 20);
    lungo_net_free(net);
}
END_TEST

START_TEST(ratio_zero_keeps_everything) {
    lungo_net *net = forward(DROPOUT("0"), LUNGO_TRAIN);
    lungo_test_values(net, "y", values, 20);
    lungo_net_free(net);
}
END_TEST

#define UNSCALED                                                                                   \
    X "layer { name: 'layer' type: 'Dropout' bottom: 'x' top: 'y' "                                \
      "dropout_param { dropout_ratio: 0.75 scale_train: false } } "

START_TEST(without_scale_train_testing_scales) {
    float expected[20];
    lungo_net *net = forward(UNSCALED, LUNGO_TEST);
    for (int i = 0; i < 20; i++)
        expected[i] = values[i] * 0.25F;
    lungo_test_values(net, "y", expected, 20);
    lungo_net_free(net);
    net = forward(UNSCALED, LUNGO_TRAIN);
    const float *y = lungo_data(lungo_net_blob(net, "y"));
    for (int i = 0; i < 20; i++)
        ck_assert(y[i] == 0 || y[i] == values[i]);
    lungo_net_free(net);
    lungo_check_gradient(&(lungo_gradient_check){
        .net = "force_backward: true " X LEAD LAYER1("layer", "Dropout", "h", "h",
                                                     "dropout_param { scale_train: false }"),
        .phase = LUNGO_TEST});
}
END_TEST

START_TEST(ratios_outside_are_refused) {
    lungo_test_refused(DROPOUT("1"), LUNGO_ERR_CONFIG,
                       "dropout_ratio: expected at least 0 and less than 1, got 1");
    lungo_test_refused(DROPOUT("-0.1"), LUNGO_ERR_CONFIG, "got -0.1");
    lungo_test_refused(DROPOUT("nan"), LUNGO_ERR_CONFIG, "got nan");
}
END_TEST

/* "1101...": which of the values are not zero. */
static void check_mask(const lungo_net *net, const char *blob, const char *mask) {
    const float *got = lungo_data(lungo_net_blob(net, blob));
    ck_assert_uint_eq(strlen(mask), lungo_blob_count(lungo_net_blob(net, blob)));
    for (size_t i = 0; mask[i]; i++)
        ck_assert_msg((got[i] != 0) == (mask[i] == '1'), "blob '%s'[%zu] is %g", blob, i, got[i]);
}

static void check_list(const lungo_net *net, const char *blob, char *list) {
    const float *got = lungo_data(lungo_net_blob(net, blob));
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ","), got++)
        ck_assert_msg(*got == strtof(item, NULL), "blob '%s': expected %s, got %.9g", blob, item,
                      *got);
}

/* Fillers, then DummyData and the masks in every forward, all from one generator. */
static void check_draws(long seed) {
    char path[256], line[1024], gaussian[256], uniform[256], half[64], third[64];
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = LUNGO_TRAIN;
    options.seed = seed;
    lungo_net *net = NULL;
    ck_ok(lungo_net_open(&net, SEEDS "net.prototxt", &options));
    snprintf(path, sizeof path, SEEDS "seed_%ld/draws.tsv", seed);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file)); /* the heading */
    int rows = 0;
    while (fgets(line, sizeof line, file)) {
        ck_assert_int_eq(sscanf(line, "%*d %255s %255s %63s %63s", gaussian, uniform, half, third),
                         4);
        ck_ok(lungo_net_forward(net, NULL));
        check_list(net, "n", gaussian);
        check_list(net, "u", uniform);
        check_mask(net, "drop5", half);
        check_mask(net, "drop3", third);
        rows++;
    }
    ck_assert_int_eq(rows, 3);
    fclose(file);
    lungo_net_free(net);
}

START_TEST(draws_are_those_of_caffe) {
    check_draws(1);
    check_draws(42);
    check_draws(1701);
}
END_TEST

Suite *lungo_suite_dropout(void);
Suite *lungo_suite_dropout(void) {
    return lungo_suite_of(
        "dropout",
        (const TTest *const[]){testing_is_the_identity, training_drops_or_scales,
                               ratio_zero_keeps_everything, without_scale_train_testing_scales,
                               ratios_outside_are_refused, draws_are_those_of_caffe, NULL});
}
