/* golden_solvers [--engine=NAME] DIR...: trains as real Caffe did and compares every number.
 *
 * A case is a folder with solver.prototxt; any folder given is searched for cases. It begins with
 * the weights of init.caffemodel, or those that the solver names. What the folder holds is
 * compared: trace.tsv (rate and loss of each iteration), params.tsv (sums over each parameter after
 * it), display.tsv (the losses in the log), final.caffemodel and final.solverstate, or those with
 * .h5 behind (against the snapshot that the run wrote). Where it holds mid.solverstate (.h5), a
 * second run resumes from it and has to give the rest, or what resume_trace.tsv and resume_final.*
 * have instead.
 * Cases that need what this build lacks are listed as skipped, with the reason.
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "layer/layer.h"
#include "lungo/lungo.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "solver/solver.h"
#include "support/engine.h"
#include "support/folder.h"
#include "support/hdf5_compare.h"
#include "support/table.h"

enum { SHOWN = 3 }; /* failures of one kind that are printed */

typedef struct golden_case {
    char label[256]; /* the folder's name; " (resumed)" behind it in the second run */
    const Caffe__SolverParameter *param;
    lungo_solver *solver;
    bool decoupled, resumed, unsupported;
    double tolerance; /* of losses, and of weights that are not decoupled */
    table trace, params, display;
    size_t rows, displays; /* seen so far */
    size_t differences;
} golden_case;

static lungo_engine engine;

static struct { unsigned passed, failed, skipped; } total;

static void failure(golden_case *one, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("FAIL %s: ", one->label);
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    one->differences++;
}

/* ---- comparing ---- */

static bool close_to(double expected, double got, double allowed) {
    if (isnan(expected) || isnan(got)) return isnan(expected) && isnan(got);
    return expected == got || fabs(got - expected) <= allowed;
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

static void compare(golden_case *one, const char *what, int iter, double expected, double got,
                    double allowed) {
    if (close_to(expected, got, allowed)) return;
    if (one->differences < SHOWN)
        failure(one, "iteration %d: %s: expected %.9g, got %.9g", iter, what, expected, got);
    else
        one->differences++;
}

/* A decoupled case allows a part of its largest value, any other of each value or 1. */
static double allowed_for(const golden_case *one, float expected, double largest) {
    double scale = one->decoupled ? largest : larger(1, fabs((double)expected));
    return one->tolerance * scale;
}

static void compare_values(golden_case *one, const char *what, const float *expected,
                           size_t expected_count, const float *got, size_t got_count) {
    if (expected_count != got_count) {
        failure(one, "%s: expected %zu values, got %zu", what, expected_count, got_count);
        return;
    }
    size_t bad = 0, first = 0;
    double largest = 0;
    for (size_t i = 0; i < got_count; i++)
        largest = larger(largest, fabs((double)expected[i]));
    for (size_t i = 0; i < got_count; i++)
        if (!close_to(expected[i], got[i], allowed_for(one, expected[i], largest)) && bad++ == 0)
            first = i;
    if (bad > 0)
        failure(one, "%s: value %zu: expected %.9g, got %.9g (%zu of %zu differ)", what, first,
                expected[first], got[first], bad, got_count);
}

static void compare_blob(golden_case *one, const char *what, const Caffe__BlobProto *expected,
                         const Caffe__BlobProto *got) {
    const Caffe__BlobShape *a = expected->shape, *b = got->shape;
    bool same = (a != NULL) == (b != NULL) && (!a || a->n_dim == b->n_dim);
    for (size_t i = 0; same && a && i < a->n_dim; i++)
        same = a->dim[i] == b->dim[i];
    if (!same) failure(one, "%s: expected another shape", what);
    compare_values(one, what, expected->data, expected->n_data, got->data, got->n_data);
    char diff[320];
    snprintf(diff, sizeof diff, "%s: gradients", what);
    compare_values(one, diff, expected->diff, expected->n_diff, got->diff, got->n_diff);
}

/* ---- the files that a run leaves ---- */

/* NULL: there is no such file, or it is no such message. protobuf-c's own reader, which our files
 * have to suit as much as Caffe's. */
static void *read_message(const ProtobufCMessageDescriptor *type, const char *path) {
    char *bytes;
    size_t length;
    if (lungo_file_read(&bytes, &length, path)) return NULL;
    void *message = protobuf_c_message_unpack(type, NULL, length, (const uint8_t *)bytes);
    free(bytes);
    return message;
}

static void compare_layer(golden_case *one, const Caffe__LayerParameter *expected,
                          const Caffe__NetParameter *got) {
    const Caffe__LayerParameter *found = NULL;
    for (size_t i = 0; i < got->n_layer && !found; i++)
        if (!strcmp(got->layer[i]->name, expected->name)) found = got->layer[i];
    if (!found || found->n_blobs != expected->n_blobs) {
        failure(one, "layer '%s': expected it with %zu blobs, got %s", expected->name,
                expected->n_blobs, found ? "another number" : "no such layer");
        return;
    }
    for (size_t j = 0; j < expected->n_blobs; j++) {
        char what[256];
        snprintf(what, sizeof what, "final weights: layer '%s' blob %zu", expected->name, j);
        compare_blob(one, what, expected->blobs[j], found->blobs[j]);
    }
}

static void compare_model(golden_case *one, const Caffe__NetParameter *expected,
                          const Caffe__NetParameter *got) {
    if (got->n_layer != expected->n_layer)
        failure(one, "final weights: expected %zu layers, got %zu", expected->n_layer,
                got->n_layer);
    for (size_t i = 0; i < expected->n_layer; i++)
        compare_layer(one, expected->layer[i], got);
}

static void compare_state(golden_case *one, const Caffe__SolverState *expected,
                          const Caffe__SolverState *got) {
    if (got->iter != expected->iter || got->current_step != expected->current_step)
        failure(one, "state: expected iter %d and current_step %d, got %d and %d", expected->iter,
                expected->current_step, got->iter, got->current_step);
    if (!got->learned_net || strcmp(got->learned_net, expected->learned_net))
        failure(one, "state: expected learned_net \"%s\", got \"%s\"", expected->learned_net,
                got->learned_net ? got->learned_net : "");
    if (got->n_history != expected->n_history) {
        failure(one, "state: expected %zu histories, got %zu", expected->n_history, got->n_history);
        return;
    }
    for (size_t i = 0; i < expected->n_history; i++) {
        char what[64];
        snprintf(what, sizeof what, "state: history %zu", i);
        compare_blob(one, what, expected->history[i], got->history[i]);
    }
}

static void compare_protobuf(golden_case *one, const ProtobufCMessageDescriptor *type,
                             void (*compare_messages)(golden_case *, const void *, const void *),
                             const char *golden, const char *written) {
    ProtobufCMessage *expected = read_message(type, golden), *got = read_message(type, written);
    if (expected && got)
        compare_messages(one, expected, got);
    else
        failure(one, "expected messages in %s and %s", golden, written);
    if (expected) protobuf_c_message_free_unpacked(expected, NULL);
    if (got) protobuf_c_message_free_unpacked(got, NULL);
}

static void judge_values(void *user, const char *dataset, const float *expected,
                         size_t expected_count, const float *got, size_t got_count) {
    compare_values(user, dataset, expected, expected_count, got, got_count);
}

static void judge_difference(void *user, const char *text) {
    failure(user, "%s", text);
}

static void compare_hdf5(golden_case *one, const char *golden, const char *written) {
    static const char *const own[] = {"best", "model", "run", NULL};
    const lungo_hdf5_judge judge = {one, judge_values, judge_difference, own};
    lungo_compare_hdf5(golden, written, &judge);
}

/* The snapshot's file of this extension, beside the file that Caffe wrote. */
static void compare_file(golden_case *one, const char *extension,
                         const ProtobufCMessageDescriptor *type,
                         void (*compare_messages)(golden_case *, const void *, const void *)) {
    char golden[64], written[PATH_MAX];
    snprintf(golden, sizeof golden, "resume_final%s", extension);
    bool other = one->resumed && lungo_file_exists(golden);
    const char *expected = other ? golden : golden + strlen("resume_");
    snprintf(written, sizeof written, "%s_iter_%d%s", one->solver->param->snapshot_prefix,
             lungo_solver_iter(one->solver), extension);
    if (!lungo_file_exists(expected)) return;
    if (!lungo_file_exists(written))
        failure(one, "expected the run to write %s", written);
    else if (type)
        compare_protobuf(one, type, compare_messages, expected, written);
    else
        compare_hdf5(one, expected, written);
}

static void compare_models(golden_case *one, const void *expected, const void *got) {
    compare_model(one, expected, got);
}

static void compare_states(golden_case *one, const void *expected, const void *got) {
    compare_state(one, expected, got);
}

static void compare_files(golden_case *one) {
    compare_file(one, ".caffemodel", &caffe__net_parameter__descriptor, compare_models);
    compare_file(one, ".solverstate", &caffe__solver_state__descriptor, compare_states);
    compare_file(one, ".caffemodel.h5", NULL, NULL);
    compare_file(one, ".solverstate.h5", NULL, NULL);
}

/* ---- each iteration ---- */

/* The row of the table that begins with this iteration; false: none, and that is a failure. */
static bool find_row(golden_case *one, const table *rows, int iter, const char *name, size_t *row) {
    for (*row = 0; *row < rows->rows; ++*row)
        if ((int)table_at(rows, *row, 0) == iter) return true;
    compare(one, name, iter, NAN, iter, 0);
    return false;
}

static void compare_trace(golden_case *one, int iter) {
    size_t row;
    if (!one->trace.rows || !find_row(one, &one->trace, iter, "row of trace.tsv", &row)) return;
    double rate = table_at(&one->trace, row, 1), loss = table_at(&one->trace, row, 2);
    compare(one, "rate", iter, rate, lungo_solver_rate(one->solver), 1e-6 * fabs(rate));
    compare(one, "loss", iter, loss, lungo_solver_loss(one->solver),
            one->tolerance * larger(1, fabs(loss)));
}

/* "ip1.0.sum" and "ip1.0.asum": of the values of parameter 0 of layer ip1. */
static double sum_of(const golden_case *one, const char *column) {
    const lungo_net *net = lungo_solver_net(one->solver);
    for (size_t i = 0; i < lungo_net_param_count(net); i++) {
        lungo_param_info param = lungo_net_param(net, i);
        char name[256];
        snprintf(name, sizeof name, "%s.%zu.", param.layer, param.index);
        size_t length = strlen(name);
        if (strncmp(column, name, length)) continue;
        bool absolute = !strcmp(column + length, "asum");
        const float *values = lungo_data(param.blob);
        double sum = 0;
        for (size_t k = 0; k < lungo_blob_count(param.blob); k++)
            sum += absolute ? fabs((double)values[k]) : values[k];
        return sum;
    }
    return NAN;
}

/* A sum may be off by as much as all of its terms: the sum of absolute values says how large. */
static void compare_params(golden_case *one, int iter) {
    size_t row;
    if (!one->params.rows || !find_row(one, &one->params, iter, "row of params.tsv", &row)) return;
    for (size_t c = 1; c + 1 < one->params.columns; c += 2) {
        double scale = larger(1, table_at(&one->params, row, c + 1));
        for (size_t k = c; k < c + 2; k++)
            compare(one, one->params.names[k], iter, table_at(&one->params, row, k),
                    sum_of(one, one->params.names[k]), one->tolerance * scale);
    }
}

static lungo_status look_at(void *user, lungo_solver *solver) {
    golden_case *one = user;
    int iter = lungo_solver_iter(solver) - 1;
    compare_trace(one, iter);
    compare_params(one, iter);
    one->rows++;
    return LUNGO_OK;
}

/* "Iteration 3 (... iters), loss = 1.2" and the last one's "Iteration 30, loss = 1.1". */
static void look_at_log(void *user, lungo_log_level level, const char *file, int line,
                        const char *text) {
    (void)level, (void)line;
    golden_case *one = user;
    int iter;
    size_t row;
    const char *loss = strstr(text, ", loss = ");
    if (!one->display.rows || !loss || strcmp(file, "solver.cpp")) return;
    if (sscanf(text, "Iteration %d", &iter) != 1) return;
    if (!find_row(one, &one->display, iter, "row of display.tsv", &row)) return;
    double expected = table_at(&one->display, row, 1);
    compare(one, "displayed loss", iter, expected, strtod(loss + strlen(", loss = "), NULL),
            one->tolerance * larger(1, fabs(expected)));
    one->displays++;
}

/* ---- a run ---- */

static void read_tables(golden_case *one) {
    bool other = one->resumed && lungo_file_exists("resume_trace.tsv");
    const char *trace = other ? "resume_trace.tsv" : "trace.tsv";
    if (!table_read(&one->trace, trace) || one->trace.columns != 3)
        failure(one, "expected columns iter, lr, loss in %s", trace);
    if (!other && lungo_file_exists("params.tsv") && !table_read(&one->params, "params.tsv"))
        failure(one, "expected a table of numbers in params.tsv");
    if (!one->resumed && lungo_file_exists("display.tsv") &&
        (!table_read(&one->display, "display.tsv") || one->display.columns != 2))
        failure(one, "expected columns iter, displayed_loss in display.tsv");
}

/* NULL: the case is not about resuming. */
static const char *middle_state(void) {
    static const char *const names[] = {"mid.solverstate", "mid.solverstate.h5"};
    return lungo_file_exists(names[0]) ? names[0] : lungo_file_exists(names[1]) ? names[1] : NULL;
}

static bool open_solver(golden_case *one) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.ignore_weights = one->resumed;
    options.engine = engine;
    if (one->param->n_weights == 0 && lungo_file_exists("init.caffemodel"))
        options.weights = "init.caffemodel";
    lungo_status status = lungo_solver_open(&one->solver, "solver.prototxt", &options);
    if (!status && one->resumed) status = lungo_solver_restore(one->solver, middle_state());
    if (!status) return true;
    if (status == LUNGO_ERR_UNSUPPORTED) {
        one->unsupported = true;
        printf("skipped %s: %.*s\n", one->label, (int)strcspn(lungo_error_text(), "\n"),
               lungo_error_text());
    } else {
        failure(one, "%s", lungo_error_text());
    }
    return false;
}

static void solve(golden_case *one) {
    int first = lungo_solver_iter(one->solver), last = lungo_solver_max_iter(one->solver);
    lungo_solver_on_iteration(one->solver, look_at, one);
    lungo_status status = lungo_solver_solve(one->solver, NULL);
    if (!status && !one->param->snapshot_after_train) status = lungo_solver_snapshot(one->solver);
    if (status) {
        failure(one, "%s", lungo_error_text());
        return;
    }
    if (one->rows != (size_t)(last - first) || one->trace.rows + (size_t)first < (size_t)last)
        failure(one, "expected %d iterations and as many rows of trace.tsv, got %zu and %zu",
                last - first, one->rows, one->trace.rows);
    if (one->displays != one->display.rows)
        failure(one, "expected %zu displayed losses, got %zu", one->display.rows, one->displays);
    compare_files(one);
    if (one->differences > SHOWN) failure(one, "%zu differences in all", one->differences);
}

static void run_here(golden_case *one) {
    read_tables(one);
    lungo_set_log(look_at_log, one);
    if (open_solver(one)) solve(one);
    lungo_set_log(NULL, NULL);
    lungo_solver_free(one->solver);
    table_dispose(&one->trace);
    table_dispose(&one->params);
    table_dispose(&one->display);
}

static void count(const golden_case *one) {
    if (one->differences)
        total.failed++;
    else if (one->unsupported)
        total.skipped++;
    else
        total.passed++;
}

/* One copy of the folder for each run. */
static bool run_in_copy(golden_case *one, const char *folder) {
    char *copy = lungo_copy_folder(folder);
    bool good = copy && chdir(copy) == 0;
    if (good)
        run_here(one);
    else
        failure(one, "cannot work in a copy of the folder");
    if (chdir("/")) exit(1);
    lungo_remove_folder(copy);
    return good;
}

/* ---- cases ---- */

/* The first layer type of a net that this build lacks, or NULL. */
static const char *lacking_type(lungo_document *document, Caffe__NetParameter *net) {
    if (lungo_upgrade_net(document, net, "net")) return NULL;
    const lungo_layer_type *type;
    for (size_t i = 0; i < net->n_layer; i++)
        if (lungo_layer_find_type(&type, net->layer[i]->type)) return net->layer[i]->type;
    return NULL;
}

static const char *lacking_type_in_file(lungo_document *document, const char *path) {
    ProtobufCMessage *message;
    if (!path || lungo_text_read(document, &message, &caffe__net_parameter__descriptor, path))
        return NULL;
    return lacking_type(document, (Caffe__NetParameter *)message);
}

static bool skip(const golden_case *one, lungo_document *document) {
    const Caffe__SolverParameter *param = one->param;
    const char *type = lacking_type_in_file(document, param->net ? param->net : param->train_net);
    Caffe__NetParameter *inner = param->net_param ? param->net_param : param->train_net_param;
    if (!type && inner) type = lacking_type(document, inner);
    if (type) printf("skipped %s: layer type %s is not built yet\n", one->label, type);
    return type != NULL;
}

static void run_case(golden_case one, lungo_document *document, const char *folder) {
    ProtobufCMessage *message;
    if (chdir(folder) || lungo_text_read(document, &message, &caffe__solver_parameter__descriptor,
                                         "solver.prototxt")) {
        failure(&one, "%s", lungo_error_text());
        count(&one);
        return;
    }
    one.param = (Caffe__SolverParameter *)message;
    one.decoupled = !strcmp(one.param->regularization_type, "decoupled");
    one.tolerance = one.decoupled ? 2e-4 : 2e-5;
    one.unsupported = skip(&one, document);
    golden_case again = one;
    bool resumes = middle_state() != NULL;
    if (!one.unsupported && run_in_copy(&one, folder) && resumes && !one.unsupported) {
        again.resumed = true;
        strcat(again.label, " (resumed)");
        run_in_copy(&again, folder);
        one.differences += again.differences;
    }
    count(&one);
}

static void visit(void *home, const char *folder) {
    char absolute[PATH_MAX];
    golden_case one = {0};
    lungo_document *document;
    if (!realpath(folder, absolute) || lungo_document_new(&document)) {
        printf("FAIL %s: cannot read the folder\n", folder);
        total.failed++;
        return;
    }
    snprintf(one.label, sizeof one.label - 16, "%.200s", strrchr(absolute, '/') + 1);
    run_case(one, document, absolute);
    lungo_document_free(document);
    if (chdir(home)) exit(1);
}

int main(int argc, char **argv) {
    char home[PATH_MAX];
    if (!lungo_take_engine(&engine, &argc, argv)) return 2;
    if (argc < 2 || !getcwd(home, sizeof home)) {
        fprintf(stderr, "usage: golden_solvers [--engine=NAME] DIR...   folders with "
                        "solver.prototxt, or above\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (!lungo_each_folder(argv[i], "solver.prototxt", visit, home)) {
            fprintf(stderr, "golden_solvers: cannot read the folder '%s'\n", argv[i]);
            total.failed++;
        }
    printf("%u passed, %u failed, %u skipped\n", total.passed, total.failed, total.skipped);
    return total.failed || !total.passed;
}
