/* The catalogue's pages: every type has one, and its example runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lungo/lungo.h"
#include "store/hdf5.h"
#include "support/files.h"
#include "support/nets.h"
#include "support/records.h"
#include "support/suites.h"

/* An example's comments "# x: 2 3" become Input layers; everything else stays. */
static char *runnable(const char *example) {
    static char text[8192];
    char *copy = strdup(example), *rest;
    size_t length = 0;
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char name[32], dims[96] = "";
        int dim, used = 0, next;
        if (sscanf(line, "# %31[a-zA-Z_]: %n", name, &used) == 1 && used > 0) {
            for (; sscanf(line + used, "%d%n", &dim, &next) == 1; used += next)
                snprintf(dims + strlen(dims), sizeof dims - strlen(dims), "dim: %d ", dim);
            length += (size_t)snprintf(text + length, sizeof text - length,
                                       "layer { name: 'in_%s' type: 'Input' top: '%s' "
                                       "input_param { shape { %s} } }\n",
                                       name, name, dims);
        } else {
            length += (size_t)snprintf(text + length, sizeof text - length, "%s\n", line);
        }
    }
    free(copy);
    return text;
}

/* Lists of pictures and of windows in them. */
static void make_pictures(void) {
    static const char picture[] = "P2 3 2 255\n1 2 3 4 5 6\n", list[] = "a.pgm 0\nb.pgm 1\n";
    static const char windows[] = "# 0 a.pgm 3 2 3 2\n1 0.9 0 0 1 1\n0 0.1 1 0 2 1\n";
    ck_assert_int_eq(mkdir("pictures", 0700), 0);
    lungo_test_file("pictures/a.pgm", picture);
    lungo_test_file("pictures/b.pgm", picture);
    lungo_test_file("train.txt", list);
    lungo_test_file("windows.txt", windows);
}

static void make_hdf5(void) {
    const float values[8] = {0};
    lungo_hdf5_writer *writer;
    lungo_test_file("train_list.txt", "train.h5");
    lungo_test_file("train.h5", "");
    if (lungo_hdf5_check()) return;
    ck_ok(lungo_hdf5_create(&writer, "train.h5"));
    ck_ok(lungo_hdf5_write(writer, "data", &(lungo_shape){2, {4, 2}}, values));
    ck_ok(lungo_hdf5_write(writer, "label", &(lungo_shape){1, {4}}, values));
    ck_ok(lungo_hdf5_commit(writer));
}

/* A database of eight small images. */
static void make_database(void) {
    unsigned char pixels[3 * 8 * 8];
    lungo_db_writer *writer;
    ck_ok(lungo_db_writer_open(&writer, "lmdb", "train_lmdb"));
    for (int i = 0; i < 8; i++) {
        memset(pixels, 10 * i, sizeof pixels);
        lungo_test_record(writer, i, i, 3, 8, pixels);
    }
    ck_ok(lungo_db_writer_close(writer));
}

/* Python is no part of Lungo, HDF5 perhaps not of this build. */
static bool cannot_run(const char *type) {
    return !strcmp(type, "Python") || (!strncmp(type, "HDF5", 4) && lungo_hdf5_check());
}

static void run_example(const char *type, const char *example) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = LUNGO_TRAIN;
    options.seed = 1;
    lungo_net *net;
    char *text = runnable(example);
    if (strstr(text, "phase: TEST")) options.phase = LUNGO_TEST;
    lungo_status status = lungo_net_open_text(&net, text, type, &options);
    if (cannot_run(type)) {
        ck_assert_int_eq(status, LUNGO_ERR_UNSUPPORTED);
        return;
    }
    ck_assert_msg(!status, "%s", lungo_error_text());
    float items[4 * 3 * 8 * 8] = {0};
    if (!strcmp(type, "MemoryData")) ck_ok(lungo_memory_data_set(net, NULL, items, items, 4));
    ck_assert_msg(!lungo_net_forward(net, NULL), "%s: %s", type, lungo_error_text());
    ck_assert_msg(!lungo_net_backward(net), "%s: %s", type, lungo_error_text());
    bool there = false;
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        there |= !strcmp(lungo_net_layer(net, i).type, type);
    ck_assert_msg(there, "the example of %s has no such layer", type);
    lungo_net_free(net);
}

START_TEST(every_type_has_a_page_whose_example_runs) {
    make_database();
    make_pictures();
    make_hdf5();
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        ck_assert_msg(entry.page && strstr(entry.page, entry.name) == entry.page,
                      "%s: its file does not begin with what it computes", entry.name);
        ck_assert_msg(*entry.example, "%s: no example", entry.name);
        run_example(entry.name, entry.example);
    }
}
END_TEST

START_TEST(notes_come_from_the_schema) {
    lungo_catalog_field field;
    ck_assert(lungo_catalog_field_get(&field, "pooling_param", 0));
    ck_assert_str_eq(field.name, "pool");
    ck_assert_str_eq(field.values, "MAX, AVE, STOCHASTIC");
    ck_assert(lungo_catalog_field_get(&field, "batch_norm_param", 1));
    ck_assert_str_eq(field.name, "moving_average_fraction");
    ck_assert_str_eq(field.note, "weight of the old statistics in each update");
}
END_TEST

Suite *lungo_suite_pages(void);
Suite *lungo_suite_pages(void) {
    const TTest *const tests[] = {every_type_has_a_page_whose_example_runs,
                                  notes_come_from_the_schema, NULL};
    return lungo_test_folder_suite("pages", tests);
}
