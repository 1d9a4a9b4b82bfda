/* golden_lenet [--engine=NAME] LMDBS CASE...: trains LeNet on Fashion-MNIST and compares with real
 * Caffe's run.
 *
 * LMDBS holds fashion_train_lmdb and fashion_test_lmdb. A case is a folder with solver.prototxt,
 * trace.tsv, norms.tsv, final_test.tsv and the envelopes: how far real Caffe strays from itself
 * with other BLAS kernels. Its parent holds the nets and init.caffemodel. Losses and norms must
 * stay within 5 times the largest envelope value so far + 1e-5, the first 8 losses within 1e-5
 * relative, the final test within 40 images. Training amplifies roundings, and the envelope knows
 * those of BLAS kernels alone: of other engines the first losses and the final test are judged.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lungo/lungo.h"
#include "support/engine.h"
#include "support/folder.h"
#include "support/table.h"

enum { EXACT_LOSSES = 8, IMAGES_OFF = 40 };

static lungo_engine engine;

/* By default a net this small is computed by BLAS, too. */
static bool has_blas_roundings(void) {
    return engine == LUNGO_ENGINE_DEFAULT || engine == LUNGO_ENGINE_BLAS;
}

typedef struct lenet_run {
    const char *name;
    table trace, norms, loss_envelope, norm_envelope, final_test;
    double loss_slack;  /* the largest envelope value so far */
    double *norm_slack; /* per column */
    lungo_solver *solver;
    unsigned failures;
} lenet_run;

static void expect(lenet_run *run, const char *what, int iteration, double expected, double got,
                   double tolerance) {
    if (fabs(got - expected) <= tolerance) return;
    run->failures++;
    printf("FAIL %s: %s after %d updates: expected %.9g, got %.9g (tolerance %.3g)\n", run->name,
           what, iteration, expected, got, tolerance);
}

static bool read_tables(lenet_run *run) {
    return table_read(&run->trace, "trace.tsv") && table_read(&run->norms, "norms.tsv") &&
           table_read(&run->loss_envelope, "envelope.tsv") &&
           table_read(&run->norm_envelope, "envelope_norms.tsv") &&
           table_read(&run->final_test, "final_test.tsv") &&
           run->norm_envelope.columns == run->norms.columns &&
           run->norm_envelope.rows == run->norms.rows &&
           run->loss_envelope.rows == run->trace.rows &&
           (run->norm_slack = calloc(run->norms.columns, sizeof(double)));
}

/* The sum of |w| of the blob that a column names, "conv1.0.asum"; -1 when there is none. */
static double norm_of(const lungo_net *net, const char *column) {
    for (size_t i = 0; i < lungo_net_layer_count(net); i++) {
        lungo_layer_info layer = lungo_net_layer(net, i);
        size_t length = strlen(layer.name);
        if (strncmp(layer.name, column, length) || column[length] != '.') continue;
        size_t index = strtoul(column + length + 1, NULL, 10);
        if (index >= layer.param_count) return -1;
        const lungo_blob *blob = lungo_net_layer_param(net, i, index);
        double sum = 0;
        for (size_t k = 0; k < lungo_blob_count(blob); k++)
            sum += fabs((double)lungo_data(blob)[k]);
        return sum;
    }
    return -1;
}

static void compare_norms(lenet_run *run, size_t row) {
    int iteration = (int)table_at(&run->norms, row, 0);
    for (size_t c = 1; c < run->norms.columns; c++) {
        double expected = table_at(&run->norms, row, c);
        run->norm_slack[c] = fmax(run->norm_slack[c], table_at(&run->norm_envelope, row, c));
        expect(run, run->norms.names[c], iteration, expected,
               norm_of(lungo_solver_net(run->solver), run->norms.names[c]),
               (5 * run->norm_slack[c] + 1e-5) * fabs(expected));
    }
}

static void compare_loss(lenet_run *run, size_t row) {
    double expected = table_at(&run->trace, row, 2), got = lungo_solver_loss(run->solver);
    run->loss_slack = fmax(run->loss_slack, table_at(&run->loss_envelope, row, 1));
    double tolerance = 5 * run->loss_slack + 1e-5;
    if (!has_blas_roundings()) tolerance = INFINITY;
    if (row < EXACT_LOSSES) tolerance = fmin(tolerance, 1e-5 * fabs(expected));
    expect(run, "loss", (int)row, expected, got, tolerance);
    double rate = table_at(&run->trace, row, 1);
    expect(run, "rate", (int)row, rate, lungo_solver_rate(run->solver), 1e-6 * fabs(rate));
}

static lungo_status train(lenet_run *run) {
    size_t row = 0;
    for (size_t i = 0; i <= run->trace.rows; i++) {
        if (has_blas_roundings() && row < run->norms.rows &&
            table_at(&run->norms, row, 0) == (double)i)
            compare_norms(run, row++);
        if (i == run->trace.rows) break;
        lungo_status status = lungo_solver_step(run->solver, 1);
        if (status) return status;
        compare_loss(run, i);
    }
    return LUNGO_OK;
}

static lungo_status test(lenet_run *run) {
    lungo_net *net = lungo_solver_test_net(run->solver, 0);
    double correct = 0;
    for (int batch = 0; batch < 100; batch++) {
        lungo_status status = lungo_net_forward(net, NULL);
        if (status) return status;
        correct += 100.0 * lungo_data(lungo_net_blob(net, "accuracy"))[0];
    }
    double expected = table_at(&run->final_test, 0, 1);
    printf("%s: %.0f of 10000 images right, real Caffe %.0f\n", run->name, correct, expected);
    expect(run, "images right", (int)run->trace.rows, expected, correct, IMAGES_OFF + 0.5);
    return LUNGO_OK;
}

static void replay(lenet_run *run) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.weights = "../init.caffemodel";
    options.engine = engine;
    lungo_status status = lungo_solver_open(&run->solver, "solver.prototxt", &options);
    if (!status) status = train(run);
    if (!status) status = test(run);
    if (!status) return;
    run->failures++;
    printf("FAIL %s: %s\n", run->name, lungo_error_text());
}

static bool enter(const char *copy, const char *name, const char *lmdbs) {
    static const char *const databases[] = {"fashion_train_lmdb", "fashion_test_lmdb"};
    char path[PATH_MAX + 32];
    if (chdir(copy) || chdir(name)) return false;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", lmdbs, databases[i]);
        if (symlink(path, databases[i])) return false;
    }
    return true;
}

static bool run_case(const char *folder, const char *lmdbs) {
    char whole[PATH_MAX], parent[PATH_MAX];
    lenet_run run = {.name = folder};
    char *copy = NULL;
    if (realpath(folder, whole) && strrchr(whole, '/')) {
        run.name = strrchr(whole, '/') + 1;
        snprintf(parent, sizeof parent, "%.*s", (int)(run.name - whole - 1), whole);
        copy = lungo_copy_folder(parent);
    }
    if (!copy || !enter(copy, run.name, lmdbs) || !read_tables(&run)) {
        run.failures++;
        printf("FAIL %s: expected the files of a case, beside its nets\n", folder);
    } else {
        replay(&run);
    }
    lungo_solver_free(run.solver);
    table *const tables[] = {&run.trace, &run.norms, &run.loss_envelope, &run.norm_envelope,
                             &run.final_test};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        table_dispose(tables[i]);
    free(run.norm_slack);
    lungo_remove_folder(copy);
    return run.failures == 0;
}

int main(int argc, char **argv) {
    char lmdbs[PATH_MAX], home[PATH_MAX];
    unsigned passed = 0, failed = 0;
    if (!lungo_take_engine(&engine, &argc, argv)) return 2;
    if (argc < 3 || !realpath(argv[1], lmdbs) || !getcwd(home, sizeof home)) {
        fprintf(stderr, "usage: golden_lenet [--engine=NAME] FOLDER-OF-LMDBS CASE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        *(run_case(argv[i], lmdbs) ? &passed : &failed) += 1;
        if (chdir(home)) return 1;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
