#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "caffe.pb-c.h"
#include "lungo/lungo.h"
#include "support/folder.h"
#include "support/packed.h"
#include "support/suites.h"

static const char net_text[] =
    "name: 'two' layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 } } }"
    "layer { name: 'ip1' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param { "
    "  num_output: 2 weight_filler { type: 'constant' value: 7 } } }\n"
    "layer { name: 'ip2' type: 'InnerProduct' bottom: 'y' top: 'z' inner_product_param { "
    "  num_output: 1 bias_term: false weight_filler { type: 'constant' value: 8 } } }";

/* A first layer that fits; what follows it decides. */
#define GOOD_LAYER                                                                                 \
    "layer { name: 'ip1' blobs { shape { dim: [2, 3] } data: [1, 2, 3, 4, 5, 6] } "                \
    "blobs { shape { dim: 2 } data: [9, 10] } } "

static char *folder, path[512];
static lungo_net *net;
static lungo_buffer lines;

static void keep_line(void *user, lungo_log_level level, const char *file, int line,
                      const char *text) {
    if (strncmp(text, "Ignoring", 8) == 0)
        lungo_buffer_printf(user, "%c %s:%d %s\n", "IWE"[level], file, line, text);
}

static void set_up(void) {
    folder = lungo_temporary_folder();
    snprintf(path, sizeof path, "%s/a.caffemodel", folder);
    ck_ok(lungo_net_open_text(&net, net_text, "net.prototxt", NULL));
    lungo_set_log(keep_line, &lines);
}

static void tear_down(void) {
    lungo_set_log(NULL, NULL);
    lungo_buffer_dispose(&lines);
    lines = (lungo_buffer){0};
    lungo_net_free(net);
    lungo_remove_folder(folder);
}

static void write_model(const char *text) {
    lungo_write_packed(path, &caffe__net_parameter__descriptor, text);
}

static void check_param(size_t layer, size_t index, const float *expected) {
    lungo_blob *blob = lungo_net_layer_param(net, layer, index);
    ck_assert_mem_eq(lungo_data(blob), expected, lungo_blob_count(blob) * sizeof *expected);
}

static void check_untouched(void) {
    check_param(1, 0, (const float[]){7, 7, 7, 7, 7, 7});
    check_param(1, 1, (const float[]){0, 0});
    check_param(2, 0, (const float[]){8, 8});
}

START_TEST(layers_are_matched_by_name) {
    write_model("layer { name: 'data' type: 'Data' } " GOOD_LAYER "layer { name: 'loss' }");
    ck_ok(lungo_net_load_weights(net, path));
    check_param(1, 0, (const float[]){1, 2, 3, 4, 5, 6});
    check_param(1, 1, (const float[]){9, 10});
    check_param(2, 0, (const float[]){8, 8});
    ck_assert_str_eq(lungo_buffer_text(&lines), "I net.cpp:746 Ignoring source layer data\n"
                                                "I net.cpp:746 Ignoring source layer loss\n");
}
END_TEST

START_TEST(the_last_of_two_layers_of_one_name_counts) {
    write_model(GOOD_LAYER "layer { name: 'ip2' blobs { shape { dim: [1, 2] } data: [1, 2] } } "
                           "layer { name: 'ip2' blobs { shape { dim: [1, 2] } data: [3, 4] } }");
    ck_ok(lungo_net_load_weights(net, path));
    check_param(2, 0, (const float[]){3, 4});
}
END_TEST

START_TEST(old_files_fit) {
    write_model("layers { name: 'ip1' type: INNER_PRODUCT blobs { num: 1 channels: 1 height: 2 "
                "width: 3 data: [1, 2, 3, 4, 5, 6] } blobs { num: 1 channels: 1 height: 1 width: 2 "
                "double_data: [9, 10] } } layers { layer { name: 'ip2' type: 'innerproduct' blobs "
                "{ num: 1 channels: 1 height: 1 width: 2 data: [5, 6] } } }");
    ck_ok(lungo_net_load_weights(net, path));
    check_param(1, 0, (const float[]){1, 2, 3, 4, 5, 6});
    check_param(1, 1, (const float[]){9, 10});
    check_param(2, 0, (const float[]){5, 6});
}
END_TEST

static const struct {
    const char *bad_layer;
    lungo_status code;
    const char *error;
} faults[] = {
    {"layer { name: 'ip2' }", LUNGO_ERR_DATA,
     "Incompatible number of blobs for layer 'ip2': expected 1, as the net has it, got 0 from the "
     "file\n  in layer 'ip2' (InnerProduct), net.prototxt:2\n  in TEST net 'two'\n"},
    {"layer { name: 'ip2' blobs { shape { dim: [2, 1] } data: [1, 2] } }", LUNGO_ERR_DATA,
     "cannot copy param 0 weights from layer 'ip2': shape mismatch: expected 1x2, as the net has "
     "it, got 2x1 from the file. To learn this layer's parameters from scratch rather than "
     "copying from a saved net, rename the layer"},
    {"layer { name: 'ip2' blobs { num: 1 channels: 1 height: 2 width: 1 data: [1, 2] } }",
     LUNGO_ERR_DATA, "expected 1x2, as the net has it, got 1x1x2x1 from the file"},
    {"layer { name: 'ip2' blobs { shape { dim: [1, 2] } data: 1 } }", LUNGO_ERR_FORMAT,
     "blob of shape 1x2: expected 2 values, got 1\n  in blob 0 of layer 'ip2'"},
    {"layer { name: 'ip2' blobs { shape { dim: [1, 2] } } }", LUNGO_ERR_FORMAT,
     "expected 2 values, got 0"},
};

START_TEST(what_does_not_fit_changes_nothing) {
    char text[1024];
    snprintf(text, sizeof text, "%s%s", GOOD_LAYER, faults[_i].bad_layer);
    write_model(text);
    ck_fails(lungo_net_load_weights(net, path), faults[_i].code, faults[_i].error);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "while loading weights from"));
    check_untouched();
}
END_TEST

/* A cut between two layers is a whole file of fewer layers: protobuf cannot tell. */
START_TEST(a_cut_file_changes_nothing) {
    size_t length, whole = 0;
    uint8_t *bytes =
        lungo_packed(&caffe__net_parameter__descriptor,
                     GOOD_LAYER "layer { name: 'ip2' blobs { shape { dim: [1, 2] } data: [1, 2] } "
                                "}",
                     &length);
    for (size_t cut = 0; cut < length; cut++) {
        ck_ok(lungo_file_replace(path, bytes, cut));
        if (lungo_net_load_weights(net, path) == LUNGO_OK)
            whole++;
        else if (whole == 0)
            check_untouched();
    }
    ck_assert_uint_eq(whole, 1);
    free(bytes);
}
END_TEST

START_TEST(files_of_other_kinds_change_nothing) {
    ck_fails(lungo_net_load_weights(net, folder), LUNGO_ERR_FILE, "Is a directory");
    ck_fails(lungo_net_load_weights(net, "/nowhere/a.caffemodel"), LUNGO_ERR_FILE,
             "/nowhere/a.caffemodel");
    ck_fails(lungo_net_load_weights(net, "/nowhere/a.caffemodel.h5"), LUNGO_ERR_FILE,
             "/nowhere/a.caffemodel.h5");
    ck_ok(lungo_file_replace(path, net_text, sizeof net_text - 1));
    ck_fails(lungo_net_load_weights(net, path), LUNGO_ERR_FORMAT, "got a text file");
    check_untouched();
}
END_TEST

Suite *lungo_suite_load(void);
Suite *lungo_suite_load(void) {
    Suite *suite = suite_create("load");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, layers_are_matched_by_name);
    tcase_add_test(all, the_last_of_two_layers_of_one_name_counts);
    tcase_add_test(all, old_files_fit);
    tcase_add_test(all, a_cut_file_changes_nothing);
    tcase_add_test(all, files_of_other_kinds_change_nothing);
    tcase_add_loop_test(all, what_does_not_fit_changes_nothing, 0, sizeof faults / sizeof *faults);
    suite_add_tcase(suite, all);
    return suite;
}
