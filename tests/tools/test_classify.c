/* lungo classify, with nets whose scores can be worked out by hand: the mean of each channel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/data.h"
#include "support/command.h"
#include "support/nets.h"
#include "support/suites.h"

#define CLASSIFY                                                                                   \
    LUNGO_BINARY_DIR "/bin/lungo classify --model=net.prototxt --weights=net.caffemodel "

#define COLOUR(batch) INPUT("x", "dim: " batch " dim: 3 dim: 2 dim: 2")
#define MEANS         LAYER1("p", "Pooling", "x", "p", "pooling_param { pool: AVE kernel_size: 2 }")

static void make_net(const char *text) {
    lungo_test_file("net.prototxt", text);
    lungo_net *net = lungo_test_net(LUNGO_TEST, text);
    ck_ok(lungo_net_save_weights(net, "net.caffemodel", false));
    lungo_net_free(net);
}

/* Pictures of text: red, green and blue of each pixel. */
static void make_pictures(void) {
    lungo_test_file("a.ppm", "P3 2 2 255  10 20 30  12 22 32  14 24 34  16 26 36\n");
    lungo_test_file("b.ppm", "P3 2 2 255  90 0 7  90 0 7  90 0 7  90 0 7\n");
    lungo_test_file("gray.pgm", "P2 2 2 255  1 2 3 4\n");
    lungo_test_file("labels.txt", "blue sky\ngreen grass\nred rose\n");
    lungo_test_file("bad.png", "no picture");
}

static void classify(const char *flags, const char *expected) {
    ck_assert_int_eq(lungo_command(CLASSIFY "%s", flags), 0);
    lungo_test_file("expected", expected);
    lungo_test_same_files("out", "expected");
}

#define A "---------- Prediction for a.ppm ----------\n"
#define B "---------- Prediction for b.ppm ----------\n"

START_TEST(classes_come_in_order) {
    make_net(COLOUR("1") MEANS);
    make_pictures();
    classify("--labels=labels.txt a.ppm", A "33.0000 - \"blue sky\"\n"
                                            "23.0000 - \"green grass\"\n"
                                            "13.0000 - \"red rose\"\n");
    classify("--top=1 a.ppm b.ppm", A "33.0000 - \"0\"\n" B "90.0000 - \"2\"\n");
    classify("--top=2 --rgb a.ppm", A "33.0000 - \"2\"\n23.0000 - \"1\"\n");
    classify("gray.pgm", "---------- Prediction for gray.pgm ----------\n"
                         "2.5000 - \"0\"\n2.5000 - \"1\"\n2.5000 - \"2\"\n");
}
END_TEST

START_TEST(means_and_scales) {
    make_net(COLOUR("1") MEANS);
    make_pictures();
    float values[] = {30, 40, 20, 20, 1, 3};
    lungo_mean mean = {3, 1, 2, values};
    ck_ok(lungo_mean_save(&mean, "mean.binaryproto"));
    lungo_npy_writer *writer;
    ck_ok(lungo_npy_writer_open(&writer, "mean.npy", &LUNGO_SHAPE(3, 1, 2)));
    ck_ok(lungo_npy_writer_put(writer, values, 6));
    ck_ok(lungo_npy_writer_close(writer));
    const char *expected = A "11.0000 - \"2\"\n3.0000 - \"1\"\n-2.0000 - \"0\"\n";
    classify("--mean=mean.binaryproto a.ppm", expected);
    classify("--mean=mean.npy a.ppm", expected);
    classify("--mean_value=35,20,2 a.ppm", expected);
    classify("--mean_value=1 --raw_scale=0.5 --scale=2 --top=1 a.ppm", A "31.0000 - \"0\"\n");
}
END_TEST

/* Each corner and the centre, and all of them mirrored. */
START_TEST(views_are_averaged) {
    make_net(INPUT("x", "dim: 4 dim: 1 dim: 2 dim: 2") MEANS);
    lungo_test_file("v.pgm", "P2 4 4 255  40 40 0 0  40 40 0 0  0 0 0 0  0 0 0 0\n");
    classify("--images_dim=4,4 v.pgm",
             "---------- Prediction for v.pgm ----------\n10.0000 - \"0\"\n");
    classify("--images_dim=4,4 --oversample v.pgm v.pgm",
             "---------- Prediction for v.pgm ----------\n10.0000 - \"0\"\n"
             "---------- Prediction for v.pgm ----------\n10.0000 - \"0\"\n");
    lungo_test_file("v.pgm", "P2 4 4 255  80 80 0 0  80 80 0 0  0 0 0 0  0 0 4 4\n");
    classify("--images_dim=4,4 --oversample v.pgm",
             "---------- Prediction for v.pgm ----------\n20.4000 - \"0\"\n");
}
END_TEST

START_TEST(lists_and_batches) {
    make_net(COLOUR("2") MEANS);
    make_pictures();
    lungo_test_file("list.txt", "a.ppm\n\nb.ppm\r\na.ppm");
    classify("--top=1 list.txt b.ppm", A "33.0000 - \"0\"\n" B "90.0000 - \"2\"\n" A
                                         "33.0000 - \"0\"\n" B "90.0000 - \"2\"\n");
    classify("--top=1 list.txt", A "33.0000 - \"0\"\n" B "90.0000 - \"2\"\n" A "33.0000 - \"0\"\n");
}
END_TEST

START_TEST(bad_pictures_do_not_end_the_others) {
    make_net(COLOUR("2") MEANS);
    make_pictures();
    lungo_command_refused(lungo_command(CLASSIFY "--top=1 none.png a.ppm bad.png b.ppm"),
                          "'bad.png': expected a JPEG, PNG, BMP or PNM picture");
    lungo_command_wrote("err", "none.png");
    lungo_test_file("expected", A "33.0000 - \"0\"\n" B "90.0000 - \"2\"\n");
    lungo_test_same_files("out", "expected");
}
END_TEST

static const struct {
    const char *flags, *part;
} refused[] = {
    {"", "expected pictures"},
    {"none.txt", "cannot read 'none.txt'"},
    {"--top=0 a.ppm", "--top: expected 1 or more, got 0"},
    {"--scale=x a.ppm", "--scale: expected 1 to 1 numbers"},
    {"--mean_value=1,2 a.ppm", "--mean_value: expected 1 or 3 numbers, got 2"},
    {"--mean_value=1,2,3,4 a.ppm", "--mean_value: expected 1 to 3 numbers"},
    {"--mean=net.caffemodel --mean_value=1 a.ppm", "expected --mean or --mean_value, got both"},
    {"--mean=none.npy a.ppm", "none.npy"},
    {"--images_dim=1,9 a.ppm", "a height and a width of at least 2,2"},
    {"--labels=labels.txt a.ppm", "expected 3 lines, as many as 'p' has classes, got 2"},
};

START_TEST(what_is_wrong_is_said) {
    make_net(COLOUR("1") MEANS);
    make_pictures();
    lungo_test_file("labels.txt", "one\ntwo\n");
    lungo_command_refused(lungo_command(CLASSIFY "%s", refused[_i].flags), refused[_i].part);
}
END_TEST

START_TEST(nets_that_are_no_classifiers) {
    make_pictures();
    make_net(INPUT("x", "dim: 2 dim: 2") LAYER1("r", "ReLU", "x", "y", ""));
    lungo_command_refused(lungo_command(CLASSIFY "a.ppm"), "got 'x' with 2 axes and 2 channels");
    make_net(COLOUR("1") LAYER1("r", "ReLU", "x", "y", ""));
    lungo_command_refused(lungo_command(CLASSIFY "a.ppm"),
                          "got 'y' with 4 axes and 12 values for 1 pictures");
    make_net(COLOUR("1") INPUT("z", "dim: 1") MEANS);
    lungo_command_refused(lungo_command(CLASSIFY "a.ppm"), "a net with one input, got 2");
    make_net(COLOUR("1") MEANS LAYER1("r", "ReLU", "x", "y", ""));
    lungo_command_refused(lungo_command(CLASSIFY "a.ppm"), "a net with one output, got 2");
}
END_TEST

/* ---- .npy files of others ---- */

START_TEST(arrays_that_numpy_wrote) {
    static const char head[] = "\x93NUMPY\x02\x00\x40\x00\x00\x00"
                               "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    char bytes[12 + 64 + 16];
    double values[] = {1.5, -2};
    float *read;
    lungo_shape shape;
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, head, sizeof head - 1);
    memcpy(bytes + 76, values, 16);
    lungo_test_bytes("a.npy", bytes, sizeof bytes);
    ck_ok(lungo_npy_read(&read, &shape, "a.npy"));
    ck_assert_int_eq(shape.axes, 1);
    ck_assert_float_eq(read[0] + 10 * read[1], -18.5f);
    free(read);
    lungo_test_bytes("a.npy", bytes, sizeof bytes - 1);
    ck_fails(lungo_npy_read(&read, &shape, "a.npy"), LUNGO_ERR_FORMAT,
             "a.npy: expected 2 values of 8 bytes, got 15 bytes");
    bytes[24] = 'i';
    lungo_test_bytes("a.npy", bytes, sizeof bytes);
    ck_fails(lungo_npy_read(&read, &shape, "a.npy"), LUNGO_ERR_FORMAT,
             "values of type <f4, <f8 or u1");
    lungo_test_bytes("a.npy", bytes, 40);
    ck_fails(lungo_npy_read(&read, &shape, "a.npy"), LUNGO_ERR_FORMAT, "a whole header");
    lungo_test_file("a.npy", "something else");
    ck_fails(lungo_npy_read(&read, &shape, "a.npy"), LUNGO_ERR_FORMAT, "NumPy's first bytes");
}
END_TEST

Suite *lungo_suite_classify(void);
Suite *lungo_suite_classify(void) {
    Suite *suite = suite_create("classify");
    TCase *cases = lungo_test_folder_case(suite, "classify", NULL);
    tcase_add_test(cases, classes_come_in_order);
    tcase_add_test(cases, means_and_scales);
    tcase_add_test(cases, views_are_averaged);
    tcase_add_test(cases, lists_and_batches);
    tcase_add_test(cases, bad_pictures_do_not_end_the_others);
    tcase_add_loop_test(cases, what_is_wrong_is_said, 0, sizeof refused / sizeof *refused);
    tcase_add_test(cases, nets_that_are_no_classifiers);
    tcase_add_test(cases, arrays_that_numpy_wrote);
    return suite;
}
