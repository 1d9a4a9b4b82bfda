#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "lungo/data.h"
#include "net/net.h"
#include "support/folder.h"
#include "support/suites.h"

static char *home;

/* Seven records of 1x4x4: record i holds 16 i .. 16 i + 15 and has the label i. */
static void make_database(void) {
    lungo_db_writer *writer;
    home = lungo_temporary_folder();
    ck_assert_int_eq(chdir(home), 0);
    ck_ok(lungo_db_writer_open(&writer, "lmdb", "records_lmdb"));
    for (int i = 0; i < 7; i++) {
        unsigned char pixels[16];
        char key[16];
        for (int k = 0; k < 16; k++)
            pixels[k] = (unsigned char)(16 * i + k);
        snprintf(key, sizeof key, "%08d", i);
        lungo_datum datum = {.channels = 1,
                             .height = 4,
                             .width = 4,
                             .data = pixels,
                             .data_size = 16,
                             .label = i,
                             .has_label = true};
        ck_ok(lungo_db_writer_put(writer, key, 8, &datum));
    }
    ck_ok(lungo_db_writer_close(writer));
}

static void remove_database(void) {
    ck_assert_int_eq(chdir("/"), 0);
    lungo_remove_folder(home);
}

static lungo_status open_net(lungo_net **net, const char *settings, lungo_phase phase) {
    char text[1024];
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.seed = 7;
    snprintf(text, sizeof text,
             "layer { name: 'd' type: 'Data' top: 'd' top: 'l' data_param { source: 'records_lmdb' "
             "backend: LMDB %s } }",
             settings);
    return lungo_net_open_text(net, text, "data.prototxt", &options);
}

START_TEST(records_come_in_order_and_wrap) {
    lungo_net *net;
    ck_ok(open_net(&net, "batch_size: 3", LUNGO_TEST));
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
    const char *settings = "batch_size: 3 } transform_param { crop_size: 2 mirror: true";
    lungo_net *first, *second;
    lungo_writer state = {0};
    ck_ok(open_net(&first, settings, LUNGO_TRAIN));
    ck_ok(open_net(&second, settings, LUNGO_TRAIN));
    for (int i = 0; i < 4; i++)
        ck_ok(lungo_net_forward(first, NULL));
    ck_ok(first->layers[0]->type->save(first->layers[0], &state));
    lungo_reader reader = {state.bytes, state.bytes + state.length};
    ck_ok(second->layers[0]->type->load(second->layers[0], &reader));
    for (int i = 0; i < 10; i++) {
        ck_ok(lungo_net_forward(first, NULL));
        ck_ok(lungo_net_forward(second, NULL));
        ck_assert_mem_eq(lungo_data(lungo_net_blob(first, "d")),
                         lungo_data(lungo_net_blob(second, "d")), 12 * sizeof(float));
    }
    reader = (lungo_reader){state.bytes, state.bytes + state.length - 1};
    ck_fails(second->layers[0]->type->load(second->layers[0], &reader), LUNGO_ERR_FORMAT,
             "saved state");
    lungo_buffer_dispose(&state);
    lungo_net_free(first);
    lungo_net_free(second);
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
    TCase *tcase = tcase_create("data");
    tcase_add_checked_fixture(tcase, make_database, remove_database);
    tcase_add_test(tcase, records_come_in_order_and_wrap);
    tcase_add_test(tcase, a_saved_state_goes_on_with_the_same_values);
    tcase_add_test(tcase, bad_settings_are_refused);
    tcase_add_test(tcase, damaged_records_are_named);
    suite_add_tcase(suite, tcase);
    return suite;
}
