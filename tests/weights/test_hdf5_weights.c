#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "blob/blob.h"
#include "lungo/lungo.h"
#include "store/hdf5.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/stores.h"
#include "support/suites.h"

/* A parameter of 2x2, all 7. */
#define WEIGHTS(name, more)                                                                        \
    "layer { name: '" name "' type: 'InnerProduct' bottom: 'x' top: '" name "' " more              \
    " inner_product_param { num_output: 2 bias_term: false "                                       \
    "weight_filler { type: 'constant' value: 7 } } }\n"
#define X INPUT("x", "dim: 1 dim: 2")

static float *weights(const lungo_net *net, const char *layer) {
    return lungo_data_update(lungo_test_layer(net, layer)->params[0].blob);
}

static void check_weights(const lungo_net *net, const char *layer, const float *expected) {
    ck_assert_mem_eq(weights(net, layer), expected, 4 * sizeof *expected);
}

static const float sevens[] = {7, 7, 7, 7};

static bool has(const char *path, const char *group, const char *name) {
    lungo_hdf5 *file;
    lungo_arena arena = {0};
    lungo_hdf5_entry *entries;
    size_t count = 0;
    bool found = false;
    ck_ok(lungo_hdf5_open(&file, path));
    ck_ok(lungo_hdf5_list(&entries, &count, &arena, file, group));
    for (size_t i = 0; i < count; i++)
        found |= !strcmp(entries[i].name, name);
    lungo_arena_dispose(&arena);
    lungo_hdf5_close(file);
    return found;
}

/* ---- names ---- */

START_TEST(names_with_slashes_are_read_in_both_forms) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, X WEIGHTS("a/b", "") WEIGHTS("a", "")
                                                    WEIGHTS("c/d", "") WEIGHTS("e", ""));
    lungo_log_capture();
    ck_ok(lungo_net_load_weights(net, LUNGO_SOURCE_DIR "/tests/golden/hdf5/nested.caffemodel.h5"));
    ck_assert_str_eq(lungo_log_captured(), "net.cpp:801] Ignoring source layer x\n");
    lungo_log_release();
    check_weights(net, "a/b", (const float[]){1, 2, 3, 4});
    check_weights(net, "a", (const float[]){5, 6, 7, 8});
    check_weights(net, "c/d", (const float[]){9, 10, 11, 12});
    check_weights(net, "e", sevens);
    lungo_net_free(net);
}
END_TEST

START_TEST(any_name_comes_back) {
    static const char text[] =
        X WEIGHTS("a/b", "") WEIGHTS("a%2Fb", "") WEIGHTS("a%252Fb", "") WEIGHTS("50%", "");
    static const char *const names[] = {"a/b", "a%2Fb", "a%252Fb", "50%"};
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    for (int i = 0; i < 4; i++)
        weights(net, names[i])[1] = (float)i;
    ck_ok(lungo_net_save_weights(net, "out.h5", false));
    lungo_net *again = lungo_test_net(LUNGO_TEST, text);
    ck_ok(lungo_net_load_weights(again, "out.h5"));
    for (int i = 0; i < 4; i++)
        check_weights(again, names[i], weights(net, names[i]));
    ck_assert(has("out.h5", "/data", "a%2Fb") && has("out.h5", "/data", "a%252Fb"));
    ck_assert(has("out.h5", "/data", "50%"));
    lungo_net_free(net);
    lungo_net_free(again);
}
END_TEST

/* ---- sharers ---- */

START_TEST(a_sharer_has_no_dataset) {
    static const char text[] =
        X WEIGHTS("one", "param { name: 'w' }") WEIGHTS("two", "param { name: 'w' }");
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, text);
    weights(net, "one")[0] = 1;
    ck_ok(lungo_net_save_weights(net, "out.h5", true));
    ck_assert(has("out.h5", "/data/one", "0") && !has("out.h5", "/data/two", "0"));
    ck_assert(has("out.h5", "/diff/one", "0") && has("out.h5", "/diff/two", "0"));
    lungo_net *again = lungo_test_net(LUNGO_TRAIN, text);
    ck_ok(lungo_net_load_weights(again, "out.h5"));
    check_weights(again, "two", (const float[]){1, 7, 7, 7});
    lungo_net_free(again);
    again = lungo_test_net(LUNGO_TRAIN, X WEIGHTS("one", "") WEIGHTS("two", ""));
    ck_fails(lungo_net_load_weights(again, "out.h5"), LUNGO_ERR_DATA,
             "Incompatible number of blobs for layer 'two': expected 1, as the net has it, got 0");
    check_weights(again, "one", sevens);
    lungo_net_free(again);
    lungo_net_free(net);
}
END_TEST

/* A test net borrows all its parameters; it saves them like any other. */
START_TEST(borrowed_parameters_are_saved) {
    lungo_net *train = lungo_test_net(LUNGO_TRAIN, X WEIGHTS("one", "")), *test;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.donor = train;
    ck_ok(lungo_net_open_text(&test, X WEIGHTS("one", ""), "test", &options));
    weights(train, "one")[2] = 5;
    ck_ok(lungo_net_save_weights(test, "out.h5", false));
    weights(train, "one")[2] = 0;
    ck_ok(lungo_net_load_weights(train, "out.h5"));
    check_weights(train, "one", (const float[]){7, 7, 5, 7});
    lungo_net_free(test);
    lungo_net_free(train);
}
END_TEST

/* ---- what does not fit ---- */

static void write_one(const char *group, const char *dataset, int rows, int columns) {
    lungo_hdf5_writer *writer;
    const float values[16] = {0};
    ck_ok(lungo_hdf5_create(&writer, "in.h5"));
    ck_ok(lungo_hdf5_write_group(writer, "/data"));
    ck_ok(lungo_hdf5_write_group(writer, "/data/a"));
    ck_ok(lungo_hdf5_write(writer, "/data/a/0", &LUNGO_SHAPE(2, 2), values));
    if (group) ck_ok(lungo_hdf5_write_group(writer, group));
    if (dataset) ck_ok(lungo_hdf5_write(writer, dataset, &LUNGO_SHAPE(rows, columns), values));
    ck_ok(lungo_hdf5_commit(writer));
}

static void check_refused(lungo_status code, const char *part) {
    lungo_net *net = lungo_test_net(LUNGO_TEST, X WEIGHTS("a", "") WEIGHTS("b", ""));
    ck_fails(lungo_net_load_weights(net, "in.h5"), code, part);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "while loading weights from in.h5"));
    check_weights(net, "a", sevens);
    check_weights(net, "b", sevens);
    lungo_net_free(net);
}

START_TEST(what_does_not_fit_changes_nothing) {
    write_one("/data/b", "/data/b/0", 1, 4);
    check_refused(
        LUNGO_ERR_DATA,
        "cannot copy param 0 weights from layer 'b': shape mismatch: expected 2x2, as the "
        "net has it, got 1x4");
    write_one("/data/b", NULL, 0, 0);
    check_refused(LUNGO_ERR_DATA, "Incompatible number of blobs for layer 'b'");
    write_one("/data/b", "/data/b/1", 2, 2);
    check_refused(LUNGO_ERR_DATA, "Incompatible number of blobs for layer 'b'");
    write_one(NULL, "/data/a/1", 2, 2);
    check_refused(LUNGO_ERR_DATA, "layer 'a': expected 1, as the net has it, got 2");
    lungo_hdf5_writer *writer;
    ck_ok(lungo_hdf5_create(&writer, "in.h5"));
    ck_ok(lungo_hdf5_commit(writer));
    check_refused(LUNGO_ERR_FORMAT, "cannot open group '/data'");
}
END_TEST

START_TEST(a_damaged_file_changes_nothing_or_loads) {
    char *bytes;
    size_t length;
    write_one("/data/b", "/data/b/0", 2, 2);
    ck_ok(lungo_file_read(&bytes, &length, "in.h5"));
    lungo_net *net = lungo_test_net(LUNGO_TEST, X WEIGHTS("a", "") WEIGHTS("b", ""));
    for (size_t cut = 8; cut < length; cut += 97) {
        ck_ok(lungo_file_replace("in.h5", bytes, cut));
        ck_assert_int_ne(lungo_net_load_weights(net, "in.h5"), LUNGO_OK);
    }
    check_weights(net, "a", sevens);
    for (size_t i = 0; i < length; i += 29) {
        bytes[i] ^= (char)(1 << i % 8);
        ck_ok(lungo_file_replace("in.h5", bytes, length));
        (void)lungo_net_load_weights(net, "in.h5");
        bytes[i] ^= (char)(1 << i % 8);
    }
    lungo_net_free(net);
    free(bytes);
}
END_TEST

Suite *lungo_suite_hdf5_weights(void);
Suite *lungo_suite_hdf5_weights(void) {
    const TTest *const tests[] = {names_with_slashes_are_read_in_both_forms,
                                  any_name_comes_back,
                                  a_sharer_has_no_dataset,
                                  borrowed_parameters_are_saved,
                                  what_does_not_fit_changes_nothing,
                                  a_damaged_file_changes_nothing_or_loads,
                                  NULL};
    return lungo_test_folder_suite("hdf5_weights", lungo_tests_with_hdf5(tests));
}
