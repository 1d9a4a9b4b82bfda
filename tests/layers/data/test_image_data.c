/* Values are compared with Caffe's by golden_cases and the suite `seeds`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "net/net.h"
#include "support/runs.h"
#include "support/suites.h"

/* Five gray pictures of 4x3 (the last of 2x2): picture i holds 10 i, 10 i + 1, ... */
static void write_pictures(void) {
    for (int i = 0; i < 5; i++) {
        char name[32], bytes[64];
        int count = i < 4 ? 12 : 4,
            head = snprintf(bytes, sizeof bytes, "P5 %s 255\n", i < 4 ? "3 4" : "2 2");
        for (int k = 0; k < count; k++)
            bytes[head + k] = (char)(10 * i + k);
        snprintf(name, sizeof name, "p%d.pgm", i);
        ck_ok(lungo_file_replace(name, bytes, (size_t)(head + count)));
    }
}

static void write_list(const char *text) {
    ck_ok(lungo_file_replace("list", text, strlen(text)));
}

static lungo_status open_net(lungo_net **net, const char *settings, lungo_phase phase) {
    char text[1024];
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.seed = 7;
    snprintf(text, sizeof text,
             "layer { name: 'd' type: 'ImageData' top: 'd' top: 'l' image_data_param { source: "
             "'list' is_color: false %s } }",
             settings);
    return lungo_net_open_text(net, text, "images.prototxt", &options);
}

#define FOUR "p0.pgm 0\np1.pgm 1\np2.pgm 2\np3.pgm 3\n"

START_TEST(pictures_come_in_order_and_wrap) {
    lungo_net *net;
    write_list(FOUR);
    ck_ok(open_net(&net, "batch_size: 3", LUNGO_TEST));
    const lungo_blob *data = lungo_net_blob(net, "d"), *label = lungo_net_blob(net, "l");
    ck_assert_str_eq(lungo_shape_text(&data->shape).text, "3x1x4x3");
    ck_assert_str_eq(lungo_shape_text(&label->shape).text, "3");
    for (int batch = 0; batch < 7; batch++) {
        ck_ok(lungo_net_forward(net, NULL));
        for (int i = 0; i < 3; i++) {
            int picture = (3 * batch + i) % 4;
            ck_assert_float_eq(lungo_data(label)[i], (float)picture);
            ck_assert_float_eq(lungo_data(data)[12 * i + 5], (float)(10 * picture + 5));
        }
    }
    lungo_net_free(net);
}
END_TEST

START_TEST(each_pass_has_every_picture_in_another_order) {
    lungo_net *net;
    char orders[8][5] = {""};
    int repeated = 0;
    write_list(FOUR);
    ck_ok(open_net(&net, "batch_size: 4 shuffle: true", LUNGO_TRAIN));
    for (int pass = 0; pass < 8; pass++) {
        unsigned seen = 0;
        ck_ok(lungo_net_forward(net, NULL));
        for (int i = 0; i < 4; i++) {
            int label = (int)lungo_data(lungo_net_blob(net, "l"))[i];
            seen |= 1u << label;
            orders[pass][i] = (char)('0' + label);
        }
        ck_assert_uint_eq(seen, 15);
        repeated += pass && !strcmp(orders[pass], orders[pass - 1]);
    }
    ck_assert_int_lt(repeated, 4);
    lungo_net_free(net);
}
END_TEST

/* A second run, told the state behind batch 5 (in the fourth pass), goes on with the same values.
 */
START_TEST(a_saved_state_goes_on_with_the_same_values) {
    const char *settings =
        "batch_size: 3 shuffle: true rand_skip: 3 } transform_param { crop_size: "
        "2 mirror: true";
    lungo_net *first, *second;
    write_list(FOUR);
    ck_ok(open_net(&first, settings, LUNGO_TRAIN));
    ck_ok(open_net(&second, settings, LUNGO_TRAIN));
    lungo_test_data_goes_on(first, second, 5);
}
END_TEST

START_TEST(single_pictures_may_have_any_shape) {
    lungo_net *net;
    write_list("p3.pgm 3\np4.pgm 4\n");
    ck_ok(open_net(&net, "batch_size: 1", LUNGO_TEST));
    const char *const shapes[] = {"1x1x4x3", "1x1x2x2", "1x1x4x3"};
    for (int i = 0; i < 3; i++) {
        ck_ok(lungo_net_forward(net, NULL));
        ck_assert_str_eq(lungo_shape_text(&lungo_net_blob(net, "d")->shape).text, shapes[i]);
    }
    lungo_net_free(net);
    ck_ok(open_net(&net, "batch_size: 2", LUNGO_TEST));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "items of one batch must have one shape: expected that of the first, 1x4x3, got "
             "1x2x2; resize the images or use batch_size: 1\n  in line 2 of the list 'list'");
    lungo_net_free(net);
    ck_ok(open_net(&net, "batch_size: 2 new_height: 4 new_width: 3", LUNGO_TEST));
    ck_ok(lungo_net_forward(net, NULL));
    lungo_net_free(net);
}
END_TEST

/* Lines `path label label`: the second top has a row for each picture. */
START_TEST(pictures_may_have_several_labels) {
    static const float labels[] = {0.5f, -1e3f, 3, 0.25f, 0.5f, -1e3f, 3, 0.25f};
    lungo_net *net;
    write_list("p0.pgm 0.5 -1e3\np1.pgm 3 .25\n");
    ck_ok(open_net(&net, "batch_size: 4 label_count: 2", LUNGO_TEST));
    const lungo_blob *label = lungo_net_blob(net, "l");
    ck_assert_str_eq(lungo_shape_text(&label->shape).text, "4x2");
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_str_eq(lungo_shape_text(&label->shape).text, "4x2");
    ck_assert_mem_eq(lungo_data(label), labels, sizeof labels);
    lungo_net_free(net);
    write_list("p0.pgm 0.5\n");
    ck_ok(open_net(&net, "batch_size: 2 label_count: 1", LUNGO_TEST));
    ck_ok(lungo_net_forward(net, NULL));
    ck_assert_str_eq(lungo_shape_text(&lungo_net_blob(net, "l")->shape).text, "2x1");
    ck_assert_float_eq(lungo_data(lungo_net_blob(net, "l"))[1], 0.5f);
    lungo_net_free(net);
}
END_TEST

/* Ten batches with one thread and with several: the same values and, at the end, the same state. */
START_TEST(the_number_of_threads_changes_nothing) {
    static const int threads[] = {1, 2, 5};
    float batches[3][10][15];
    lungo_writer states[3] = {{0}, {0}, {0}};
    write_list("p0.pgm 0\nabsent.pgm 9\n" FOUR "list 8\np3.pgm 3\n");
    for (int i = 0; i < 3; i++) {
        char settings[256];
        lungo_net *net;
        snprintf(settings, sizeof settings,
                 "batch_size: 3 shuffle: true } transform_param { crop_size: 2 mirror: true } "
                 "data_param { reader_threads: %d skip_bad_records: true",
                 threads[i]);
        ck_ok(open_net(&net, settings, LUNGO_TRAIN));
        for (int k = 0; k < 10; k++) {
            ck_ok(lungo_net_forward(net, NULL));
            memcpy(batches[i][k], lungo_data(lungo_net_blob(net, "d")), 12 * sizeof(float));
            memcpy(batches[i][k] + 12, lungo_data(lungo_net_blob(net, "l")), 3 * sizeof(float));
        }
        ck_ok(net->layers[0]->type->save(net->layers[0], &states[i]));
        ck_assert_mem_eq(batches[i], batches[0], sizeof batches[0]);
        ck_assert_uint_eq(states[i].length, states[0].length);
        ck_assert_mem_eq(states[i].bytes, states[0].bytes, states[0].length);
        lungo_net_free(net);
    }
    for (int i = 0; i < 3; i++)
        lungo_buffer_dispose(&states[i]);
}
END_TEST

START_TEST(workers_share_the_list) {
    char text[512];
    write_list(FOUR);
    snprintf(text, sizeof text,
             "layer { name: 'd' type: 'ImageData' top: 'd' top: 'l' image_data_param { source: "
             "'list' is_color: false batch_size: 2 } }");
    for (int rank = 0; rank < 3; rank++) {
        lungo_net *net;
        lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
        options.phase = LUNGO_TRAIN;
        options.worker_count = 3;
        options.worker_rank = rank;
        ck_ok(lungo_net_open_text(&net, text, "images.prototxt", &options));
        for (int i = 0; i < 6; i++) {
            if (i % 2 == 0) ck_ok(lungo_net_forward(net, NULL));
            ck_assert_float_eq(lungo_data(lungo_net_blob(net, "l"))[i % 2],
                               (float)((3 * i + rank) % 4));
        }
        lungo_net_free(net);
    }
}
END_TEST

START_TEST(bad_pictures_are_named_with_their_line) {
    lungo_net *net;
    write_list("p0.pgm 0\nabsent.pgm 1\n");
    ck_ok(open_net(&net, "batch_size: 1", LUNGO_TEST));
    ck_ok(lungo_net_forward(net, NULL));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_FILE, "absent.pgm");
    ck_assert_msg(
        strstr(lungo_error_text(), "in line 2 of the list 'list'\n  in layer 'd' (ImageData)"),
        "%s", lungo_error_text());
    lungo_net_free(net);
    write_list("list 0\n");
    ck_fails(open_net(&net, "batch_size: 1", LUNGO_TEST), LUNGO_ERR_FORMAT,
             "'list': expected a JPEG, PNG, BMP or PNM picture, got something else");
    ck_fails(open_net(&net, "root_folder: 'no/' batch_size: 1", LUNGO_TEST), LUNGO_ERR_FILE,
             "no/list");
}
END_TEST

START_TEST(bad_settings_are_refused) {
    lungo_net *net;
    write_list(FOUR);
    ck_fails(open_net(&net, "batch_size: 0", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "image_data_param.batch_size: expected 1 or more, got 0");
    ck_fails(open_net(&net, "new_height: 4", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "expected both of new_height and new_width or none, got 4x0");
    ck_fails(open_net(&net, "} data_param { prefetch: 0", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "data_param.prefetch");
    ck_fails(
        open_net(&net, "} transform_param { crop_size: 5", LUNGO_TEST), LUNGO_ERR_DATA,
        "crop_size: expected at most the record's 4x3, got 5x5\n  in line 1 of the list 'list'");
    ck_fails(open_net(&net, "label_count: 0", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "image_data_param.label_count: expected 1 to 1048576, got 0");
    ck_fails(open_net(&net, "} data_param { reader_threads: 257", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "data_param.reader_threads: expected 0 to 256, got 257");
    write_list("list 0\nabsent 1\n");
    ck_fails(open_net(&net, "} data_param { skip_bad_records: true", LUNGO_TEST), LUNGO_ERR_FILE,
             "absent");
    write_list(FOUR);
    ck_fails(open_net(&net, "rand_skip: 4000000000", LUNGO_TEST), LUNGO_ERR_CONFIG,
             "expected to skip fewer than the 4 lines of the list");
}
END_TEST

Suite *lungo_suite_image_data(void);
Suite *lungo_suite_image_data(void) {
    Suite *suite = suite_create("image_data");
    TCase *tcase = lungo_test_folder_case(suite, "image_data", write_pictures);
    tcase_add_test(tcase, pictures_come_in_order_and_wrap);
    tcase_add_test(tcase, each_pass_has_every_picture_in_another_order);
    tcase_add_test(tcase, a_saved_state_goes_on_with_the_same_values);
    tcase_add_test(tcase, single_pictures_may_have_any_shape);
    tcase_add_test(tcase, pictures_may_have_several_labels);
    tcase_add_test(tcase, the_number_of_threads_changes_nothing);
    tcase_add_test(tcase, workers_share_the_list);
    tcase_add_test(tcase, bad_pictures_are_named_with_their_line);
    tcase_add_test(tcase, bad_settings_are_refused);
    return suite;
}
