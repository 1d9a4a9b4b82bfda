#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/gradient.h"
#include "support/suites.h"
#include "support/values.h"

#define LOSS(x, t, h, tops, settings)                                                              \
    "force_backward: true " INPUT("x", x) INPUT("t", t) INPUT(                                     \
        "H",                                                                                       \
        h) "layer { name: 'cost' type: 'InfogainLoss' bottom: 'x' bottom: 't' bottom: 'H' " tops   \
           " " settings " }"
#define TOP    "top: 'loss'"
#define MATRIX "dim: 3 dim: 3"

START_TEST(gradients) {
    static const char *const nets[] = {
        LOSS("dim: 4 dim: 3", "dim: 4", MATRIX, TOP, ""),
        LOSS("dim: 2 dim: 2 dim: 3", "dim: 2 dim: 2", "dim: 9", TOP,
             "infogain_loss_param { axis: 2 } loss_param { normalization: BATCH_SIZE } "
             "loss_weight: 1.5"),
        LOSS("dim: 4 dim: 3", "dim: 4", MATRIX, TOP, "loss_param { ignore_label: 1 }"),
    };
    for (size_t i = 0; i < sizeof nets / sizeof nets[0];
         i++) /* H: whole, so that it is not compared */
        lungo_check_gradient(
            &(lungo_gradient_check){.net = nets[i], .inputs = {{"t", 0, 3, 1}, {"H", 0, 4, 1}}});
}
END_TEST

START_TEST(the_unit_matrix_gives_softmax_with_loss) {
    lungo_net *net =
        lungo_test_net(LUNGO_TRAIN, LOSS("dim: 2 dim: 3", "dim: 2", MATRIX, TOP " top: 'p'", ""));
    lungo_set_data(net, "x", (float[]){0, 0, 0, logf(2), 0, logf(5)}, 6);
    lungo_set_data(net, "t", (float[]){0, 2}, 2);
    lungo_set_data(net, "H", (float[]){1, 0, 0, 0, 1, 0, 0, 0, 1}, 9);
    ck_ok(lungo_net_forward(net, NULL));
    ck_ok(lungo_net_backward(net));
    lungo_test_values(net, "loss", (float[]){(logf(3) + logf(1.6f)) / 2}, 1);
    lungo_test_values(net, "p", (float[]){1 / 3.0f, 1 / 3.0f, 1 / 3.0f, 0.25f, 0.125f, 0.625f}, 6);
    lungo_test_diffs(net, "x", (float[]){-1 / 3.0f, 1 / 6.0f, 1 / 6.0f, 0.125f, 0.0625f, -0.1875f},
                     6);
    lungo_set_data(net, "t", (float[]){0, 3}, 2);
    ck_fails(lungo_net_forward(net, NULL), LUNGO_ERR_DATA,
             "label out of range: bottom 't', item 1");
    lungo_net_free(net);
}
END_TEST

#define FROM_FILE(classes, path)                                                                   \
    "force_backward: true " INPUT("x", "dim: 2 dim: " classes) INPUT(                              \
        "t",                                                                                       \
        "dim: 2") "layer { name: 'cost' type: 'InfogainLoss' bottom: 'x' bottom: 't' top: 'loss' " \
                  "infogain_loss_param { source: '" path "' } }"

/* A file as Caffe writes it: num, channels, height, width, then the values packed. */
static void write_matrix(const char *path, const float *values) {
    static const unsigned char head[] = {0x08, 1, 0x10, 1, 0x18, 2, 0x20, 2, 0x2a, 16};
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(head, 1, sizeof head, file), sizeof head);
    ck_assert_uint_eq(fwrite(values, sizeof *values, 4, file), 4);
    fclose(file);
}

START_TEST(the_matrix_from_a_file) {
    write_matrix("infogain_test.binaryproto", (float[]){2, 0, 1, 3});
    lungo_net *net = lungo_test_net(LUNGO_TRAIN, FROM_FILE("2", "infogain_test.binaryproto"));
    lungo_set_data(net, "t", (float[]){0, 1}, 2);
    ck_ok(lungo_net_forward(net, NULL));
    lungo_test_values(net, "loss", (float[]){3 * 0.6931472f}, 1); /* (2 + 0 + 1 + 3) / 2 log 2 */
    lungo_net_free(net);
    lungo_test_refused(
        FROM_FILE("3", "infogain_test.binaryproto"), LUNGO_ERR_CONFIG,
        "infogain matrix infogain_test.binaryproto: expected 3x3 for the classes of bottom "
        "'x', got shape 1x1x2x2");
    remove("infogain_test.binaryproto");
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    lungo_test_refused(FROM_FILE("2", ""), LUNGO_ERR_CONFIG, "third bottom");
    lungo_test_refused(FROM_FILE("2", "no_such_file"), LUNGO_ERR_FILE, "no_such_file");
    lungo_test_refused(
        LOSS("dim: 4 dim: 3", "dim: 4", "dim: 4 dim: 3", TOP, ""), LUNGO_ERR_CONFIG,
        "infogain matrix H: expected 3x3 for the classes of bottom 'x', got shape 4x3");
    lungo_test_refused(
        LOSS("dim: 4 dim: 3", "dim: 4", MATRIX, TOP, "loss_param { normalize: true }"),
        LUNGO_ERR_CONFIG, "expected normalization, got its older form normalize");
}
END_TEST

Suite *lungo_suite_infogain_loss(void);
Suite *lungo_suite_infogain_loss(void) {
    return lungo_suite_of("infogain_loss",
                          (const TTest *const[]){gradients, the_unit_matrix_gives_softmax_with_loss,
                                                 the_matrix_from_a_file,
                                                 what_does_not_fit_is_refused, NULL});
}
