/* Values are compared with Caffe's by golden_cases. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "net/net.h"
#include "support/runs.h"
#include "support/suites.h"

/* A picture of 4x4 whose channels are all 16 y + x. */
static void write_picture(void) {
    char bytes[64] = "P5 4 4 255\n";
    size_t head = strlen(bytes);
    for (size_t i = 0; i < 16; i++)
        bytes[head + i] = (char)(16 * (i / 4) + i % 4);
    ck_ok(lungo_file_replace("scene.pgm", bytes, head + 16));
}

static void write_windows(const char *windows) {
    char text[256];
    snprintf(text, sizeof text, "# 0\nscene.pgm\n3\n4\n4\n%s", windows);
    ck_ok(lungo_file_replace("windows", text, strlen(text)));
}

#define HALF "fg_fraction: 0.5 "
#define BOTH "2\n5 1 2 2 3 3\n0 0 0 0 1 1\n"

static lungo_status open_text(lungo_net **net, const char *text) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = LUNGO_TRAIN;
    options.seed = 7;
    return lungo_net_open_text(net, text, "windows.prototxt", &options);
}

/* Settings of window_data_param, and of transform_param. */
static lungo_status open_net(lungo_net **net, const char *window, const char *transform) {
    char text[1024];
    snprintf(text, sizeof text,
             "layer { name: 'd' type: 'WindowData' top: 'd' top: 'l' window_data_param { source: "
             "'windows' batch_size: 2 %s } transform_param { %s } }",
             window, transform);
    return open_text(net, text);
}

static void check_values(lungo_net *net, const float background[4], const float foreground[4]) {
    ck_ok(lungo_net_forward(net, NULL));
    const lungo_blob *data = lungo_net_blob(net, "d"), *label = lungo_net_blob(net, "l");
    ck_assert_str_eq(lungo_shape_text(&data->shape).text, "2x3x2x2");
    ck_assert_float_eq(lungo_data(label)[0], 0);
    ck_assert_float_eq(lungo_data(label)[1], 5);
    for (int i = 0; i < 12; i++) {
        ck_assert_float_eq(lungo_data(data)[i], background[i % 4]);
        ck_assert_float_eq(lungo_data(data)[12 + i], foreground[i % 4]);
    }
}

START_TEST(background_comes_before_foreground) {
    lungo_net *net;
    write_windows(BOTH);
    ck_ok(open_net(&net, HALF, "crop_size: 2"));
    check_values(net, (float[]){0, 1, 16, 17}, (float[]){34, 35, 50, 51});
    lungo_net_free(net);
    ck_ok(open_net(&net, HALF "cache_images: true", "crop_size: 2"));
    check_values(net, (float[]){0, 1, 16, 17}, (float[]){34, 35, 50, 51});
    lungo_net_free(net);
}
END_TEST

/* window_data_param.scale where there is one, else transform_param.scale, where the upgrade of old
 * nets puts it: Caffe loses it there. */
START_TEST(scale_is_found_in_either_message) {
    const float background[] = {0, 0.5f, 8, 8.5f}, foreground[] = {17, 17.5f, 25, 25.5f};
    lungo_net *net;
    write_windows(BOTH);
    ck_ok(open_net(&net, HALF "scale: 0.5", "crop_size: 2"));
    check_values(net, background, foreground);
    lungo_net_free(net);
    ck_ok(open_net(&net, HALF "scale: 0.5", "crop_size: 2 scale: 3"));
    check_values(net, background, foreground);
    lungo_net_free(net);
    ck_ok(open_text(&net, "layers { name: 'd' type: WINDOW_DATA top: 'd' top: 'l' "
                          "window_data_param { source: 'windows' batch_size: 2 fg_fraction: 0.5 "
                          "scale: 0.5 crop_size: 2 } }"));
    check_values(net, background, foreground);
    lungo_net_free(net);
}
END_TEST

START_TEST(a_saved_state_goes_on_with_the_same_values) {
    lungo_net *first, *second;
    write_windows("4\n5 1 2 2 3 3\n6 1 1 1 3 3\n0 0 0 0 1 1\n0 0 0 0 2 2\n");
    ck_ok(open_net(&first, HALF, "crop_size: 2 mirror: true"));
    ck_ok(open_net(&second, HALF, "crop_size: 2 mirror: true"));
    lungo_test_data_goes_on(first, second, 5);
}
END_TEST

START_TEST(windows_outside_of_their_picture_are_named) {
    lungo_net *net;
    write_windows("2\n5 1 2 2 3 4\n0 0 0 0 1 1\n");
    ck_ok(open_net(&net, HALF, "crop_size: 2"));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "expected a window inside its picture of 4x4 (height, width), got x 2 to 3, y 2 to 4\n"
             "  in line 7 of the window file 'windows'");
    lungo_net_free(net);
    ck_ok(open_net(&net, HALF "crop_mode: 'square'", "crop_size: 2"));
    ck_ok(lungo_net_forward(net, NULL));
    lungo_net_free(net);
    write_windows("2\n5 1 20 2 30 4\n0 0 0 0 1 1\n");
    ck_ok(open_net(&net, HALF "crop_mode: 'square'", "crop_size: 2"));
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA, "expected a window inside its picture");
    lungo_net_free(net);
}
END_TEST

START_TEST(bad_settings_are_refused) {
    lungo_net *net;
    write_windows(BOTH);
    ck_fails(open_net(&net, HALF, ""), LUNGO_ERR_CONFIG, "transform_param.crop_size: expected 1");
    ck_fails(open_net(&net, HALF, "crop_h: 2 crop_w: 3"), LUNGO_ERR_CONFIG,
             "expected crop_size, got crop_h and crop_w");
    ck_fails(open_net(&net, HALF "context_pad: 1", "crop_size: 2"), LUNGO_ERR_CONFIG,
             "more than twice context_pad (1), got 2");
    ck_fails(open_net(&net, HALF "crop_mode: 'round'", "crop_size: 2"), LUNGO_ERR_CONFIG,
             "expected \"warp\" or \"square\", got \"round\"");
    ck_fails(open_net(&net, "fg_fraction: 1.5", "crop_size: 2"), LUNGO_ERR_CONFIG,
             "fg_fraction: expected 0 to 1, got 1.5");
    ck_fails(open_net(&net, HALF "fg_threshold: 2", "crop_size: 2"), LUNGO_ERR_DATA,
             "expected foreground windows for 1 items of each batch, got none");
    ck_fails(open_net(&net, HALF, "crop_size: 2 mean_value: 1 mean_value: 2"), LUNGO_ERR_CONFIG,
             "mean_value: expected 1 or 3, got 2");
    ck_fails(open_net(&net, HALF "cache_images: true root_folder: 'no/'", "crop_size: 2"),
             LUNGO_ERR_FILE, "no/scene.pgm");
}
END_TEST

Suite *lungo_suite_window_data(void);
Suite *lungo_suite_window_data(void) {
    Suite *suite = suite_create("window_data");
    TCase *tcase = lungo_test_folder_case(suite, "window_data", write_picture);
    tcase_add_test(tcase, background_comes_before_foreground);
    tcase_add_test(tcase, scale_is_found_in_either_message);
    tcase_add_test(tcase, a_saved_state_goes_on_with_the_same_values);
    tcase_add_test(tcase, windows_outside_of_their_picture_are_named);
    tcase_add_test(tcase, bad_settings_are_refused);
    return suite;
}
