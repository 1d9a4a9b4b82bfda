#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blob/blob.h"
#include "lungo/lungo.h"
#include "support/files.h"
#include "support/suites.h"
#include "store/hdf5.h"
#include "weights/model.h"
#include "weights/save.h"

#define GOLDEN LUNGO_SOURCE_DIR "/tests/golden/solvers/"

static const char path[] = "out.caffemodel";

static lungo_net *open_golden(const char *name) {
    lungo_net *net;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    char file[512];
    options.phase = LUNGO_TRAIN;
    snprintf(file, sizeof file, "%s%s/net.prototxt", GOLDEN, name);
    ck_ok(lungo_net_open(&net, file, &options));
    snprintf(file, sizeof file, "%s%s/final.caffemodel", GOLDEN, name);
    ck_ok(lungo_net_load_weights(net, file));
    return net;
}

static void check_same_file(const char *name) {
    char golden[512];
    snprintf(golden, sizeof golden, "%s%s/final.caffemodel", GOLDEN, name);
    lungo_test_same_files(path, golden);
}

static int files_in_folder(void) {
    DIR *stream = opendir(".");
    int count = 0;
    while (readdir(stream))
        count++;
    closedir(stream);
    return count - 2; /* . and .. */
}

/* The file that was written is as large as was known before, byte for byte. */
static void check_size(const lungo_net *net, bool with_gradients) {
    char *bytes;
    size_t length;
    ck_ok(lungo_file_read(&bytes, &length, path));
    free(bytes);
    ck_ok(lungo_weights_check_size(net, with_gradients, length));
    ck_fails(lungo_weights_check_size(net, with_gradients, length - 1), LUNGO_ERR_MEMORY,
             "which is the most that a .caffemodel can hold");
}

/* Splits, sharers, losses, old layers, BatchNorm's frozen parameters. */
static const char *const cases[] = {"loss-two", "shared-permissive", "v1-shared",
                                    "bn-rmsprop-1spec"};

START_TEST(a_file_of_caffe_is_written_again_byte_for_byte) {
    lungo_net *net = open_golden(cases[_i]);
    ck_ok(lungo_net_save_weights(net, path, false));
    check_same_file(cases[_i]);
    check_size(net, false);
    ck_assert_int_eq(files_in_folder(), 1);
    lungo_net_free(net);
}
END_TEST

/* The gradients of the file go into the net; both come out again. */
START_TEST(gradients_are_written_on_demand) {
    lungo_net *net = open_golden("snap-diff");
    lungo_model *model;
    ck_ok(lungo_model_open(&model, GOLDEN "snap-diff/final.caffemodel"));
    for (size_t i = 0; i < lungo_model_layer_count(model); i++)
        for (size_t j = 0; j < lungo_model_layer(model, i).blob_count; j++) {
            lungo_stored_blob stored;
            lungo_blob *blob = lungo_net_layer_param(net, i, j);
            ck_ok(lungo_model_blob(&stored, model, i, j));
            lungo_blob_settle_diff(blob);
            ck_ok(lungo_stored_blob_diff(&stored, lungo_diff_overwrite(blob)));
        }
    ck_ok(lungo_net_save_weights(net, path, true));
    check_same_file("snap-diff");
    check_size(net, true);
    lungo_model_free(model);
    lungo_net_free(net);
}
END_TEST

/* What lies in a gradient that counts as cleared is not written. */
START_TEST(cleared_gradients_are_zeros) {
    lungo_net *net = open_golden("snap-diff");
    lungo_model *model;
    lungo_diff_overwrite(lungo_net_param(net, 0).blob)[0] = 5;
    lungo_net_clear_gradients(net);
    ck_ok(lungo_net_save_weights(net, path, true));
    ck_ok(lungo_model_open(&model, path));
    for (size_t i = 0; i < lungo_model_layer_count(model); i++)
        for (size_t j = 0; j < lungo_model_layer(model, i).blob_count; j++) {
            lungo_stored_blob stored;
            float values[256];
            ck_ok(lungo_model_blob(&stored, model, i, j));
            ck_assert_int_eq(stored.diff.field, 6);
            ck_assert_uint_le(stored.count, 256);
            ck_ok(lungo_stored_blob_diff(&stored, values));
            for (size_t k = 0; k < stored.count; k++)
                ck_assert_float_eq(values[k], 0);
        }
    lungo_model_free(model);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_net_without_gradients_has_none_to_write) {
    lungo_net *net;
    ck_ok(lungo_net_open_text(&net,
                              "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { "
                              "dim: 1 dim: 2 } } } layer { name: 'ip' type: 'InnerProduct' bottom: "
                              "'x' top: 'y' param { lr_mult: 0 } param { lr_mult: 0 } "
                              "inner_product_param { num_output: 1 } }",
                              "net.prototxt", NULL));
    ck_fails(lungo_net_save_weights(net, path, true), LUNGO_ERR_USAGE,
             "param 0 of layer 'ip' has no gradients to save");
    ck_assert_int_eq(files_in_folder(), 0);
    ck_ok(lungo_net_save_weights(net, path, false));
    lungo_net_free(net);
}
END_TEST

/* Built for its shapes alone: nothing of it is in memory. */
START_TEST(what_is_too_large_is_known_from_the_shapes) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net;
    options.shapes_only = true;
    ck_ok(lungo_net_open_text(
        &net,
        "name: 'n' layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: "
        "20000 } } }\n"
        "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' inner_product_param { "
        "num_output: 10000 } }\n"
        "layer { name: 'b' type: 'InnerProduct' bottom: 'a' top: 'b' inner_product_param { "
        "num_output: 34000 } }",
        "net.prototxt", &options));
    ck_fails(lungo_weights_check_size(net, false, LUNGO_MODEL_MOST), LUNGO_ERR_MEMORY,
             "weights of 21601");
    lungo_net_free(net);
}
END_TEST

START_TEST(what_cannot_be_written_leaves_nothing) {
    lungo_net *net = open_golden("loss-two");
    lungo_status hdf5 = lungo_hdf5_check() ? LUNGO_ERR_UNSUPPORTED : LUNGO_ERR_FILE;
    ck_fails(lungo_net_save_weights(net, "/nowhere/a.caffemodel", false), LUNGO_ERR_FILE,
             "while saving weights to /nowhere/a.caffemodel");
    ck_fails(lungo_net_save_weights(net, "/nowhere/a.caffemodel.h5", false), hdf5,
             "while saving weights to /nowhere/a.caffemodel.h5");
    ck_fails(lungo_net_save_weights(net, ".", false), LUNGO_ERR_FILE, "'.'");
    ck_assert_int_eq(files_in_folder(), 0);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_save(void);
Suite *lungo_suite_save(void) {
    Suite *suite = suite_create("save");
    TCase *all = lungo_test_folder_case(suite, "all", NULL);
    tcase_add_loop_test(all, a_file_of_caffe_is_written_again_byte_for_byte, 0,
                        sizeof cases / sizeof *cases);
    tcase_add_test(all, gradients_are_written_on_demand);
    tcase_add_test(all, cleared_gradients_are_zeros);
    tcase_add_test(all, a_net_without_gradients_has_none_to_write);
    tcase_add_test(all, what_is_too_large_is_known_from_the_shapes);
    tcase_add_test(all, what_cannot_be_written_leaves_nothing);
    return suite;
}
