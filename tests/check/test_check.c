/* Every rule of `lungo check`, by a definition that breaks it: which rules find something, and in
 * which lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "lungo/check.h"
#include "store/database.h"
#include "support/command.h"
#include "support/nets.h"
#include "support/suites.h"

/* ---- what is found ---- */

/* "3:unused-top 7:decay" */
static void list_findings(lungo_buffer *out, const lungo_check *check) {
    for (size_t i = 0; i < lungo_check_count(check); i++) {
        lungo_finding found = lungo_check_finding(check, i);
        lungo_buffer_printf(out, "%s%d:%s", i ? " " : "", found.line, found.rule.name);
    }
}

static void print_findings(lungo_buffer *out, const lungo_check *check) {
    for (size_t i = 0; i < lungo_check_count(check); i++) {
        lungo_finding found = lungo_check_finding(check, i);
        lungo_buffer_printf(out, "%s:%d:%d: %s [%s]\n", found.file, found.line, found.column,
                            found.text, found.rule.name);
    }
}

static void expect_findings(const char *path, const lungo_check_options *options,
                            const char *expected) {
    lungo_check *check;
    lungo_buffer got = {0}, text = {0};
    ck_ok(lungo_check_file(&check, path, options));
    list_findings(&got, check);
    print_findings(&text, check);
    ck_assert_msg(strcmp(lungo_buffer_text(&got), expected) == 0, "expected %s\ngot %s\n%s",
                  expected, lungo_buffer_text(&got), lungo_buffer_text(&text));
    lungo_buffer_dispose(&got);
    lungo_buffer_dispose(&text);
    lungo_check_free(check);
}

/* Finding `index` of the file is at this column and has this text in it. */
static void expect_text(const char *path, size_t index, int column, const char *part) {
    lungo_check *check;
    ck_ok(lungo_check_file(&check, path, NULL));
    lungo_finding found = lungo_check_finding(check, index);
    ck_assert_ptr_nonnull(found.text);
    ck_assert_msg(found.column == column && strstr(found.text, part), "column %d: %s", found.column,
                  found.text);
    lungo_check_free(check);
}

/* ---- nets ---- */

/* Lines 1 and 2 of a net, with what makes x (2, 4, 9, 9) and labels t (2); its last line, a loss on
 * y. */
#define DATA                                                                                       \
    "layer { name: 'd' type: 'DummyData' top: 'x' top: 't' dummy_data_param {\n"                   \
    "  shape { dim: 2 dim: 4 dim: 9 dim: 9 } shape { dim: 2 } } }\n"
#define LOSS     "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'y' bottom: 't' top: 'l' }\n"
#define XAVIER   " weight_filler { type: 'xavier' } "
#define IP       " inner_product_param { num_output: 3" XAVIER "}"
#define CONV     " convolution_param { num_output: 3 kernel_size: 2" XAVIER "}"
#define FC(from) "layer { name: 'fc' type: 'InnerProduct' bottom: '" from "' top: 'y'" IP " }\n"

static const struct {
    const char *net, *expected;
} nets[] = {
    {DATA FC("x") LOSS, ""},
    {"layer { name: 'x' typ: 'ReLU' }", "1:cannot-read"},
    {DATA FC("nowhere") LOSS, "3:cannot-build"},
    {DATA "layer { name: 'a'\n type: 'relu' bottom: 'x' top: 'x' }\n"
          "layer { name: 'b'\n type: 'SoftMax' bottom: 'x' top: 'x' }\n",
     "4:unknown-type 6:unknown-type"},
    {DATA FC("x") "layer { name: 'fc' type: 'InnerProduct' bottom: 'y' top: 'z'" IP " }\n"
                  "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'z' bottom: 't' }\n",
     "4:duplicate-name"},
    {DATA FC("x") "layer { name: 'p' type: 'Softmax' bottom: 'y' top: 'p' }\n" LOSS,
     "4:unused-top"},
    {DATA FC("x") "layer { name: 'a' type: 'Accuracy' bottom: 'y' bottom: 't' top: 'a' }\n" LOSS,
     ""},
    {DATA FC("x") "layer { name: 'z' type: 'InnerProduct' bottom: 'x' top: 'z'" IP " }\n"
                  "layer { name: 's' type: 'Silence' bottom: 'z' }\n" LOSS,
     "4:no-loss-reaches"},
    {DATA FC("x") "layer { name: 'z' type: 'InnerProduct' bottom: 'x' top: 'z' param { lr_mult: 0 }"
                  " param { lr_mult: 0 }" IP " }\n"
                  "layer { name: 's' type: 'Silence' bottom: 'z' }\n" LOSS,
     ""},
    {DATA "layer { name: 's' type: 'Sigmoid' bottom: 'x' top: 's' }\n"
          "layer { name: 'r' type: 'Power' bottom: 's' top: 's' }\n" FC("s") LOSS,
     "4:changed-in-place"},
    {DATA "layer { name: 's' type: 'Sigmoid' bottom: 'x' top: 's' }\n"
          "layer { name: 'r' type: 'Power' bottom: 's' top: 'r' }\n" FC("r") LOSS,
     ""},
    {DATA "layer { name: 'bn' type: 'BatchNorm' bottom: 'x' top: 'b'\n"
          "  param { lr_mult: 0 } param { lr_mult: 1 } }\n" FC("b") LOSS,
     "4:batch-norm-lr"},
    {DATA "layer { name: 'bn' type: 'BatchNorm' bottom: 'x' top: 'b' }\n"
          "layer { name: 'r' type: 'ReLU' bottom: 'b' top: 'b' }\n" FC("b") LOSS,
     "3:batch-norm-without-scale"},
    {DATA "layer { name: 'bn' type: 'BatchNorm' bottom: 'x' top: 'b' }\n"
          "layer { name: 's' type: 'Scale' bottom: 'b' top: 'b' }\n" FC("b") LOSS,
     ""},
    {"layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }\n"
     "layer { name: 'bn' type: 'BatchNorm' bottom: 'x' top: 'b'\n"
     "  batch_norm_param { use_global_stats: false } }\n" FC("b"),
     "3:batch-norm-statistics"},
    {DATA "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x'\n"
          "  convolution_param { num_output: 2 } }\n" FC("x") LOSS,
     "4:settings-unread"},
    {DATA "layer { name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'z'" IP " }\n"
          "layer { name: 'p' type: 'Softmax' bottom: 'z' top: 'y' }\n" LOSS,
     "5:normalised-twice"},
    {DATA FC("x") "layer { name: 'r' type: 'Dropout' bottom: 'y' top: 'y' }\n" LOSS,
     "4:loss-of-cut-values"},
    {DATA FC("x") "layer { name: 'a' type: 'AbsVal' bottom: 'y' top: 'a'\n loss_weight: 1 }\n" LOSS,
     "5:loss-weight-on-values"},
    {DATA FC("x") "layer { name: 'a' type: 'Reduction' bottom: 'y' top: 'a'\n loss_weight: 1 }\n",
     ""},
    {DATA "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a'\n"
          "  inner_product_param { num_output: 3 } }\n"
          "layer { name: 'b' type: 'InnerProduct' bottom: 'a' top: 'y'\n"
          "  inner_product_param { num_output: 3 } }\n" LOSS,
     "5:zero-weights"},
    {DATA "layer { name: 'b' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
          "  inner_product_param { num_output: 3 } }\n" LOSS,
     ""},
    {DATA "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'p'\n"
          "  pooling_param { kernel_size: 2 stride: 2 } }\n" FC("p") LOSS,
     "3:pooling-rounds-up"},
    {DATA "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'p'\n"
          "  pooling_param { kernel_size: 2 stride: 2 round_mode: CEIL } }\n" FC("p") LOSS,
     ""},
    {DATA "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param {\n"
          "  num_output: 3 kernel_size: 2 stride: 2" XAVIER "} }\n" FC("c") LOSS,
     "3:pixels-dropped"},
    {DATA "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param {\n"
          "  num_output: 3 kernel_size: 2 stride: 2 pad: 1" XAVIER "engine: CUDNN } }\n" FC("c")
              LOSS,
     "4:ignored-engine"},
    {"input: 'x'\ninput_shape { dim: 2 dim: 4 }\n" FC("x"), "1:old-format"},
    {"layer { name: 'd' type: 'Data' top: 'x' top: 't'\n"
     "  data_param { batch_size: 2\n    source: 'none_lmdb' backend: LMDB }\n"
     "  transform_param { crop_size: 8\n    mean_file: 'none.binaryproto' } }\n"
     "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'" CONV " }\n" FC("c") LOSS,
     "3:missing-file"},
    {"layer { name: 'd' type: 'Data' top: 'x' top: 't'\n"
     "  data_param { batch_size: 2 source: 'none_lmdb' } }\n" FC(
         "x") "layer { name: 'a' type: 'Accuracy' bottom: 'y' bottom: 't' top: 'a'\n"
              "  include { phase: TEST } }\n" LOSS,
     "1:same-data 2:missing-file"},
};

START_TEST(nets_are_looked_over) {
    lungo_test_file("net.prototxt", nets[_i].net);
    expect_findings("net.prototxt", NULL, nets[_i].expected);
}
END_TEST

START_TEST(a_finding_says_where_and_what_to_do) {
    lungo_test_file("net.prototxt", DATA FC("x") "layer { name: 'y' type: 'RelU' }");
    expect_text("net.prototxt", 0, 19,
                "layer 'y': unknown layer type 'RelU'; did you mean 'ReLU'?");
    lungo_test_file("net.prototxt", "layer {\n  nam: 'x'\n}");
    expect_text("net.prototxt", 0, 6, "unknown field 'nam' in LayerParameter");
    expect_text("none.prototxt", 0, 1, "none.prototxt");
}
END_TEST

/* 6.4 GB of weights, twice over with their gradients. */
START_TEST(nothing_is_allocated_for_a_huge_net) {
    lungo_test_file("net.prototxt",
                    "layer { name: 'd' type: 'DummyData' top: 'x' top: 't' dummy_data_param {\n"
                    "  shape { dim: 2 dim: 40000 } shape { dim: 2 } } }\n"
                    "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a'\n"
                    "  inner_product_param { num_output: 40000" XAVIER "} }\n" FC("a") LOSS);
    expect_findings("net.prototxt", NULL, "");
}
END_TEST

/* ---- data ---- */

/* Records of 4 bytes; record i has label i. */
static void make_database(const char *path, int records) {
    lungo_database_writer *writer;
    ck_ok(lungo_database_create(&writer, LUNGO_LMDB, path));
    for (int i = 0; i < records; i++) {
        char key = (char)('a' + i), value[] = "\x08\x01\x10\x02\x18\x02\x22\x04wxyz\x28\x00";
        value[13] = (char)i;
        ck_ok(lungo_database_put(writer, &key, 1, value, sizeof value - 1));
    }
    ck_ok(lungo_database_finish(writer));
}

#define FROM_DB(phase)                                                                             \
    "layer { name: 'd' type: 'Data' top: 'x' top: 't' include { phase: " phase " }"                \
    " data_param { batch_size: 2 source: 'db' backend: LMDB } }\n"

START_TEST(labels_beyond_the_classes) {
    make_database("db", 4);
    lungo_test_file("net.prototxt", FROM_DB("TRAIN") FC("x") LOSS);
    expect_findings("net.prototxt", NULL, "3:label-range");
    make_database("db3", 3);
    lungo_test_file("net.prototxt",
                    "layer { name: 'd' type: 'Data' top: 'x' top: 't' data_param {"
                    " batch_size: 2 source: 'db3' backend: LMDB } }\n" FC("x") LOSS);
    expect_findings("net.prototxt", NULL, "");
}
END_TEST

/* ---- solvers ---- */

#define FIXED "base_lr: 0.1\nlr_policy: 'fixed'\nmax_iter: 100\ndisplay: 10\n"
#define STEP  "lr_policy: 'step'\ngamma: 0.1\nbase_lr: 0.1\nmax_iter: 100\ndisplay: 10\n"

static const struct {
    const char *solver, *expected;
} solvers[] = {
    {FIXED, ""},
    {STEP "stepsize: 40\n", ""},
    {STEP "stepsize: 100\n", "6:steps-not-reached"},
    {STEP, "1:cannot-build 1:lr-policy-missing"},
    {FIXED "gamma: 0.1\n", "5:setting-unused"},
    {FIXED "momentum2: 0.9\n", "5:setting-unused"},
    {FIXED "type: 'Adam'\nmomentum2: 0.9\n", ""},
    {FIXED "type: 'Adm'\n", "5:cannot-build"},
    {"lr_policy: 'multistep'\ngamma: 0.1\nbase_lr: 0.1\nmax_iter: 100\ndisplay: 10\nstepvalue: 50\n"
     "stepvalue: 100\n",
     "6:steps-not-reached"},
    {"lr_policy: 'multistep'\ngamma: 0.1\nbase_lr: 0.1\nmax_iter: 100\ndisplay: 10\n",
     "1:lr-policy-missing"},
    {FIXED "snapshot: 1000\n", "5:snapshot-beyond-end"},
    {FIXED "test_iter: 2\ntest_interval: 1000\n", "6:test-beyond-end"},
    {FIXED "test_iter: 2\ntest_interval: 30\n", "6:last-model-untested"},
    {FIXED "test_iter: 3\ntest_interval: 50\n", "5:test-coverage"},
    {FIXED "test_iter: 1\ntest_interval: 50\n", "5:test-coverage"},
    {FIXED "weight_decay: 0.1\n", "3:decay"},
    {FIXED "solver_mode: GPU\ndevice_id: 1\n", "5:ignored-setting 6:ignored-setting"},
    {FIXED "solver_type: ADAM\n", "5:old-format"},
    {FIXED "weights: 'none.caffemodel'\n", "5:missing-file"},
    {FIXED "train_net: 'net.prototxt'\n", "1:cannot-build"},
    {"base_lr: 0\nlr_policy: 'fixed'\n", "1:no-max-iter 1:no-display 1:nothing-learns"},
};

/* The net's lines are counted from its own start; the database has 4 records. */
START_TEST(solvers_are_looked_over) {
    char text[1000];
    make_database("db", 4);
    lungo_test_file("net.prototxt",
                    FROM_DB("TRAIN") FROM_DB("TEST")
                        FC("x") "layer { name: 'l' type: 'EuclideanLoss' bottom: 'y'"
                                " bottom: 'y' top: 'l' }\n");
    snprintf(text, sizeof text, "%snet: 'net.prototxt'\n", solvers[_i].solver);
    lungo_test_file("solver.prototxt", text);
    expect_findings("solver.prototxt", NULL, solvers[_i].expected);
}
END_TEST

START_TEST(a_solver_without_its_net) {
    lungo_test_file("solver.prototxt", FIXED "net: 'none.prototxt'\n");
    expect_findings("solver.prototxt", NULL, "5:cannot-read");
    expect_text("solver.prototxt", 0, 1, "net 'none.prototxt' is not there. Paths are relative");
}
END_TEST

START_TEST(a_net_in_a_solver_that_has_no_loss) {
    lungo_test_file("solver.prototxt", FIXED "net_param {\n" DATA FC("x") "}\n");
    expect_findings("solver.prototxt", NULL, "1:nothing-learns");
}
END_TEST

/* ---- weights ---- */

static void save_weights(const char *net) {
    lungo_net *saved = lungo_test_net(LUNGO_TEST, net);
    ck_ok(lungo_net_save_weights(saved, "net.caffemodel", false));
    lungo_net_free(saved);
}

START_TEST(weights_that_do_not_fit) {
    lungo_check_options options = LUNGO_CHECK_OPTIONS_INIT;
    options.weights = "net.caffemodel";
    save_weights(DATA FC("x") LOSS);
    lungo_test_file("net.prototxt", DATA FC("x") LOSS);
    expect_findings("net.prototxt", &options, "");
    lungo_test_file("net.prototxt", DATA
                    "layer { name: 'fd' type: 'InnerProduct' bottom: 'x' top: 'y'" IP " }\n" LOSS);
    expect_findings("net.prototxt", &options, "1:weights-unused 3:weights-missing");
    lungo_test_file("net.prototxt",
                    DATA "layer { name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'y'"
                         " inner_product_param { num_output: 5 " XAVIER "} }\n" LOSS);
    expect_findings("net.prototxt", &options, "3:weights-shape 3:weights-shape");
    lungo_test_file("net.prototxt", DATA
                    "layer { name: 'fc' type: 'InnerProduct' bottom: 'x' top: 'y'"
                    " inner_product_param { num_output: 3 bias_term: false" XAVIER "} }\n" LOSS);
    expect_findings("net.prototxt", &options, "3:weights-shape");
    options.weights = "none.caffemodel";
    expect_findings("net.prototxt", &options, "1:cannot-read");
}
END_TEST

/* ---- the command, the page, the models ---- */

#define CHECK LUNGO_BINARY_DIR "/bin/lungo check "

START_TEST(the_command) {
    lungo_test_file("good.prototxt", DATA FC("x") LOSS);
    lungo_test_file("warn.prototxt",
                    DATA FC("x") "layer { name: 'p' type: 'Softmax' bottom: 'y' top: 'p' }\n" LOSS);
    lungo_test_file("bad.prototxt", "layer { nam: 'x' }");
    ck_assert_int_eq(lungo_command(CHECK "good.prototxt"), 0);
    lungo_command_wrote("out", "0 errors, 0 warnings, 0 notes\n");
    ck_assert_int_eq(lungo_command(CHECK "warn.prototxt"), 0);
    lungo_command_wrote("out", "warn.prototxt:4:1: warning: layer 'p': nobody takes its top 'p'");
    ck_assert_int_eq(lungo_command(CHECK "--strict warn.prototxt"), 1);
    ck_assert_int_eq(lungo_command(CHECK "bad.prototxt warn.prototxt"), 1);
    lungo_command_wrote("out", "bad.prototxt:1:12: error: unknown field 'nam'");
    lungo_command_wrote("out", "1 error, 1 warning, 0 notes\n");
    lungo_command_refused(lungo_command(CHECK), "expected a net or a solver");
}
END_TEST

START_TEST(the_command_in_json) {
    lungo_test_file("bad.prototxt", "layer { nam: 'x' }");
    ck_assert_int_eq(lungo_command(CHECK "--json bad.prototxt absent.prototxt"), 1);
    lungo_command_wrote("out", "[\n {\n  \"file\": \"bad.prototxt\",\n  \"line\": 1,\n"
                               "  \"column\": 12,\n  \"severity\": \"error\",\n"
                               "  \"rule\": \"cannot-read\",\n  \"text\": \"unknown field 'nam'");
    lungo_command_wrote("out", " },\n {\n  \"file\": \"absent.prototxt\",\n");
    lungo_test_file("good.prototxt", DATA FC("x") LOSS);
    ck_assert_int_eq(lungo_command(CHECK "--json good.prototxt"), 0);
    lungo_command_wrote("out", "[]\n");
    lungo_test_file("bytes.prototxt", "layer { name: '\\377' type: 'ReLU' bottom: 'x' top: 'y' }");
    lungo_command_refused(lungo_command(CHECK "--json bytes.prototxt"), "expected names in UTF-8");
}
END_TEST

/* docs/check.md has a row for each rule, in their order, and no other. */
START_TEST(the_page_has_every_rule) {
    static const char *const severities[] = {"note", "warning", "error"};
    lungo_buffer rows = {0};
    char *page;
    size_t length;
    ck_ok(lungo_file_read(&page, &length, LUNGO_SOURCE_DIR "/docs/check.md"));
    for (size_t i = 0; lungo_check_rule_get(i).name; i++) {
        lungo_check_rule rule = lungo_check_rule_get(i);
        lungo_buffer_printf(&rows, "| `%s` | %s | %s |\n", rule.name, severities[rule.severity],
                            rule.brief);
    }
    ck_assert_msg(strstr(page, lungo_buffer_text(&rows)), "docs/check.md lacks these rows:\n%s",
                  lungo_buffer_text(&rows));
    lungo_buffer_dispose(&rows);
    free(page);
}
END_TEST

static const char *const models[] = {"alexnet",   "caffenet", "cifar10_quick", "googlenet", "lenet",
                                     "mobilenet", "resnet50", "squeezenet",    "vgg16"};
static const char *const files[] = {"bench.prototxt", "deploy.prototxt", "train_test.prototxt"};

/* Data may be missing, and what rounds up is meant to. */
static bool is_harmless(const char *rule) {
    return !strcmp(rule, "missing-file") || !strcmp(rule, "pooling-rounds-up");
}

START_TEST(models_are_clean) {
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        char path[500];
        lungo_check *check;
        lungo_buffer text = {0};
        bool clean = true;
        snprintf(path, sizeof path, LUNGO_SOURCE_DIR "/models/%s/%s", models[_i], files[k]);
        ck_ok(lungo_check_file(&check, path, NULL));
        print_findings(&text, check);
        for (size_t i = 0; i < lungo_check_count(check); i++)
            clean &= is_harmless(lungo_check_finding(check, i).rule.name);
        ck_assert_msg(clean, "%s", lungo_buffer_text(&text));
        lungo_buffer_dispose(&text);
        lungo_check_free(check);
    }
}
END_TEST

Suite *lungo_suite_check(void);
Suite *lungo_suite_check(void) {
    Suite *suite = suite_create("check");
    TCase *cases = lungo_test_folder_case(suite, "check", NULL);
    tcase_add_loop_test(cases, nets_are_looked_over, 0, sizeof nets / sizeof *nets);
    tcase_add_loop_test(cases, solvers_are_looked_over, 0, sizeof solvers / sizeof *solvers);
    tcase_add_loop_test(cases, models_are_clean, 0, sizeof models / sizeof *models);
    tcase_add_test(cases, a_finding_says_where_and_what_to_do);
    tcase_add_test(cases, nothing_is_allocated_for_a_huge_net);
    tcase_add_test(cases, labels_beyond_the_classes);
    tcase_add_test(cases, a_solver_without_its_net);
    tcase_add_test(cases, a_net_in_a_solver_that_has_no_loss);
    tcase_add_test(cases, weights_that_do_not_fit);
    tcase_add_test(cases, the_command);
    tcase_add_test(cases, the_command_in_json);
    tcase_add_test(cases, the_page_has_every_rule);
    return suite;
}
