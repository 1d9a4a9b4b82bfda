#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "caffe.pb-c.h"
#include "lungo/log.h"
#include "support/folder.h"
#include "support/packed.h"
#include "support/suites.h"
#include "weights/model.h"

static lungo_model *model;
static uint8_t *bytes;
static lungo_buffer lines;

static void keep_line(void *user, lungo_log_level level, const char *file, int line,
                      const char *text) {
    (void)file;
    lungo_buffer_printf(user, "%c%d %s\n", "IWE"[level], line, text);
}

static void open_net(const char *text) {
    size_t length;
    bytes = lungo_packed(&caffe__net_parameter__descriptor, text, &length);
    lungo_set_log(keep_line, &lines);
    ck_ok(lungo_model_over(&model, bytes, length, "a.caffemodel"));
    lungo_set_log(NULL, NULL);
}

static void close_net(void) {
    lungo_model_free(model);
    free(bytes);
    lungo_buffer_dispose(&lines);
    lines = (lungo_buffer){0};
}

static void check_layer(size_t layer, const char *name, const char *type, size_t blobs) {
    lungo_model_layer_info info = lungo_model_layer(model, layer);
    ck_assert_str_eq(info.name, name);
    ck_assert_str_eq(info.type, type);
    ck_assert_uint_eq(info.blob_count, blobs);
}

static float first_value(size_t layer, size_t index) {
    lungo_stored_blob blob;
    float values[8];
    ck_ok(lungo_model_blob(&blob, model, layer, index));
    ck_ok(lungo_stored_blob_data(&blob, values));
    return values[0];
}

START_TEST(layers_of_today_are_found) {
    open_net("name: 'n' layer { name: 'ip' type: 'InnerProduct' bottom: 'x' phase: TEST "
             "blobs { shape { dim: 2 } data: [1, 2] } blobs { data: 3 } "
             "inner_product_param { num_output: 1 } } layer { name: 'relu' type: 'ReLU' }");
    ck_assert_uint_eq(lungo_model_layer_count(model), 2);
    check_layer(0, "ip", "InnerProduct", 2);
    check_layer(1, "relu", "ReLU", 0);
    ck_assert_float_eq(first_value(0, 0), 1);
    ck_assert_float_eq(first_value(0, 1), 3);
    ck_assert_str_eq(lungo_buffer_text(&lines), "");
    lungo_stored_blob blob;
    ck_fails(lungo_model_blob(&blob, model, 1, 0), LUNGO_ERR_USAGE, "expected one of 0");
    close_net();
}
END_TEST

START_TEST(layers_of_v1_are_found) {
    open_net("layers { name: 'ip' type: SOFTMAX_LOSS blobs { num: 1 channels: 1 height: 1 width: 2 "
             "data: [1, 2] } }");
    check_layer(0, "ip", "SoftmaxWithLoss", 1);
    ck_assert_float_eq(first_value(0, 0), 1);
    ck_assert_str_eq(lungo_buffer_text(&lines),
                     "I55 Attempting to upgrade input file specified using deprecated "
                     "V1LayerParameter: a.caffemodel\n"
                     "I63 Successfully upgraded file specified using deprecated "
                     "V1LayerParameter\n");
    close_net();
}
END_TEST

START_TEST(layers_of_v0_are_found) {
    open_net("layers { bottom: 'x' layer { name: 'c' type: 'conv' blobs { num: 1 channels: 1 "
             "height: 1 width: 1 data: 5 } blobs_lr: 1 } }");
    check_layer(0, "c", "Convolution", 1);
    ck_assert_float_eq(first_value(0, 0), 5);
    ck_assert_ptr_nonnull(strstr(lungo_buffer_text(&lines), "deprecated V0LayerParameter: a.caf"));
    ck_assert_ptr_nonnull(strstr(lungo_buffer_text(&lines), "deprecated V1LayerParameter: a.caf"));
    close_net();
}
END_TEST

START_TEST(other_old_forms_are_logged) {
    open_net("input: 'x' layers { type: DATA data_param { source: 'db' mirror: true } }"
             "layers { type: RELU data_param { scale: 1 } }");
    ck_assert_ptr_nonnull(strstr(lungo_buffer_text(&lines), "I46 "));
    ck_assert_ptr_nonnull(strstr(lungo_buffer_text(&lines), "I69 "));
    ck_assert_ptr_null(strstr(lungo_buffer_text(&lines), "I79 "));
    close_net();
    open_net("layer { type: 'BatchNorm' param {} param {} param {} }");
    ck_assert_ptr_nonnull(strstr(lungo_buffer_text(&lines), "I79 "));
    close_net();
    open_net("layers { type: RELU data_param { scale: 1 } } layers { type: DATA data_param { "
             "source: 'db' } }");
    ck_assert_ptr_null(strstr(lungo_buffer_text(&lines), "I46 "));
    close_net();
}
END_TEST

/* Other people's fields under Caffe's numbers: parameter_param 145 as a number, an unfinished
 * clip_param, bottoms and names of another wire type. */
START_TEST(fields_of_forks_are_passed_over) {
    static const uint8_t fork[] = {0xa2, 0x06, 22,   0x0a, 2,    'i',  'p',  0x88, 0x09,
                                   7,    0xa2, 0x09, 1,    0x08, 0x18, 5,    0x08, 9,
                                   0x3a, 5,    0x2d, 0,    0,    0x80, 0x3f, 0x18, 1};
    ck_ok(lungo_model_over(&model, fork, sizeof fork, "fork"));
    check_layer(0, "ip", "", 1);
    ck_assert_float_eq(first_value(0, 0), 1);
    lungo_model_free(model);
}
END_TEST

START_TEST(a_blob_that_does_not_fit_names_its_place) {
    open_net("layer { name: 'ip' blobs { shape { dim: 2 } data: 1 } }");
    lungo_stored_blob blob;
    ck_fails(lungo_model_blob(&blob, model, 0, 0), LUNGO_ERR_FORMAT,
             "blob of shape 2: expected 2 values, got 1\n"
             "  in blob 0 of layer 'ip', a.caffemodel");
    close_net();
}
END_TEST

/* Each cut in memory of its own, so that a read beyond the end would be seen. */
START_TEST(every_cut_is_an_error_or_a_smaller_model) {
    size_t length;
    bytes = lungo_packed(&caffe__net_parameter__descriptor,
                         "name: 'n' layers { name: 'old' type: DATA data_param { scale: 2 } "
                         "layer { name: 'c' type: 'conv' blobs { num: 1 data: 1 } } } layer { "
                         "name: 'ip' blobs { shape { dim: 2 } data: [1, 2] diff: [3, 4] "
                         "double_data: 2 } }",
                         &length);
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *part = malloc(cut ? cut : 1);
        memcpy(part, bytes, cut);
        lungo_status status = lungo_model_over(&model, part, cut, "cut");
        ck_assert(status == LUNGO_OK || status == LUNGO_ERR_FORMAT);
        for (size_t i = 0; !status && i < lungo_model_layer_count(model); i++)
            for (size_t j = 0; j < lungo_model_layer(model, i).blob_count; j++) {
                lungo_stored_blob blob;
                lungo_model_blob(&blob, model, i, j);
            }
        if (!status) lungo_model_free(model);
        free(part);
    }
    free(bytes);
}
END_TEST

/* Values in every form, more of them than the reader's window shows. */
enum { MANY = 5000 };

static size_t pack_forms(lungo_buffer *out) {
    lungo_buffer text = {0};
    static const char *const forms[] = {"data", "double_data", "data"};
    for (int layer = 0; layer < 3; layer++) {
        lungo_buffer_printf(&text, "layer { name: 'l%d' blobs { shape { dim: %d } ", layer, MANY);
        for (int i = 0; i < MANY; i++)
            lungo_buffer_printf(&text, "%s: %d ", forms[layer], layer * MANY + i);
        lungo_buffer_puts(&text, "} }\n");
    }
    size_t length;
    uint8_t *packed = lungo_packed(&caffe__net_parameter__descriptor, text.bytes, &length);
    lungo_buffer_append(out, packed, length);
    free(packed);
    lungo_buffer_dispose(&text);
    return length;
}

static FILE *open_forms(void) {
    lungo_buffer forms = {0};
    char path[32];
    size_t length = pack_forms(&forms);
    FILE *file = tmpfile();
    ck_assert(file && fwrite(forms.bytes, 1, length, file) == length && fflush(file) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    ck_ok(lungo_model_open(&model, path));
    lungo_buffer_dispose(&forms);
    return file;
}

START_TEST(values_are_read_from_the_file_when_asked_for) {
    static float values[MANY];
    lungo_stored_blob blob;
    FILE *file = open_forms();
    for (size_t layer = 3; layer-- > 0;) {
        ck_ok(lungo_model_blob(&blob, model, layer, 0));
        ck_ok(lungo_stored_blob_data(&blob, values));
        for (size_t i = 0; i < MANY; i++)
            ck_assert_float_eq(values[i], (float)(layer * MANY + i));
    }
    lungo_model_free(model);
    fclose(file);
}
END_TEST

/* Once one value more is where the shape was; once the rest is gone. */
START_TEST(a_file_that_changes_is_an_error) {
    static float values[MANY];
    static const uint8_t one_more[] = {0x2a, 4, 0, 0, 0, 0};
    lungo_stored_blob blob;
    FILE *file = open_forms();
    ck_ok(lungo_model_blob(&blob, model, 2, 0));
    ck_assert_int_eq(fseek(file, (long)(blob.message.end - sizeof one_more), SEEK_SET), 0);
    ck_assert_uint_eq(fwrite(one_more, 1, sizeof one_more, file), sizeof one_more);
    ck_assert_int_eq(fflush(file), 0);
    ck_fails(lungo_stored_blob_data(&blob, values), LUNGO_ERR_FILE,
             "has changed while it was read: expected 5000 values");
    ck_ok(lungo_model_blob(&blob, model, 1, 0));
    ck_assert_int_eq(ftruncate(fileno(file), (off_t)blob.message.at + 9000), 0);
    ck_fails(lungo_stored_blob_data(&blob, values), LUNGO_ERR_FILE, "changed while it was read");
    lungo_model_free(model);
    fclose(file);
}
END_TEST

START_TEST(files_that_are_none_say_what_they_are) {
    static const struct {
        const char *content;
        size_t length;
        lungo_status code;
        const char *error;
    } cases[] = {
        {"", 0, LUNGO_ERR_FORMAT, "expected a .caffemodel, got an empty file"},
        {"name: \"LeNet\"\n", 14, LUNGO_ERR_FORMAT, "expected a .caffemodel, got a text file"},
        {"\x89HDF\r\n\x1a\n..", 10, LUNGO_ERR_FORMAT, "expected a .caffemodel, got an HDF5 file"},
        {"\x08\x05\x12\x01x", 5, LUNGO_ERR_FORMAT, "got another protobuf file (a .solverstate"},
        {"\x0a\x01n", 3, LUNGO_ERR_FORMAT, "got a file without layers"},
        {"\xa2\x06\x7f\x0a", 4, LUNGO_ERR_FORMAT,
         "is cut or damaged: expected 127 bytes at offset 3, got 1"},
        {"\xa2\x06\x02\x0a\x09", 5, LUNGO_ERR_FORMAT, "in layer 0 ''"},
        {"\xa2\x06\x02\x0f\x09", 5, LUNGO_ERR_FORMAT, "is damaged: expected a protobuf field at"},
        {"\xff\xd8\xff\xe0\0\x10JFIF", 10, LUNGO_ERR_FORMAT, "got a file of another kind"},
        {"\x1f\x8b\x08\0\0", 5, LUNGO_ERR_FORMAT, "got a file of another kind"},
    };
    char *folder = lungo_temporary_folder(), path[512];
    snprintf(path, sizeof path, "%s/a.caffemodel", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_ok(lungo_file_replace(path, cases[i].content, cases[i].length));
        ck_fails(lungo_model_open(&model, path), cases[i].code, cases[i].error);
        ck_assert_ptr_nonnull(strstr(lungo_error_text(), path));
    }
    ck_fails(lungo_model_open(&model, folder), LUNGO_ERR_FILE, "Is a directory");
    snprintf(path, sizeof path, "%s/none", folder);
    ck_fails(lungo_model_open(&model, path), LUNGO_ERR_FILE, "No such file");
    lungo_remove_folder(folder);
}
END_TEST

Suite *lungo_suite_model(void);
Suite *lungo_suite_model(void) {
    return lungo_suite_of(
        "model",
        (const TTest *const[]){
            layers_of_today_are_found, layers_of_v1_are_found, layers_of_v0_are_found,
            other_old_forms_are_logged, fields_of_forks_are_passed_over,
            a_blob_that_does_not_fit_names_its_place, values_are_read_from_the_file_when_asked_for,
            a_file_that_changes_is_an_error, every_cut_is_an_error_or_a_smaller_model,
            files_that_are_none_say_what_they_are, NULL});
}
