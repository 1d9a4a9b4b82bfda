/* The checks that Caffe's layers make, by aborting or in debug builds alone, as errors with both
 * numbers; and settings that have no effect, which are warned of. What is tested beside its layer
 * is not repeated here. */
#include <stdio.h>
#include <string.h>

#include "lungo/data.h"
#include "support/folder.h"
#include "support/solvers.h"
#include "support/suites.h"
#include "support/values.h"

#define IMAGE INPUT("x", "dim: 2 dim: 3 dim: 4 dim: 4")
#define ROWS  INPUT("x", "dim: 4 dim: 3")
#define AXES8 "dim: 1 dim: 1 dim: 1 dim: 1 dim: 1 dim: 1 dim: 1 dim: 1 "
#define LABELS(value)                                                                              \
    "layer { name: 'in_lab' type: 'DummyData' top: 'lab' dummy_data_param { shape { dim: 4 } "     \
    "data_filler { value: " value " } } }\n"
#define INFOGAIN                                                                                   \
    INPUT("H", "dim: 3 dim: 3")                                                                    \
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'lab' bottom: 'H' top: 'y' }"
#define TWO(type, more)                                                                            \
    "layer { name: 'l' type: '" type "' bottom: 'x' bottom: 'lab' top: 'y' " more " }"

static const struct {
    const char *net, *error;
} refused[] = {
    {IMAGE INPUT(
         "z", "dim: 2 dim: 3 dim: 4 dim: 5") "layer { name: 'l' type: 'Convolution' bottom: 'x' "
                                             "bottom: 'z' top: 'y' top: 'w' "
                                             "convolution_param { num_output: 2 kernel_size: 1 } }",
     "bottom 'z': expected shape 2x3x4x4 like bottom 'x', got 2x3x4x5"},
    {IMAGE
     "layer { name: 'l' type: 'Convolution' bottom: 'x' top: 'y' top: 'w' convolution_param { "
     "num_output: 2 kernel_size: 1 } }",
     "layer makes one top of each bottom: expected 1 tops, got 2"},
    {IMAGE LAYER1("l", "LRN", "x", "y", "lrn_param { local_size: 4 norm_region: WITHIN_CHANNEL }"),
     "lrn_param.local_size: expected an odd number, got 4"},
    {ROWS LAYER1("l", "ReLU", "x", "x", "relu_param { negative_slope: -1 }"),
     "negative_slope -1: a slope below 0 has no gradient in place"},
    {ROWS LAYER1("l", "AbsVal", "x", "x", ""), "layer cannot work in place: top 'x' needs a name"},
    {ROWS LAYER1("l", "Reshape", "x", "x", "reshape_param { shape { dim: 12 } }"),
     "layer cannot work in place: top 'x' needs a name of its own"},
    {ROWS LAYER1("l", "Flatten", "x", "x", ""), "layer cannot work in place"},
    {ROWS LAYER1("l", "Split", "x", "x", ""), "layer cannot work in place"},
    {"layer { name: 'l' type: 'Input' top: 'a' top: 'b' top: 'c' input_param { shape { dim: 1 } "
     "shape "
     "{ dim: 2 } } }",
     "input_param: expected no shape, one, or one per top (3), got 2"},
    {INPUT("x", "dim: 4 dim: 0") LABELS("0") TWO("SoftmaxWithLoss", ""),
     "bottom 'x': expected scores of a class or more, got shape 4x0"},
    {"layer { name: 'x' type: 'Input' top: 'x' input_param { shape { } } } "
     "layer { name: 'i' type: 'Input' top: 'i' input_param { shape { dim: 2 } } } "
     "layer { name: 'l' type: 'BatchReindex' bottom: 'x' bottom: 'i' top: 'y' }",
     "bottom 'x': expected an axis or more, got a scalar"},
    {INPUT("x", AXES8 AXES8 AXES8 AXES8 "dim: 1"), "shape: expected at most 32 axes, got 33"},
    {INPUT("x", "dim: -1"), "-1"},
    {INPUT("x", "dim: 65536 dim: 65536"), "2147483647"},
    {INPUT("x", AXES8 AXES8 AXES8 AXES8)
         LAYER1("l", "Embed", "x", "y", "embed_param { num_output: 1 input_dim: 2 }"),
     "bottom 'x': expected at most 31 axes"},
    {INPUT("x", AXES8 AXES8 AXES8 AXES8)
         LAYER1("l", "Flatten", "x", "y", "flatten_param { axis: 1 end_axis: 0 }"),
     "expected at most 32 axes, got more"},
    {INPUT("x", AXES8 AXES8 AXES8 AXES8)
         LAYER1("l", "Reshape", "x", "y", "reshape_param { num_axes: 0 shape { dim: 1 } }"),
     "shape: expected at most 32 axes in all, got more"},
};

START_TEST(what_caffe_aborts_on_is_an_error) {
    ck_assert_msg(lungo_try_net(LUNGO_TRAIN, refused[_i].net) != LUNGO_OK, "%s\nis not refused",
                  refused[_i].net);
    ck_assert_msg(strstr(lungo_error_text(), refused[_i].error) != NULL, "%s\nlacks: %s",
                  lungo_error_text(), refused[_i].error);
}
END_TEST

/* Labels beyond the classes: a release build of Caffe reads whatever memory lies there. */
START_TEST(labels_out_of_range_are_named) {
    static const struct {
        const char *low, *high;
    } losses[] = {
        {ROWS LABELS("-1") TWO("SoftmaxWithLoss", ""), ROWS LABELS("3") TWO("SoftmaxWithLoss", "")},
        {ROWS LABELS("-1") TWO("HingeLoss", ""), ROWS LABELS("3") TWO("HingeLoss", "")},
        {ROWS LABELS("-1") TWO("MultinomialLogisticLoss", ""),
         ROWS LABELS("3") TWO("MultinomialLogisticLoss", "")},
        {ROWS LABELS("-1") TWO("Accuracy", ""), ROWS LABELS("3") TWO("Accuracy", "")},
        {ROWS LABELS("-1") INFOGAIN, ROWS LABELS("3") INFOGAIN},
    };
    for (int high = 0; high < 2; high++) {
        lungo_net *net = lungo_test_net(LUNGO_TRAIN, high ? losses[_i].high : losses[_i].low);
        ck_fails(
            lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
            high ? "bottom 'lab', item 0: expected 0 to 2 for the 3 classes of bottom 'x', got 3"
                 : "item 0: expected 0 to 2 for the 3 classes of bottom 'x', got -1");
        lungo_net_free(net);
    }
}
END_TEST

/* ---- warnings ---- */

static const char *const idle[] = {
    IMAGE LAYER1("l", "LRN", "x", "y", "lrn_param { k: 2 norm_region: WITHIN_CHANNEL }"),
    ROWS INPUT("z", "dim: 4 dim: 3") "layer { name: 'l' type: 'Eltwise' bottom: 'x' bottom: 'z' "
                                     "top: 'y' eltwise_param { "
                                     "operation: MAX coeff: 1 coeff: 2 } }",
};

static int warnings;

START_TEST(settings_without_effect_are_warned_of) {
    warnings = 0;
    lungo_set_log(lungo_test_count_warnings, &warnings);
    lungo_net_free(lungo_test_net(LUNGO_TEST, idle[_i]));
    lungo_set_log(NULL, NULL);
    ck_assert_int_eq(warnings, 1);
}
END_TEST

/* One record of one pixel. */
static void make_database(void) {
    lungo_db_writer *writer;
    const unsigned char pixel = 7;
    lungo_datum datum = {
        .channels = 1, .height = 1, .width = 1, .data = &pixel, .data_size = 1, .has_label = true};
    ck_ok(lungo_db_writer_open(&writer, "lmdb", "db"));
    ck_ok(lungo_db_writer_put(writer, "0", 1, &datum));
    ck_ok(lungo_db_writer_close(writer));
}

/* rand_skip, and what V1 nets had in data_param: Caffe reads them and does nothing. */
START_TEST(idle_settings_of_data_are_warned_of) {
    static const struct {
        const char *settings;
        int warnings;
    } table[] = {{"", 0}, {"rand_skip: 5", 1}, {"scale: 2", 1}, {"rand_skip: 5 mirror: true", 2}};
    make_database();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "layer { name: 'd' type: 'Data' top: 'x' data_param { source: 'db' backend: LMDB "
                 "batch_size: 1 %s } }",
                 table[i].settings);
        warnings = 0;
        lungo_set_log(lungo_test_count_warnings, &warnings);
        lungo_net *net = lungo_test_net(LUNGO_TEST, text);
        lungo_set_log(NULL, NULL);
        ck_assert_int_ge(warnings, table[i].warnings);
        ck_assert(table[i].warnings > 0 || warnings == 0);
        lungo_net_free(net);
    }
}
END_TEST

Suite *lungo_suite_caffe_checks(void);
Suite *lungo_suite_caffe_checks(void) {
    Suite *suite = lungo_test_folder_suite(
        "caffe_checks", (const TTest *const[]){idle_settings_of_data_are_warned_of, NULL});
    lungo_suite_add_table(suite, what_caffe_aborts_on_is_an_error,
                          sizeof refused / sizeof *refused);
    lungo_suite_add_table(suite, labels_out_of_range_are_named, 5);
    lungo_suite_add_table(suite, settings_without_effect_are_warned_of, sizeof idle / sizeof *idle);
    return suite;
}
