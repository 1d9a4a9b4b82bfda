#include <stdio.h>
#include <string.h>

#include "net/net.h"
#include "store/hdf5.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/stores.h"
#include "support/runs.h"
#include "support/suites.h"

/* Rows of two values, `first` and up, and a label that is the row's number. */
static void make_file(const char *path, int first, int rows, int label_rows) {
    lungo_hdf5_writer *writer;
    float data[64], label[32];
    for (int i = 0; i < 2 * rows; i++)
        data[i] = (float)(2 * first + i);
    for (int i = 0; i < label_rows; i++)
        label[i] = (float)(first + i);
    ck_ok(lungo_hdf5_create(&writer, path));
    ck_ok(lungo_hdf5_write(writer, "d", &LUNGO_SHAPE(rows, 2), data));
    ck_ok(lungo_hdf5_write(writer, "l", &LUNGO_SHAPE(label_rows), label));
    ck_ok(lungo_hdf5_commit(writer));
}

static void make_files(void) {
    make_file("a.h5", 0, 5, 5);
    make_file("b.h5", 5, 2, 2);
    lungo_test_file("one.txt", "a.h5\n");
    lungo_test_file("two.txt", "\n a.h5\r\n\tb.h5");
}

static lungo_status open_net(lungo_net **net, const char *settings, int64_t seed) {
    char text[1024];
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.seed = seed;
    snprintf(text, sizeof text,
             "layer { name: 'h' type: 'HDF5Data' top: 'd' top: 'l' hdf5_data_param { %s } }",
             settings);
    return lungo_net_open_text(net, text, "h.prototxt", &options);
}

/* The labels of the next batch, after checking that the data are of the same rows. */
static const float *next_labels(lungo_net *net) {
    ck_ok(lungo_net_forward(net, NULL));
    const lungo_blob *data = lungo_net_blob(net, "d"), *label = lungo_net_blob(net, "l");
    for (size_t i = 0; i < label->count; i++)
        ck_assert_float_eq(lungo_data(data)[2 * i + 1], 2 * lungo_data(label)[i] + 1);
    return lungo_data(label);
}

static void check_order(const char *settings, int rows) {
    lungo_net *net;
    ck_ok(open_net(&net, settings, 7));
    ck_assert_str_eq(lungo_shape_text(&lungo_net_blob(net, "d")->shape).text, "3x2");
    for (int batch = 0; batch < 10; batch++) {
        const float *labels = next_labels(net);
        for (int i = 0; i < 3; i++)
            ck_assert_float_eq(labels[i], (float)((3 * batch + i) % rows));
    }
    lungo_net_free(net);
}

START_TEST(rows_come_in_order_and_wrap) {
    make_files();
    check_order("source: 'one.txt' batch_size: 3", 5);
    check_order("source: 'two.txt' batch_size: 3", 7);
}
END_TEST

/* Fourteen rounds of both files, row by row. */
static void read_rounds(float *out, int64_t seed) {
    lungo_net *net;
    ck_ok(open_net(&net, "source: 'two.txt' batch_size: 7 shuffle: true", seed));
    for (int round = 0; round < 14; round++)
        memcpy(out + 7 * round, next_labels(net), 7 * sizeof *out);
    lungo_net_free(net);
}

START_TEST(a_shuffle_is_governed_by_the_seed) {
    float first[98], again[98], other[98];
    int moved = 0, b_first = 0;
    make_files();
    read_rounds(first, 7);
    read_rounds(again, 7);
    read_rounds(other, 8);
    ck_assert_mem_eq(first, again, sizeof first);
    ck_assert(memcmp(first, other, sizeof first) != 0);
    for (int round = 0; round < 14; round++) {
        int seen = 0;
        for (int i = 0; i < 7; i++) {
            seen |= 1 << (int)first[7 * round + i];
            moved += first[7 * round + i] != first[i];
        }
        ck_assert_int_eq(seen, 0x7f); /* each row once in each round */
        b_first += first[7 * round] >= 5;
    }
    ck_assert_int_gt(moved, 40);
    ck_assert(b_first > 0 && b_first < 14); /* files change places, too */
}
END_TEST

/* Other layers draw what they draw in Caffe, whose shuffle takes nothing of its generator. */
START_TEST(a_shuffle_takes_no_draw_from_other_layers) {
    float drawn[2];
    make_files();
    for (int i = 0; i < 2; i++) {
        lungo_net *net = lungo_test_net(
            LUNGO_TRAIN, i ? "layer { name: 'h' type: 'HDF5Data' top: 'd' hdf5_data_param { "
                             "source: 'one.txt' batch_size: 1 shuffle: true } } layer { name: 'f' "
                             "type: 'DummyData' top: 'f' dummy_data_param { shape { dim: 1 } "
                             "data_filler { type: 'uniform' } } }"
                           : "layer { name: 'f' type: 'DummyData' top: 'f' dummy_data_param { "
                             "shape { dim: 1 } data_filler { type: 'uniform' } } }");
        ck_ok(lungo_net_forward(net, NULL));
        drawn[i] = *lungo_data(lungo_net_blob(net, "f"));
        lungo_net_free(net);
    }
    ck_assert_float_eq(drawn[0], drawn[1]);
}
END_TEST

static void check_resume(const char *settings, int batches) {
    lungo_net *first, *second;
    ck_ok(open_net(&first, settings, 7));
    ck_ok(open_net(&second, settings, 99));
    lungo_test_data_goes_on(first, second, batches);
}

START_TEST(a_saved_state_goes_on_with_the_same_rows) {
    make_files();
    for (int batches = 0; batches < 6; batches++) {
        check_resume("source: 'one.txt' batch_size: 3 shuffle: true", batches);
        check_resume("source: 'two.txt' batch_size: 3 shuffle: true", batches);
        check_resume("source: 'two.txt' batch_size: 3", batches);
    }
}
END_TEST

START_TEST(workers_share_the_rows) {
    const char *text = "layer { name: 'h' type: 'HDF5Data' top: 'd' top: 'l' hdf5_data_param { "
                       "source: 'two.txt' batch_size: 1 } }";
    make_files();
    for (int phase = LUNGO_TRAIN; phase <= LUNGO_TEST; phase++)
        for (int rank = 0; rank < 2; rank++) {
            lungo_net *net;
            lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
            options.phase = (lungo_phase)phase;
            options.worker_count = 2;
            options.worker_rank = rank;
            ck_ok(lungo_net_open_text(&net, text, "h.prototxt", &options));
            for (int i = 0; i < 10; i++)
                ck_assert_float_eq(next_labels(net)[0],
                                   (float)((phase == LUNGO_TRAIN ? 2 * i + rank : i) % 7));
            lungo_net_free(net);
        }
}
END_TEST

static void check_refused(const char *settings, lungo_status code, const char *part) {
    lungo_net *net;
    ck_fails(open_net(&net, settings, 7), code, part);
    ck_assert_ptr_nonnull(strstr(lungo_error_text(), "in layer 'h' (HDF5Data), h.prototxt:1"));
}

START_TEST(bad_settings_and_lists_are_refused) {
    make_files();
    check_refused("source: 'one.txt'", LUNGO_ERR_CONFIG,
                  "hdf5_data_param.batch_size: expected 1 or more, got 0");
    check_refused("batch_size: 1", LUNGO_ERR_CONFIG, "hdf5_data_param.source");
    check_refused("source: 'no.txt' batch_size: 1", LUNGO_ERR_FILE, "no.txt");
    check_refused("source: 'one.txt' batch_size: 1 } transform_param { scale: 2", LUNGO_ERR_CONFIG,
                  "does not transform data");
    lungo_test_file("empty.txt", " \n");
    check_refused("source: 'empty.txt' batch_size: 1", LUNGO_ERR_DATA,
                  "expected paths of HDF5 files, got none\n  in the list 'empty.txt'");
    lungo_test_file("lost.txt", "a.h5\nlost.h5\n");
    check_refused("source: 'lost.txt' batch_size: 1", LUNGO_ERR_FILE,
                  "'\n  in the list 'lost.txt'");
}
END_TEST

START_TEST(bad_files_are_refused) {
    make_files();
    lungo_test_file("list.txt", "c.h5");
    lungo_test_file("c.h5", "not HDF5");
    const char *settings = "source: 'list.txt' batch_size: 1";
    check_refused(settings, LUNGO_ERR_FORMAT, "file signature not found");
    make_file("c.h5", 0, 4, 3);
    check_refused(settings, LUNGO_ERR_DATA,
                  "dataset 'l': expected 4 rows, as dataset 'd' has, got 3");
    make_file("c.h5", 0, 0, 0);
    check_refused(settings, LUNGO_ERR_DATA, "dataset 'd': expected rows, got shape 0x2");
    lungo_hdf5_writer *writer;
    ck_ok(lungo_hdf5_create(&writer, "c.h5"));
    ck_ok(lungo_hdf5_write(writer, "data", &LUNGO_SHAPE(1), (const float[]){1}));
    ck_ok(lungo_hdf5_write(writer, "label", &LUNGO_SHAPE(1), (const float[]){1}));
    ck_ok(lungo_hdf5_commit(writer));
    check_refused(settings, LUNGO_ERR_FORMAT,
                  "each top takes the dataset of its name; the file has 'data', 'label'");
}
END_TEST

/* The second file is met only when the first is used up. */
START_TEST(a_file_of_other_rows_is_refused) {
    lungo_net *net;
    lungo_hdf5_writer *writer;
    make_files();
    ck_ok(lungo_hdf5_create(&writer, "b.h5"));
    ck_ok(lungo_hdf5_write(writer, "d", &LUNGO_SHAPE(1, 3), (const float[]){1, 2, 3}));
    ck_ok(lungo_hdf5_write(writer, "l", &LUNGO_SHAPE(1), (const float[]){1}));
    ck_ok(lungo_hdf5_commit(writer));
    ck_ok(open_net(&net, "source: 'two.txt' batch_size: 5", 7));
    next_labels(net);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "HDF5 file 'b.h5': dataset 'd': expected rows of shape 2, as in 'a.h5', got 3");
    ck_assert_int_ne(lungo_net_forward(net, NULL), LUNGO_OK);
    lungo_net_free(net);
}
END_TEST

Suite *lungo_suite_hdf5_data(void);
Suite *lungo_suite_hdf5_data(void) {
    const TTest *const tests[] = {rows_come_in_order_and_wrap,
                                  a_shuffle_is_governed_by_the_seed,
                                  a_shuffle_takes_no_draw_from_other_layers,
                                  a_saved_state_goes_on_with_the_same_rows,
                                  workers_share_the_rows,
                                  bad_settings_and_lists_are_refused,
                                  bad_files_are_refused,
                                  a_file_of_other_rows_is_refused,
                                  NULL};
    return lungo_test_folder_suite("hdf5_data", lungo_tests_with_hdf5(tests));
}
