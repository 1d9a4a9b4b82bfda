/* Training against numbers that were computed elsewhere: tests/golden/decay says how. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/solvers.h"
#include "support/suites.h"

enum { MOST_VALUES = 8, LINE = 1024 };

/* One line: the settings up to the first tab, and the numbers behind it. */
typedef struct golden_row {
    char settings[LINE];
    double numbers[MOST_VALUES + 2];
    int count;
} golden_row;

static FILE *open_rows(const char *name) {
    char path[512], head[LINE];
    snprintf(path, sizeof path, "%s/tests/golden/decay/%s", LUNGO_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file && fgets(head, sizeof head, file), "cannot read %s", path);
    return file;
}

static bool read_row(golden_row *out, FILE *file) {
    if (!fgets(out->settings, sizeof out->settings, file)) return false;
    char *at = strchr(out->settings, '\t');
    ck_assert_ptr_nonnull(at);
    *at++ = '\0';
    for (out->count = 0; *at && *at != '\n'; out->count++) {
        ck_assert_int_lt(out->count, MOST_VALUES + 2);
        out->numbers[out->count] = strtod(at, &at);
    }
    return true;
}

/* The solver of a row: the one before goes on where the settings are the same. */
static lungo_solver *solver_of(lungo_solver *before, char *known, const char *settings,
                               const char *net, void (*fill)(lungo_solver *)) {
    if (before && !strcmp(known, settings)) return before;
    char text[4096];
    lungo_solver_free(before);
    strcpy(known, settings);
    snprintf(text, sizeof text, "snapshot_after_train: false %s %s", settings, net);
    lungo_solver *solver = lungo_test_solver(text);
    fill(solver);
    return solver;
}

static void advance(lungo_solver *solver, int updates) {
    ck_assert_int_gt(updates, lungo_solver_iter(solver));
    ck_ok(lungo_solver_step(solver, updates - lungo_solver_iter(solver)));
}

static void blob_values(const lungo_solver *solver, const char *layer, size_t index, float *out) {
    const lungo_net *net = lungo_solver_net(solver);
    for (size_t i = 0; i < lungo_net_param_count(net); i++) {
        lungo_param_info param = lungo_net_param(net, i);
        if (!strcmp(param.layer, layer) && param.index == index)
            memcpy(out, lungo_data(param.blob), lungo_blob_count(param.blob) * sizeof *out);
    }
}

static double largest_error(const double *expected, const float *got, int count) {
    double largest = 0;
    for (int i = 0; i < count; i++)
        largest = fmax(largest, fabs(got[i] - expected[i]) / fmax(0.1, fabs(expected[i])));
    return largest;
}

/* ---- reference.tsv ---- */

enum { SAMPLES = 4, INPUTS = 3, OUTPUTS = 2, WEIGHTS = INPUTS * OUTPUTS };

#define FIXED_BLOB(name, shape)                                                                    \
    "layer { name: '" name "' type: 'Parameter' top: '" name                                       \
    "' param { lr_mult: 0 decay_mult: 0 } parameter_param { shape { " shape " } } } "

static const char *const line_net = "net_param { " FIXED_BLOB("x", "dim: 4 dim: 3") FIXED_BLOB(
    "t",
    "dim: 4 dim: 2") "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' "
                     "  param { lr_mult: 1 decay_mult: 1 } param { lr_mult: 2 decay_mult: 0.5 } "
                     "  inner_product_param { num_output: 2 bias_filler { type: 'constant' } } } "
                     "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'y' bottom: 't' top: "
                     "'loss' } }\n";

/* data() of reference.py. */
static void fill_line_net(lungo_solver *solver) {
    float *x = lungo_test_weights(solver, "x"), *t = lungo_test_weights(solver, "t");
    float *w = lungo_test_weights(solver, "ip");
    for (int i = 0; i < SAMPLES; i++) {
        for (int j = 0; j < INPUTS; j++)
            x[i * INPUTS + j] = (float)((5 * i + 3 * j) % 7 - 3) / 4;
        for (int k = 0; k < OUTPUTS; k++)
            t[i * OUTPUTS + k] = (float)((3 * i + 2 * k) % 5 - 2) / 2;
    }
    for (int k = 0; k < OUTPUTS; k++)
        for (int j = 0; j < INPUTS; j++)
            w[k * INPUTS + j] = (float)((2 * k + 3 * j) % 5 - 2) / 4;
    const lungo_net *net = lungo_solver_net(solver);
    for (size_t i = 0; i < lungo_net_param_count(net); i++) {
        lungo_param_info param = lungo_net_param(net, i);
        if (strcmp(param.layer, "ip") || param.index != 1) continue;
        lungo_data_update(param.blob)[0] = 0.5f;
        lungo_data_update(param.blob)[1] = -0.25f;
    }
}

START_TEST(every_solver_scale_and_point) {
    FILE *file = open_rows("reference.tsv");
    lungo_solver *solver = NULL;
    golden_row row;
    char known[LINE];
    int rows = 0;
    for (; read_row(&row, file); rows++) {
        float got[WEIGHTS + OUTPUTS];
        solver = solver_of(solver, known, row.settings, line_net, fill_line_net);
        ck_assert_int_eq(row.count, 1 + WEIGHTS + OUTPUTS);
        advance(solver, (int)row.numbers[0]);
        blob_values(solver, "ip", 0, got);
        blob_values(solver, "ip", 1, got + WEIGHTS);
        double error = largest_error(row.numbers + 1, got, WEIGHTS + OUTPUTS);
        ck_assert_msg(error <= 1e-5, "%s: after %g updates off by %g", row.settings, row.numbers[0],
                      error);
    }
    ck_assert_int_eq(rows, 7 * (3 * 2 + 2) * 3);
    lungo_solver_free(solver);
    fclose(file);
}
END_TEST

/* ---- pytorch.tsv ---- */

enum { PULLED = 6 };

static void fill_pulled_net(lungo_solver *solver) {
    static const float w[PULLED] = {1, -2, 0.5f, 3, -0.25f, 0.75f};
    static const float t[PULLED] = {0.5f, 1, -1, 0.25f, 2, -0.125f};
    memcpy(lungo_test_weights(solver, "w"), w, sizeof w);
    memcpy(lungo_test_weights(solver, "t"), t, sizeof t);
}

/* The settings with each CORRECTED as it stands, or as CAFFE. */
static void settings_with(char *out, const char *settings, bool caffe) {
    const char *place = strstr(settings, "CORRECTED");
    if (!caffe || !place) {
        strcpy(out, settings);
        return;
    }
    sprintf(out, "%.*sCAFFE%s", (int)(place - settings), settings, place + strlen("CORRECTED"));
}

/* The largest error over the rows whose settings contain `part`, and their number. */
static double error_against_pytorch(const char *part, double scale, bool caffe, int *rows) {
    FILE *file = open_rows("pytorch.tsv");
    lungo_solver *solver = NULL;
    golden_row row;
    char known[LINE], net[1024], settings[LINE];
    double largest = 0;
    *rows = 0;
    while (read_row(&row, file)) {
        if (!strstr(row.settings, part) || row.numbers[0] != scale) continue;
        float got[PULLED];
        snprintf(net, sizeof net,
                 "net_param { " FIXED_BLOB(
                     "t", "dim: 1 dim: 6") "layer { name: 'w' type: 'Parameter' top: 'w' "
                                           "  parameter_param { shape { dim: 1 dim: 6 } } } "
                                           "layer { name: 'loss' type: 'EuclideanLoss' bottom: 'w' "
                                           "bottom: 't' top: 'loss' "
                                           "  loss_weight: %g } }",
                 scale);
        settings_with(settings, row.settings, caffe);
        solver = solver_of(solver, known, settings, net, fill_pulled_net);
        advance(solver, (int)row.numbers[1]);
        blob_values(solver, "w", 0, got);
        largest = fmax(largest, largest_error(row.numbers + 2, got, PULLED));
        ++*rows;
    }
    lungo_solver_free(solver);
    fclose(file);
    return largest;
}

static const struct {
    const char *part;
    double scale;
    int rows;
} pytorch_cases[] = {
    {"regularization_type: \"decoupled\"", 1e-5, 6}, /* AdamW, with gradients of 1e-5 */
    {"regularization_type: \"decoupled\"", 1, 3},
    {"type: \"Adam\"", 1e-5, 9},
    {"type: \"SGD\"", 1, 3},
    {"type: \"Nesterov\"", 1, 3},
    {"type: \"AdaGrad\"", 1, 3},
    {"type: \"RMSProp\"", 1, 3},
    {"type: \"AdaDelta\"", 1, 3},
};
enum { PYTORCH_CASES = sizeof pytorch_cases / sizeof *pytorch_cases };

START_TEST(as_pytorch_does) {
    for (int i = 0; i < PYTORCH_CASES; i++) {
        int rows;
        double error =
            error_against_pytorch(pytorch_cases[i].part, pytorch_cases[i].scale, false, &rows);
        ck_assert_int_eq(rows, pytorch_cases[i].rows);
        ck_assert_msg(error <= 2e-5, "%s: off by %g", pytorch_cases[i].part, error);
    }
}
END_TEST

/* Beside gradients of 1e-5, delta 1e-8 at Caffe's place weighs 3 % in the first update. */
START_TEST(the_place_of_delta_shows) {
    int rows;
    double error = error_against_pytorch("regularization_type: \"decoupled\"", 1e-5, true, &rows);
    ck_assert_int_eq(rows, 6);
    ck_assert_msg(error > 1e-3, "adam_delta CAFFE is off by %g only", error);
}
END_TEST

Suite *lungo_suite_decay_reference(void);
Suite *lungo_suite_decay_reference(void) {
    return lungo_test_folder_suite(
        "decay_reference", (const TTest *const[]){every_solver_scale_and_point, as_pytorch_does,
                                                  the_place_of_delta_shows, NULL});
}
