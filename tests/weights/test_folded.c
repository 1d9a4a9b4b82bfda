/* lungo fold: nets of every form, folded, give what they gave; what stays says why. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "lungo/fold.h"
#include "support/command.h"
#include "support/fill.h"
#include "support/nets.h"
#include "support/suites.h"

#define FOLD LUNGO_BINARY_DIR "/bin/lungo fold --model=net.prototxt --weights=net.caffemodel "

/* ---- nets and what they give ---- */

/* Layer by layer: the default engine would fold what can be folded itself. */
static lungo_net *open_file(const char *path) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net;
    options.seed = 1;
    options.engine = LUNGO_ENGINE_BLAS;
    ck_ok(lungo_net_open(&net, path, &options));
    return net;
}

/* net.prototxt and net.caffemodel; the caller frees the net, which has run. */
static lungo_net *make_net(const char *text) {
    lungo_test_file("net.prototxt", text);
    lungo_net *net = open_file("net.prototxt");
    lungo_fill_net(net);
    ck_ok(lungo_net_save_weights(net, "net.caffemodel", false));
    ck_ok(lungo_net_forward(net, NULL));
    return net;
}

static void copy_inputs(lungo_net *to, const lungo_net *from) {
    ck_assert_uint_eq(lungo_net_input_count(to), lungo_net_input_count(from));
    for (size_t i = 0; i < lungo_net_input_count(to); i++) {
        lungo_blob *blob = lungo_net_input(to, i);
        memcpy(lungo_data_overwrite(blob), lungo_data(lungo_net_input(from, i)),
               lungo_blob_count(blob) * sizeof(float));
    }
}

static void check_blob(const lungo_blob *got, const lungo_blob *wanted) {
    double scale = 0, error = 0;
    ck_assert_str_eq(lungo_blob_name(got), lungo_blob_name(wanted));
    ck_assert_uint_eq(lungo_blob_count(got), lungo_blob_count(wanted));
    for (size_t i = 0; i < lungo_blob_count(got); i++) {
        double value = lungo_data(wanted)[i];
        scale = fmax(scale, fabs(value));
        error = fmax(error, fabs(lungo_data(got)[i] - value));
    }
    ck_assert_double_gt(scale, 0);
    ck_assert_msg(error <= 1e-5 * scale, "'%s': error %g of %g", lungo_blob_name(got), error,
                  scale);
}

static lungo_net *run_folded(const lungo_net *net) {
    lungo_net *folded = open_file("out.prototxt");
    ck_ok(lungo_net_load_weights(folded, "out.caffemodel"));
    copy_inputs(folded, net);
    ck_ok(lungo_net_forward(folded, NULL));
    return folded;
}

/* out.prototxt and out.caffemodel give what `net` gave. */
static void check_folded(const lungo_net *net) {
    lungo_net *folded = run_folded(net);
    ck_assert_uint_eq(lungo_net_output_count(folded), lungo_net_output_count(net));
    for (size_t i = 0; i < lungo_net_output_count(net); i++)
        check_blob(lungo_net_output(folded, i), lungo_net_output(net, i));
    lungo_net_free(folded);
}

/* The same before the last layer: a Softmax hides much. */
static void check_scores(const lungo_net *net) {
    lungo_net *folded = run_folded(net);
    const lungo_blob *scores = lungo_net_layer_bottom(folded, lungo_net_layer_count(folded) - 1, 0);
    check_blob(scores, lungo_net_blob(net, lungo_blob_name(scores)));
    lungo_net_free(folded);
}

static void fold(lungo_folded **folded) {
    ck_ok(lungo_folded_open(folded, "net.prototxt", "net.caffemodel", NULL));
    ck_ok(lungo_folded_save(*folded, "out.prototxt", "out.caffemodel"));
}

/* ---- small nets ---- */

#define IMAGES INPUT("x", "dim: 2 dim: 4 dim: 7 dim: 6")
#define CONV(more)                                                                                 \
    LAYER1("c", "Convolution", "x", "y",                                                           \
           "convolution_param { num_output: 6 kernel_size: 3 " more " }")
#define DECONV(more)                                                                               \
    LAYER1("c", "Deconvolution", "x", "y",                                                         \
           "convolution_param { num_output: 6 kernel_size: 3 " more " }")
#define INNER(more)                                                                                \
    LAYER1("c", "InnerProduct", "x", "y", "inner_product_param { num_output: 5 " more " }")
#define NORM        LAYER1("n", "BatchNorm", "y", "y", "")
#define SCALE(more) LAYER1("s", "Scale", "y", "y", "scale_param { " more " }")
#define RELU        LAYER1("r", "ReLU", "y", "y", "")
#define ALL         NORM SCALE("bias_term: true") RELU
#define NORM_Z      LAYER1("n", "BatchNorm", "y", "z", "")
#define DROP(a, b)  LAYER1("d", "Dropout", a, b, "")

/* `said`: "layer into c" or "layer fate why" of all rows, a line each. */
static const struct {
    const char *name, *net, *said;
} nets[] = {
    {"all", IMAGES CONV("") ALL, "n into c\ns into c\n"},
    {"no bias", IMAGES CONV("bias_term: false") ALL, "n into c\ns into c\n"},
    {"groups", IMAGES CONV("group: 2 bias_term: false") ALL, "n into c\ns into c\n"},
    {"eps",
     IMAGES CONV("") LAYER1("n", "BatchNorm", "y", "y", "batch_norm_param { eps: 0.5 }") RELU,
     "n into c\n"},
    {"tops of their own",
     IMAGES CONV("") NORM_Z LAYER1("s", "Scale", "z", "w", "") LAYER1("b", "Bias", "w", "v", "")
         LAYER1("r", "ReLU", "v", "u", ""),
     "n into c\ns into c\nb into c\n"},
    {"an output", IMAGES CONV("") NORM_Z, "n into c\n"},
    {"Deconvolution", IMAGES DECONV("stride: 2 bias_term: false") ALL, "n into c\ns into c\n"},
    {"Deconvolution in groups", IMAGES DECONV("group: 2") ALL, "n into c\ns into c\n"},
    {"InnerProduct", INPUT("x", "dim: 3 dim: 8") INNER("") ALL, "n into c\ns into c\n"},
    {"InnerProduct transposed",
     INPUT("x", "dim: 3 dim: 8") INNER("transpose: true bias_term: false") ALL,
     "n into c\ns into c\n"},
    {"InnerProduct along another axis", INPUT("x", "dim: 2 dim: 3 dim: 8") INNER("axis: 2") NORM,
     "n left its 3 values do not lie along the 5 channels of 'c'\n"},
    {"Dropout between", IMAGES CONV("") DROP("y", "y") ALL,
     "d removed it does nothing in TEST\nn into c\ns into c\n"},
    {"Dropout at the end", IMAGES CONV("") RELU DROP("y", "z"),
     "d removed it does nothing in TEST\n"},
    {"Dropout of an input", IMAGES DROP("x", "z") LAYER1("r", "ReLU", "z", "y", ""),
     "d left it reads 'x', an input of the net\n"},
    {"Dropout beside a reader",
     IMAGES CONV("") RELU DROP("y", "z") LAYER1("t", "TanH", "z", "z", "")
         LAYER1("v", "TanH", "y", "w", ""),
     "d left 'y', which it reads, has other readers\n"},
    {"another reader between", IMAGES CONV("") LAYER1("t", "TanH", "y", "v", "") NORM_Z,
     "n left 'y', which it reads, has other readers\n"},
    {"another reader behind",
     IMAGES CONV("") ALL LAYER1("t", "TanH", "y", "z", "") LAYER1("u", "TanH", "y", "v", ""),
     "n into c\ns into c\n"},
    {"something between", IMAGES CONV("") RELU NORM, "n left 'r' before it is of type ReLU\n"},
    {"nothing before", IMAGES LAYER1("n", "BatchNorm", "x", "y", "") SCALE(""),
     "n left 'in_x' before it is of type Input\ns left 'n' before it is of type BatchNorm\n"},
    {"a scale per row", IMAGES CONV("") NORM SCALE("axis: 2"),
     "n into c\ns left its 5 values do not lie along the 6 channels of 'c'\n"},
    {"a scale that is a blob",
     IMAGES INPUT("f", "dim: 2") CONV("") "layer { name: 's' type: 'Scale' bottom: 'y' "
                                          "bottom: 'f' top: 'y' scale_param { axis: 0 } }\n",
     "s left it has 2 bottoms\n"},
    {"shared weights",
     IMAGES LAYER1("c", "Convolution", "x", "y",
                   "param { name: 'w' } convolution_param { num_output: 4 kernel_size: 1 }")
         NORM LAYER1("e", "Convolution", "x", "v",
                     "param { name: 'w' } convolution_param { num_output: 4 kernel_size: 1 }"),
     "n left 'c' before it shares its weights with 'e'\n"},
    {"two tops",
     IMAGES INPUT("o", "dim: 2 dim: 4 dim: 7 dim: 6") "layer { name: 'c' type: 'Convolution' "
                                                      "bottom: 'x' top: 'y' bottom: 'o' top: 'v' "
                                                      "convolution_param { num_output: 6 "
                                                      "kernel_size: 3 } }\n" NORM,
     "n left 'c' before it has 2 tops\n"},
    {"other phases",
     IMAGES CONV(
         "") "layer { name: 'l' type: 'Silence' bottom: 'y' include { phase: TRAIN } }\n" NORM
             "layer { name: 'q' type: 'ReLU' bottom: 'y' top: 'y' include { phase: TEST } }\n",
     "n into c\nl removed it belongs to another phase, level or stage\n"},
    {"the format of V1",
     "input: 'x' input_dim: 2 input_dim: 4 input_dim: 7 input_dim: 6 "
     "layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'y' convolution_param { num_output: 6 "
     "kernel_size: 3 } } layers { name: 'd' type: DROPOUT bottom: 'y' top: 'y' }",
     "d removed it does nothing in TEST\n"},
};

/* Rows need not be in the order of `said`. */
static void check_rows(const lungo_folded *folded, const char *said, const char *name) {
    static const char *const fates[] = {"into", "removed", "left"};
    size_t lines = 0;
    for (const char *at = said; (at = strchr(at, '\n')); at++)
        lines++;
    ck_assert_msg(lungo_folded_count(folded) == lines, "'%s': expected %zu rows, got %zu", name,
                  lines, lungo_folded_count(folded));
    for (size_t i = 0; i < lines; i++) {
        char line[300];
        lungo_folded_layer layer = lungo_folded_get(folded, i);
        snprintf(line, sizeof line, "%s %s %s%s\n", layer.name, fates[layer.fate], layer.into,
                 layer.why);
        ck_assert_msg(strstr(said, line) != NULL, "'%s': got %s", name, line);
    }
    ck_assert_ptr_null(lungo_folded_get(folded, lines).name);
}

START_TEST(small_nets_give_what_they_gave) {
    lungo_net *net = make_net(nets[_i].net);
    lungo_folded *folded;
    fold(&folded);
    check_rows(folded, nets[_i].said, nets[_i].name);
    check_folded(net);
    lungo_folded_free(folded);
    lungo_net_free(net);
}
END_TEST

START_TEST(statistics_of_the_batch_stay) {
    lungo_folded *folded;
    lungo_net_free(make_net(IMAGES CONV("") LAYER1(
        "n", "BatchNorm", "y", "y", "batch_norm_param { use_global_stats: false }")));
    fold(&folded);
    check_rows(folded, "n left its statistics are those of the batch (use_global_stats: false)\n",
               "batch");
    lungo_folded_free(folded);
}
END_TEST

START_TEST(weights_stay_finite) {
    lungo_folded *folded;
    lungo_net *net = make_net(IMAGES CONV("") NORM);
    lungo_data_update(lungo_net_layer_param(net, 2, 1))[3] = -9;
    ck_ok(lungo_net_save_weights(net, "net.caffemodel", false));
    lungo_net_free(net);
    fold(&folded);
    check_rows(folded, "n left the weights of 'c' would not be finite\n", "infinite");
    lungo_folded_free(folded);
}
END_TEST

/* ---- the nets of models/ that have something to fold ---- */

static const struct {
    const char *name;
    size_t folded;
} models[] = {{"resnet50", 106}, {"mobilenet", 54}};

START_TEST(models_give_what_they_gave) {
    char path[300], *text;
    size_t length;
    lungo_folded *folded;
    snprintf(path, sizeof path, LUNGO_SOURCE_DIR "/models/%s/deploy.prototxt", models[_i].name);
    ck_ok(lungo_file_read(&text, &length, path));
    lungo_net *net = make_net(text);
    free(text);
    fold(&folded);
    ck_assert_uint_eq(lungo_folded_count(folded), models[_i].folded);
    for (size_t i = 0; i < models[_i].folded; i++)
        ck_assert_int_eq(lungo_folded_get(folded, i).fate, LUNGO_FOLD_INTO);
    check_scores(net);
    lungo_folded_free(folded);
    lungo_net_free(net);
}
END_TEST

/* ---- the command ---- */

START_TEST(the_command_tells_what_it_did) {
    lungo_net *net =
        make_net("name: 'small'\n" IMAGES CONV("bias_term: false weight_filler { type: 'msra' }")
                     ALL DROP("y", "y") LAYER1("e", "BatchNorm", "y", "y", ""));
    ck_assert_int_eq(lungo_command(FOLD "-o out"), 0);
    lungo_test_file("expected", "n  BatchNorm  folded into c\n"
                                "s  Scale      folded into c\n"
                                "d  Dropout    removed: it does nothing in TEST\n"
                                "e  BatchNorm  left: 'r' before it is of type ReLU\n"
                                "2 layers folded, 1 removed, 1 left\n"
                                "out.prototxt and out.caffemodel are written\n");
    lungo_test_same_files("out", "expected");
    lungo_command_wrote("out.prototxt", "name: \"small\"");
    lungo_command_wrote("out.prototxt", "weight_filler {\n      type: \"msra\"");
    check_folded(net);
    lungo_net_free(net);
}
END_TEST

START_TEST(inputs_are_never_overwritten) {
    lungo_net_free(make_net(IMAGES CONV("") NORM));
    ck_assert_int_eq(lungo_command("cp net.prototxt a && cp net.caffemodel b && ln net.prototxt "
                                   "link.prototxt"),
                     0);
    lungo_command_refused(lungo_command(FOLD "-o net"),
                          "expected a new file, got 'net.prototxt', which the net is made from");
    lungo_command_refused(lungo_command(FOLD "-o link"), "got 'link.prototxt'");
    lungo_test_same_files("net.prototxt", "a");
    lungo_test_same_files("net.caffemodel", "b");
}
END_TEST

START_TEST(nothing_is_left_half_done) {
    lungo_net_free(make_net(IMAGES CONV("") NORM));
    lungo_command_refused(lungo_command(FOLD "-o no/out"), "no/out.prototxt");
    ck_assert_int_eq(lungo_command("mkdir out.caffemodel"), 0);
    ck_assert_int_eq(lungo_command(FOLD "-o out"), 1);
    ck_assert_int_eq(lungo_command("ls | grep -c out.prototxt"), 1);
}
END_TEST

START_TEST(what_is_wrong_is_said) {
    lungo_command_refused(lungo_command(LUNGO_BINARY_DIR "/bin/lungo fold"), "expected --model");
    lungo_net_free(make_net(IMAGES CONV("")));
    lungo_command_refused(lungo_command(FOLD), "expected -o PREFIX");
    lungo_test_file("net.prototxt", IMAGES CONV("") NORM);
    lungo_command_refused(lungo_command(FOLD "-o out"),
                          "expected learned blobs of layer 'n', got none");
    ck_assert_int_eq(lungo_command("test -e out.prototxt"), 1);
}
END_TEST

Suite *lungo_suite_folded(void);
Suite *lungo_suite_folded(void) {
    Suite *suite = suite_create("folded");
    TCase *cases = lungo_test_folder_case(suite, "folded", NULL);
    tcase_add_loop_test(cases, small_nets_give_what_they_gave, 0, sizeof nets / sizeof *nets);
    tcase_add_test(cases, statistics_of_the_batch_stay);
    tcase_add_test(cases, weights_stay_finite);
    tcase_add_loop_test(cases, models_give_what_they_gave, 0, sizeof models / sizeof *models);
    tcase_add_test(cases, the_command_tells_what_it_did);
    tcase_add_test(cases, inputs_are_never_overwritten);
    tcase_add_test(cases, nothing_is_left_half_done);
    tcase_add_test(cases, what_is_wrong_is_said);
    tcase_set_timeout(cases, 240);
    return suite;
}
