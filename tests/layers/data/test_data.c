#include <stdio.h>
#include <string.h>

#include "lungo/data.h"
#include "net/net.h"
#include "store/database.h"
#include "support/records.h"
#include "support/runs.h"
#include "support/suites.h"

static bool is_leveldb; /* the backend of the records; else it is LMDB */

/* Seven records of 1x4x4: record i holds 16 i .. 16 i + 15 and has the label i. */
static void make_database(void) {
    lungo_db_writer *writer;
    ck_ok(lungo_db_writer_open(&writer, is_leveldb ? "leveldb" : "lmdb", "records"));
    for (int i = 0; i < 7; i++) {
        unsigned char pixels[16];
        for (int k = 0; k < 16; k++)
            pixels[k] = (unsigned char)(16 * i + k);
        lungo_test_record(writer, i, i, 1, 4, pixels);
    }
    ck_ok(lungo_db_writer_close(writer));
}

static void make_leveldb(void) {
    is_leveldb = true;
    make_database();
}

static lungo_status open_net(lungo_net **net, const char *settings, lungo_phase phase) {
    char text[1024];
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.seed = 7;
    snprintf(text, sizeof text,
             "layer { name: 'd' type: 'Data' top: 'd' top: 'l' data_param { source: 'records' "
             "backend: %s %s } }",
             is_leveldb ? "LEVELDB" : "LMDB", settings);
    return lungo_net_open_text(net, text, "data.prototxt", &options);
}

START_TEST(records_come_in_order_and_wrap) {
    lungo_net *net;
    ck_ok(open_net(&net, "batch_size: 3 reader_threads: 3", LUNGO_TEST));
    const lungo_blob *data = lungo_net_blob(net, "d"), *label = lungo_net_blob(net, "l");
    ck_assert_str_eq(lungo_shape_text(&data->shape).text, "3x1x4x4");
    ck_assert_str_eq(lungo_shape_text(&label->shape).text, "3");
    for (int batch = 0; batch < 9; batch++) {
        ck_ok(lungo_net_forward(net, NULL));
        for (int i = 0; i < 3; i++) {
            int record = (3 * batch + i) % 7;
            ck_assert_float_eq(lungo_data(label)[i], (float)record);
            ck_assert_float_eq(lungo_data(data)[16 * i + 5], (float)(16 * record + 5));
        }
    }
    lungo_net_free(net);
}
END_TEST

/* A second run, told the state behind batch 4, goes on with the very values of the first. */
START_TEST(a_saved_state_goes_on_with_the_same_values) {
    static const char *const both[] = {
        "batch_size: 3 } transform_param { crop_size: 2 mirror: true",
        "batch_size: 3 shuffle: true reader_threads: 3 } transform_param { crop_size: 2 mirror: "
        "true"};
    const char *settings = both[_i];
    lungo_net *first, *second;
    ck_ok(open_net(&first, settings, LUNGO_TRAIN));
    ck_ok(open_net(&second, settings, LUNGO_TRAIN));
    lungo_test_data_goes_on(first, second, 4);
}
END_TEST

/* The labels of `passes` passes over the seven records, as the net gives them. */
static void read_labels(int *labels, const char *settings, int passes) {
    lungo_net *net;
    ck_ok(open_net(&net, settings, LUNGO_TRAIN));
    for (int i = 0; i < passes; i++) {
        ck_ok(lungo_net_forward(net, NULL));
        for (int k = 0; k < 7; k++)
            labels[7 * i + k] = (int)lungo_data(lungo_net_blob(net, "l"))[k];
    }
    lungo_net_free(net);
}

START_TEST(shuffled_passes_have_every_record_in_another_order) {
    int labels[6 * 7], again[6 * 7], repeated = 0;
    read_labels(labels, "batch_size: 7 shuffle: true", 6);
    read_labels(again, "batch_size: 7 shuffle: true reader_threads: 5", 6);
    ck_assert_mem_eq(labels, again, sizeof labels);
    for (int pass = 0; pass < 6; pass++) {
        unsigned seen = 0;
        for (int k = 0; k < 7; k++)
            seen |= 1u << labels[7 * pass + k];
        ck_assert_uint_eq(seen, 127);
        repeated += pass && !memcmp(labels + 7 * pass, labels + 7 * (pass - 1), 7 * sizeof *labels);
    }
    ck_assert_int_eq(repeated, 0);
}
END_TEST

static void count_warnings(void *user, lungo_log_level level, const char *file, int line,
                           const char *text) {
    (void)file;
    (void)line;
    if (level == LUNGO_LOG_WARNING && strstr(text, "skipped a bad record")) ++*(int *)user;
}

/* Records 0 and 4 of six are cut. Passed over, those behind them come in their places. */
START_TEST(bad_records_are_skipped_and_counted) {
    static const float expected[] = {3, 1, 2, 1, 5, 2};
    int warnings = 0;
    lungo_db_writer *writer;
    lungo_net *net;
    ck_ok(lungo_db_writer_open(&writer, "lmdb", "cut_lmdb"));
    for (int i = 0; i < 6; i++) {
        char key[] = {'k', (char)('0' + i)};
        lungo_datum datum = {.data = "P5 2 1 255\nxy", .label = i, .encoded = true};
        datum.data_size = i == 0 || i == 4 ? 12 : 13;
        datum.has_encoded = datum.has_label = true;
        ck_ok(lungo_db_writer_put(writer, key, 2, &datum));
    }
    ck_ok(lungo_db_writer_close(writer));
    lungo_set_log(count_warnings, &warnings);
    const char *text = "layer { name: 'd' type: 'Data' top: 'd' top: 'l' data_param { source: "
                       "'cut_lmdb' backend: LMDB batch_size: 3 prefetch: 1 } }";
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    ck_fails(lungo_net_open_text(&net, text, "data.prototxt", &options), LUNGO_ERR_FORMAT,
             "in record 'k0' of 'cut_lmdb'");
    options.skip_bad_records = true;
    ck_ok(lungo_net_open_text(&net, text, "data.prototxt", &options));
    for (int i = 0; i < 2; i++) {
        ck_ok(lungo_net_forward(net, NULL));
        ck_assert_mem_eq(lungo_data(lungo_net_blob(net, "l")), expected + 3 * i, 3 * sizeof(float));
    }
    lungo_net_free(net);
    lungo_set_log(NULL, NULL);
    ck_assert_int_ge(warnings, 3);
}
END_TEST

/* In TRAIN, worker r of 3 has records r, r + 3, ...; in TEST every worker has all. */
START_TEST(workers_share_the_records) {
    lungo_net *net;
    const char *text = "layer { name: 'd' type: 'Data' top: 'd' top: 'l' data_param { source: "
                       "'records' backend: LMDB batch_size: 2 } }";
    for (int phase = LUNGO_TRAIN; phase <= LUNGO_TEST; phase++)
        for (int rank = 0; rank < 3; rank++) {
            lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
            options.phase = (lungo_phase)phase;
            options.worker_count = 3;
            options.worker_rank = rank;
            ck_ok(lungo_net_open_text(&net, text, "data.prototxt", &options));
            for (int i = 0; i < 10; i++) {
                if (i % 2 == 0) ck_ok(lungo_net_forward(net, NULL));
                int record = phase == LUNGO_TRAIN ? 3 * i + rank : i;
                ck_assert_float_eq(lungo_data(lungo_net_blob(net, "l"))[i % 2],
                                   (float)(record % 7));
            }
            lungo_net_free(net);
        }
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.worker_count = options.worker_rank = 2;
    ck_fails(lungo_net_open_text(&net, text, "data.prototxt", &options), LUNGO_ERR_USAGE,
             "worker_rank: expected 0 or more, below worker_count, got 2 of 2");
}
END_TEST

START_TEST(bad_settings_are_refused) {
    lungo_net *net;
    ck_fails(open_net(&net, "", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "data_param.batch_size: expected 1 or more, got 0");
    ck_fails(open_net(&net, "batch_size: 1 prefetch: 0", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "data_param.prefetch");
    ck_fails(open_net(&net, "batch_size: 1 } transform_param { crop_size: 5", LUNGO_TEST),
             LUNGO_ERR_DATA, "crop_size: expected at most the record's 4x4, got 5x5");
    ck_assert_msg(strstr(lungo_error_text(), "in layer 'd' (Data), data.prototxt:1"), "%s",
                  lungo_error_text());
}
END_TEST

/* An encoded record that is cut: the error says which, also when the reader's thread meets it. */
START_TEST(damaged_records_are_named) {
    static const char *const paths[] = {"first_lmdb", "second_lmdb"};
    for (int i = 0; i < 2; i++) {
        lungo_db_writer *writer;
        char text[256];
        lungo_net *net;
        lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
        ck_ok(lungo_db_writer_open(&writer, "lmdb", paths[i]));
        for (int record = 0; record <= i; record++) {
            const char *bytes = record == i ? "P5 2 1 255\nx" : "P5 2 1 255\nxyz";
            lungo_datum datum = {.data = bytes, .data_size = strlen(bytes), .encoded = true};
            datum.has_encoded = true;
            ck_ok(lungo_db_writer_put(writer, record ? "key1" : "key0", 4, &datum));
        }
        ck_ok(lungo_db_writer_close(writer));
        snprintf(text, sizeof text,
                 "layer { name: 'd' type: 'Data' top: 'd' data_param { source: '%s' backend: LMDB "
                 "batch_size: 2 } }",
                 paths[i]);
        lungo_status status = lungo_net_open_text(&net, text, "data.prototxt", &options);
        ck_assert_int_eq(status, i ? LUNGO_OK : LUNGO_ERR_FORMAT);
        if (!status) {
            ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_FORMAT, "cut PNM");
            lungo_net_free(net);
        }
        snprintf(text, sizeof text, "in record 'key%d' of '%s'", i, paths[i]);
        ck_assert_msg(strstr(lungo_error_text(), text), "%s", lungo_error_text());
    }
}
END_TEST

Suite *lungo_suite_data(void);
Suite *lungo_suite_data(void) {
    Suite *suite = suite_create("data");
    TCase *tcase = lungo_test_folder_case(suite, "data", make_database);
    tcase_add_test(tcase, records_come_in_order_and_wrap);
    tcase_add_loop_test(tcase, a_saved_state_goes_on_with_the_same_values, 0, 2);
    tcase_add_test(tcase, shuffled_passes_have_every_record_in_another_order);
    tcase_add_test(tcase, bad_records_are_skipped_and_counted);
    tcase_add_test(tcase, workers_share_the_records);
    tcase_add_test(tcase, bad_settings_are_refused);
    tcase_add_test(tcase, damaged_records_are_named);
    if (lungo_backend_check(LUNGO_LEVELDB)) return suite;
    TCase *leveldb = lungo_test_folder_case(suite, "leveldb", make_leveldb);
    tcase_add_test(leveldb, records_come_in_order_and_wrap);
    tcase_add_loop_test(leveldb, a_saved_state_goes_on_with_the_same_values, 0, 2);
    tcase_add_test(leveldb, shuffled_passes_have_every_record_in_another_order);
    return suite;
}
