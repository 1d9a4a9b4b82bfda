/* Training: snapshots in both forms, test nets, the watch file; and going on from a snapshot. */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "faults/inputs.h"
#include "faults/scenario.h"
#include "store/hdf5.h"

#define SOLVER                                                                                     \
    "net: 'in/net.prototxt' base_lr: 0.01 momentum: 0.9 lr_policy: 'fixed' max_iter: 4"            \
    " random_seed: 3 test_iter: 2 test_interval: 2 display: 2 average_loss: 2 snapshot: 2 "

static void prepare(void) {
    put_net();
    put_text("in/solver.prototxt", SOLVER "snapshot_prefix: 'out/s'");
}

static void add_weights(const lungo_net *net) {
    for (size_t i = 0; i < lungo_net_param_count(net); i++) {
        const lungo_blob *blob = lungo_net_param(net, i).blob;
        result_add(lungo_data(blob), lungo_blob_count(blob) * sizeof(float));
    }
}

static lungo_status solve_as(bool stop, const char *file, const char *watch, const char *from) {
    lungo_solver *solver;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    options.watch = watch;
    options.stop_on_snapshot_error = stop;
    lungo_status status = lungo_solver_open(&solver, file, &options);
    if (status) return status;
    status = lungo_solver_solve(solver, from);
    if (!status) add_weights(lungo_solver_net(solver));
    lungo_solver_free(solver);
    return status;
}

static lungo_status solve(const char *file, const char *watch, const char *from) {
    return solve_as(true, file, watch, from);
}

static lungo_status train(void) {
    return solve("in/solver.prototxt", NULL, NULL);
}

static lungo_status train_watched(void) {
    return solve("in/solver.prototxt", "out/watch.tsv", NULL);
}

static bool said_so; /* the log: that a snapshot is missing */

static void listen(void *user, lungo_log_level level, const char *file, int line,
                   const char *text) {
    (void)user, (void)file, (void)line;
    if (level == LUNGO_LOG_ERROR && strstr(text, "no snapshot of iteration 2; training goes on"))
        said_so = true;
}

/* Goes on without its first snapshot, if it says so; the last one is there, or there is an error.
 * The first is then no part of the result. */
static lungo_status train_on(void) {
    said_so = false;
    lungo_set_log(listen, NULL);
    lungo_status status = solve_as(false, "in/solver.prototxt", NULL, NULL);
    lungo_set_log(NULL, NULL);
    bool whole = !unlink("out/s_iter_2.solverstate");
    unlink("out/s_iter_2.caffemodel"); /* stays when its state could not be written */
    if (status || whole || said_so) return status;
    return lungo_fail(LUNGO_ERR_USAGE, "a snapshot is missing, and nothing was said");
}

/* Behind the rows of a run that was stopped after iteration 4. */
static void prepare_resume_watched(void) {
    lungo_solver *solver;
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    put_net();
    put_text("in/solver.prototxt", SOLVER "snapshot_prefix: 'in/s'");
    options.watch = "out/watch.tsv";
    must(lungo_solver_open(&solver, "in/solver.prototxt", &options), "solver");
    must(lungo_solver_solve(solver, NULL), "solve");
    lungo_solver_free(solver);
    put_text("in/solver.prototxt", SOLVER "snapshot_prefix: 'out/s'");
}

static lungo_status resume_watched(void) {
    return solve("in/solver.prototxt", "out/watch.tsv", "in/s_iter_2.solverstate");
}

static void prepare_hdf5(void) {
    prepare();
    if (!lungo_hdf5_check())
        put_text("in/solver.prototxt", SOLVER "type: 'Adam' momentum2: 0.99 snapshot_format: HDF5"
                                              " snapshot_prefix: 'out/s'");
}

/* From iteration 2 on; without HDF5 the other form stands in for it. */
static void prepare_resume(void) {
    put_net();
    put_text("in/solver.prototxt", SOLVER "snapshot_prefix: 'in/s'");
    must(train(), "train");
    put_text("in/solver.prototxt", SOLVER "snapshot_prefix: 'out/s'");
}

static lungo_status resume(void) {
    return solve("in/solver.prototxt", NULL, "in/s_iter_2.solverstate");
}

#define HDF5_SOLVER SOLVER "snapshot_format: HDF5 "

static void prepare_resume_hdf5(void) {
    put_net();
    put_text("in/solver.prototxt", HDF5_SOLVER "snapshot_prefix: 'in/s'");
    if (lungo_hdf5_check()) return prepare_resume();
    must(train(), "train");
    put_text("in/solver.prototxt", HDF5_SOLVER "snapshot_prefix: 'out/s'");
}

static lungo_status resume_hdf5(void) {
    return lungo_hdf5_check() ? resume()
                              : solve("in/solver.prototxt", NULL, "in/s_iter_2.solverstate.h5");
}

/* The rows of iterations 3 and 4 are cut off and written again. */
static void prepare_resume_output(void) {
    put_net();
    put_text("in/net.prototxt", "name: 'small'\n" DATA("TRAIN", "", "crop_size: 6")
                                    DATA("TEST", "", "crop_size: 6") LAYERS
             "layer { name: 'out' type: 'HDF5Output' bottom: 'ip' bottom: 'label'"
             " include { phase: TRAIN } hdf5_output_param { file_name: 'out/rows.h5' } }\n");
    put_text("in/solver.prototxt", SOLVER "snapshot_prefix: 'in/s'");
    if (lungo_hdf5_check()) return prepare_resume();
    must(train(), "train");
    put_text("in/solver.prototxt", SOLVER "snapshot_prefix: 'out/s'");
}

const scenario scenarios_train[] = {
    {"train", prepare, train, true, NULL, "memory open read write sync close rename thread"},
    {"train_on", prepare, train_on, true, NULL, "open write sync close rename"},
    {"train_watched", prepare, train_watched, false, "out/watch.tsv", "memory write"},
    {"train_hdf5", prepare_hdf5, train, true, NULL, "memory open sync rename"},
    {"resume", prepare_resume, resume, true, NULL, "memory open read"},
    {"resume_watched", prepare_resume_watched, resume_watched, false, "out/watch.tsv", "cut"},
    {"resume_output", prepare_resume_output, resume, false, "out/rows.h5", "write"},
    {"resume_hdf5", prepare_resume_hdf5, resume_hdf5, true, NULL, "memory"},
    {0},
};
