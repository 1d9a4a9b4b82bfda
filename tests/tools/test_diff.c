/* lungo diff: definitions, weights, and what nets give. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/data.h"
#include "support/command.h"
#include "support/fill.h"
#include "support/nets.h"
#include "support/suites.h"

#define DIFF    LUNGO_BINARY_DIR "/bin/lungo diff "
#define UPGRADE LUNGO_SOURCE_DIR "/tests/golden/upgrade/"

enum { EQUAL, DIFFERENT, TROUBLE };

static void expect_out(const char *expected) {
    lungo_test_file("expected", expected);
    lungo_test_same_files("out", "expected");
}

/* ---- definitions ---- */

#define CONV(more)                                                                                 \
    "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'y' convolution_param { num_output: "  \
    "6 "                                                                                           \
    "kernel_size: 3 " more " } }\n"
#define RELU "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'y' }\n"
#define TANH "layer { name: 't' type: 'TanH' bottom: 'y' top: 'z' }\n"

/* `rows` without the heads; "": they are equal. */
static const struct {
    const char *a, *b, *rows;
} definitions[] = {
    {CONV(""), CONV(""), ""},
    {CONV(""), CONV("bias_term: true pad: 0 stride: 1 group: 1"), ""},
    {CONV("") RELU,
     CONV("") "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'y' param {} "
              "relu_param { negative_slope: 0 } include {} }",
     ""},
    {CONV("pad: 1"), CONV("stride: 2 pad: 1 pad: 2"),
     "c      convolution_param.pad     1  [1, 2]\n"
     "c      convolution_param.stride  1  2\n"},
    {"name: 'n'" CONV(""), CONV("weight_filler { type: 'xavier' }"),
     "       name                                  \"n\"         -\n"
     "c      convolution_param.weight_filler.type  \"constant\"  \"xavier\"\n"},
    {CONV("") RELU, CONV("") TANH, "r      type   ReLU  -\nt      type   -     TanH\n"},
    {CONV("") RELU TANH, CONV("") TANH RELU, "t      (order)  r  c\n"},
    {RELU RELU, RELU "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'w' }\n",
     "r      top    \"y\"  \"w\"\n"},
    {"layer { name: 'n' type: 'BatchNorm' bottom: 'y' top: 'y' }",
     "layer { name: 'n' type: 'BatchNorm' bottom: 'y' top: 'y' "
     "batch_norm_param { use_global_stats: false } }",
     "n      batch_norm_param.use_global_stats  -  false\n"},
    {"layers { name: 'i' type: INNER_PRODUCT bottom: 'x' top: 'y' blobs_lr: 1 blobs_lr: 2 "
     "weight_decay: 1 weight_decay: 0 inner_product_param { num_output: 3 } }",
     "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'y' param { lr_mult: 1 } "
     "param { lr_mult: 2 decay_mult: 0 } inner_product_param { num_output: 3 } }",
     ""},
    {"base_lr: 0.1 solver_type: ADAM net: 'a'", "base_lr: 0.1 type: 'Adam' net: 'a'", ""},
    {"base_lr: 0.1 momentum: 0.9 net: 'a'", "base_lr: 0.01 net: 'a' clip_gradients: -1",
     "       base_lr   0.1  0.01\n       momentum  0.9  -\n"},
};

/* Heads are as long as the names of the files, a and b. */
START_TEST(definitions_field_by_field) {
    const char *rows = definitions[_i].rows;
    lungo_test_file("a", definitions[_i].a);
    lungo_test_file("b", definitions[_i].b);
    int status = lungo_command(DIFF "a b");
    lungo_command_wrote("out", rows);
    ck_assert_msg(status == (*rows ? DIFFERENT : EQUAL), "%s\n%s: status %d", definitions[_i].a,
                  definitions[_i].b, status);
    int lines = 0;
    for (const char *at = rows; (at = strchr(at, '\n')); at++)
        lines++;
    char last[40];
    snprintf(last, sizeof last, "fields that differ: %d\n", lines);
    lungo_command_wrote("out", last);
    ck_assert_int_eq(lungo_command(DIFF "b b"), EQUAL);
    expect_out("fields that differ: 0\n");
}
END_TEST

START_TEST(old_formats_equal_their_upgrades) {
    ck_assert_int_eq(lungo_command("for f in " UPGRADE "*.in.prototxt; do " DIFF
                                   "$f ${f%%.in.prototxt}.out.prototxt || exit 1; done"),
                     0);
}
END_TEST

START_TEST(definitions_that_cannot_be_compared) {
    lungo_test_file("net", CONV(""));
    lungo_test_file("solver", "base_lr: 0.1\n\nnet: 'a'");
    lungo_test_file("bad_net", CONV("") "layer { nmae: 'x' }");
    lungo_test_file("bad_solver", "base_lr: 0.1\n\nnett: 'a'");
    ck_assert_int_eq(lungo_command(DIFF "net solver"), TROUBLE);
    lungo_command_wrote("err", "expected two nets or two solvers, got net, a NetParameter, and "
                               "solver, a SolverParameter");
    ck_assert_int_eq(lungo_command(DIFF "net bad_net"), TROUBLE);
    lungo_command_wrote("err", "bad_net:2:13: unknown field 'nmae' in LayerParameter");
    ck_assert_int_eq(lungo_command(DIFF "bad_solver solver"), TROUBLE);
    lungo_command_wrote("err", "bad_solver:3:5: unknown field 'nett' in SolverParameter");
    ck_assert_int_eq(lungo_command(DIFF "--unknown-fields=warn bad_solver solver"), DIFFERENT);
    lungo_command_wrote("out", "net    -           \"a\"");
    ck_assert_int_eq(lungo_command(DIFF "none solver"), TROUBLE);
    lungo_command_wrote("err", "none");
    ck_assert_int_eq(lungo_command(DIFF "net"), TROUBLE);
    lungo_command_wrote("err", "diff: expected two prototxts");
}
END_TEST

/* ---- weights ---- */

#define SMALL                                                                                      \
    INPUT("x", "dim: 2 dim: 3")                                                                    \
    LAYER1("i", "InnerProduct", "x", "y",                                                          \
           "inner_product_param { num_output: 2 weight_filler { value: 2 } }")                     \
    LAYER1("r", "ReLU", "y", "y", "")                                                              \
    LAYER1("o", "InnerProduct", "y", "z",                                                          \
           "inner_product_param { num_output: 1 weight_filler { value: 0.5 } }")

static void save(const char *path, const char *text, const char *layer, int param, float value) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    if (layer) lungo_data_update(lungo_test_layer(net, layer)->params[param].blob)[0] = value;
    ck_ok(lungo_net_save_weights(net, path, false));
    lungo_net_free(net);
}

START_TEST(weights_blob_by_blob) {
    save("a", SMALL, NULL, 0, 0);
    save("b", SMALL, "i", 0, 3);
    ck_assert_int_eq(lungo_command(DIFF "a a"), EQUAL);
    ck_assert_int_eq(lungo_command(DIFF "a b"), DIFFERENT);
    expect_out("layer  blob  shape  largest difference  relative       cosine\n"
               "i         0  2x3                     1  0.204124  0.985527457  differs\n"
               "i         1  2                       0         0            1\n"
               "o         0  1x2                     0         0            1\n"
               "o         1  1                       0         0            1\n"
               "1 of 4 blobs differ\n");
    ck_assert_int_eq(lungo_command(DIFF "--tolerance=0.21 a b"), EQUAL);
    ck_assert_int_eq(lungo_command(DIFF "--tolerance=0.2 a b"), DIFFERENT);
    save("b", SMALL, "i", 0, NAN);
    ck_assert_int_eq(lungo_command(DIFF "--tolerance=9 a b"), DIFFERENT);
    ck_assert_int_eq(lungo_command(DIFF "b b"), EQUAL);
}
END_TEST

START_TEST(weights_of_other_nets) {
    save("a", SMALL, NULL, 0, 0);
    save("b",
         INPUT("x", "dim: 2 dim: 3")
             LAYER1("i", "InnerProduct", "x", "y",
                    "inner_product_param { num_output: 3 bias_term: false }")
                 LAYER1("n", "Bias", "y", "y", ""),
         NULL, 0, 0);
    ck_assert_int_eq(lungo_command(DIFF "a b"), DIFFERENT);
    expect_out("layer  blob  shape  largest difference  relative  cosine\n"
               "i         0  2x3                                          3x3 in the second\n"
               "i         1  2                                            only in the first\n"
               "o         0  1x2                                          only in the first\n"
               "o         1  1                                            only in the first\n"
               "n         0  3                                            only in the second\n"
               "5 of 5 blobs differ\n");
    lungo_test_file("text", SMALL);
    ck_assert_int_eq(lungo_command(DIFF "text a"), TROUBLE);
    lungo_command_wrote("err", "got 'text', a prototxt, and 'a', weights");
    ck_assert_int_eq(lungo_command(DIFF "--tolerance=x a b"), TROUBLE);
    lungo_command_wrote("err", "--tolerance: expected a number of 0 or more, got 'x'");
    lungo_test_bytes("cut", "\x0a\x7f\x01", 3);
    ck_assert_int_eq(lungo_command(DIFF "a cut"), TROUBLE);
}
END_TEST

/* ---- outputs ---- */

START_TEST(outputs_of_one_net) {
    lungo_test_file("net", SMALL);
    save("a", SMALL, NULL, 0, 0);
    save("b", SMALL, "o", 1, 0.25f);
    lungo_npy_writer *writer;
    ck_ok(lungo_npy_writer_open(&writer, "x.npy", &LUNGO_SHAPE(1, 3)));
    ck_ok(lungo_npy_writer_put(writer, (float[]){1, 2, 3}, 3));
    ck_ok(lungo_npy_writer_close(writer));
    ck_assert_int_eq(lungo_command(DIFF "--model=net a a"), EQUAL);
    ck_assert_int_eq(lungo_command(DIFF "--model=net --input=x.npy a b"), DIFFERENT);
    expect_out("layer  type          blob  shape  largest difference  relative\n"
               "in_x   Input         x     1x3                     0  0.00e+00\n"
               "i      InnerProduct  y     1x2                     0  0.00e+00\n"
               "o      InnerProduct  z     1x1                  0.25  2.04e-02  differs\n"
               "1 of 3 blobs differ by more than 1e-05 of their largest value\n"
               "the first is 'z' of layer 'o' (InnerProduct)\n");
    ck_assert_int_eq(lungo_command(DIFF "--model=net --input=x.npy --tolerance=0.03 a b"), EQUAL);
}
END_TEST

START_TEST(a_folded_net_gives_the_same) {
    static const char text[] = INPUT("x", "dim: 1 dim: 2 dim: 5 dim: 5")
        LAYER1("c", "Convolution", "x", "w", "convolution_param { num_output: 3 kernel_size: 3 }")
            LAYER1("n", "BatchNorm", "w", "y", "") LAYER1("r", "ReLU", "y", "y", "")
                LAYER1("s", "Softmax", "y", "p", "");
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    lungo_fill_net(net);
    ck_ok(lungo_net_save_weights(net, "a", false));
    lungo_net_free(net);
    lungo_test_file("net", text);
    ck_assert_int_eq(lungo_command(LUNGO_BINARY_DIR "/bin/lungo fold --model=net --weights=a -o f"),
                     0);
    ck_assert_int_eq(lungo_command(DIFF "net a f.prototxt f.caffemodel"), EQUAL);
    lungo_command_wrote("out", "0 of 3 blobs differ by more than 1e-05 of their largest value; 1 "
                               "are in the first net only\n");
    ck_assert_int_eq(lungo_command(DIFF "--engine=blas --seed=5 net a f.prototxt f.caffemodel"),
                     EQUAL);
}
END_TEST

START_TEST(nets_that_cannot_be_compared) {
    lungo_test_file("net", SMALL);
    lungo_test_file("wide", INPUT("x", "dim: 2 dim: 4") LAYER1("r", "ReLU", "x", "y", ""));
    lungo_test_file("own", "layer { name: 'd' type: 'DummyData' top: 'x' "
                           "dummy_data_param { shape { dim: 2 dim: 3 } } }" RELU);
    save("a", SMALL, NULL, 0, 0);
    ck_assert_int_eq(lungo_command(DIFF "net a wide a"), TROUBLE);
    lungo_command_wrote("err", "input 'x': expected 6 values in both nets, got 8");
    ck_assert_int_eq(lungo_command(DIFF "net a none a"), TROUBLE);
    lungo_command_wrote("err", "none");
    ck_assert_int_eq(lungo_command(DIFF "--model=net a none"), TROUBLE);
    ck_assert_int_eq(lungo_command(DIFF "--model=net --input=none.npy a a"), TROUBLE);
    ck_assert_int_eq(lungo_command(DIFF "net a net"), TROUBLE);
    lungo_command_wrote("err", "or a net, its weights, another net and its weights");
}
END_TEST

Suite *lungo_suite_diff(void);
Suite *lungo_suite_diff(void) {
    Suite *suite = suite_create("diff");
    TCase *cases = lungo_test_folder_case(suite, "diff", NULL);
    tcase_add_loop_test(cases, definitions_field_by_field, 0,
                        sizeof definitions / sizeof *definitions);
    tcase_add_test(cases, old_formats_equal_their_upgrades);
    tcase_add_test(cases, definitions_that_cannot_be_compared);
    tcase_add_test(cases, weights_blob_by_blob);
    tcase_add_test(cases, weights_of_other_nets);
    tcase_add_test(cases, outputs_of_one_net);
    tcase_add_test(cases, a_folded_net_gives_the_same);
    tcase_add_test(cases, nets_that_cannot_be_compared);
    return suite;
}
