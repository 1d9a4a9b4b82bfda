/* A solver's insides. For src/solver alone; the public part is include/lungo/solver.h.
 *
 *   open.c       reads the solver file, checks it, builds everything
 *   nets.c       the train net and the test nets
 *   solve.c      a whole training; requests from outside
 *   step.c       iterations
 *   update.c     one update of all parameters, with
 *     policy.c     the rate
 *     decay.c      weight decay
 *     rules.c      SGD, Adam, ...
 *     norms.c      of gradients, weights, updates
 *   guard.c      NaN and infinity stop the run, early warnings
 *   trouble.c    where a NaN came from, and the error text that says it
 *   records.c    what a training writes down beside its log:
 *     watch.c       the watch file: those norms, iteration by iteration
 *     metrics.c     rates, losses, outputs as JSON lines
 *     tensorboard.c the same as event files
 *     rows.c        files of rows that resumed runs cut back and go on in
 *   decay_table.c  what decay does to each parameter, for people to read
 *   test.c       the test nets' scores
 *   snapshots.c  writing and restoring snapshots, with
 *     resume.c      all that a run is beside weights and histories
 *     environment.c what its last bits hang on
 *   keep.c       how many of them stay
 *   best.c       the one with the best test
 *   newest.c     restoring the newest good one
 */
#ifndef LUNGO_SOLVER_SOLVER_H
#define LUNGO_SOLVER_SOLVER_H

#include <stdatomic.h>

#include "base/log.h"
#include "base/rng.h"
#include "lungo/solver.h"
#include "net/net.h"
#include "solver/decay.h"
#include "solver/guard.h"
#include "solver/keep.h"
#include "solver/norms.h"
#include "solver/policy.h"
#include "solver/records.h"
#include "solver/rules.h"
#include "solver/smooth.h"

struct lungo_solver {
    lungo_document *document;
    Caffe__SolverParameter *param; /* up to date, snapshot_prefix set, options merged in */
    char *path;                    /* of the solver file, for errors */
    uint32_t seed;                 /* that the generator began with */
    lungo_rng rng;                 /* lent to the train net, then to the test nets */
    lungo_engine engine;           /* of all nets */
    lungo_precision precision;     /* of all nets */
    bool log_plan;                 /* of the train net */
    lungo_net *net, **test_nets;
    size_t test_net_count;
    lungo_writer *test_starts;     /* for each: where its data begin; NULL unless test_from_start */
    int worker_count, worker_rank; /* as in lungo_net_options, of the train net */
    bool skip_bad_records, skip_unknown_fields;
    bool resume_newest; /* from the newest good snapshot, if there is one; else from weights */
    lungo_memory_budget budget; /* of all nets */
    lungo_limits limits;

    const lungo_policy *policy;
    const lungo_rule *rule;
    lungo_decay decay;
    float *histories[LUNGO_MAX_HISTORIES]; /* blocks laid out like net->values */
    bool warned_of_decay;
    bool shapes_only; /* opened to look at: no memory, no test nets */

    lungo_norms norms; /* of the last update */
    lungo_guard guard;
    lungo_rows watch;
    lungo_records records;

    int iter, current_step;
    float rate, loss; /* of the last iteration */
    lungo_smoothed_loss smoothed;
    bool goes_on;      /* the next iterations average over the losses of the last ones */
    lungo_buffer held; /* the run's state at this iteration's beginning; empty: as it is now */
    bool resume_as_caffe;
    double display_time; /* since when, and since which iteration, the speed is measured */
    int display_iter;
    bool stopped; /* by a request */

    lungo_keep keep;
    bool stop_on_snapshot_error;
    int unsaved; /* the iteration whose snapshot failed, while training went on; -1: none */

    lungo_iteration_function *on_iteration;
    void *on_iteration_user;
    lungo_test_function *on_test;
    void *on_test_user;
    atomic_bool snapshot_asked, stop_asked;
};

/* open.c: refuses what a solver of shapes only cannot do. */
lungo_status lungo_solver_check_memory(const lungo_solver *solver);

/* open.c: numbers that make no sense; nets.c: how many nets and tests there are. */
lungo_status lungo_solver_check_counts(const Caffe__SolverParameter *param);
lungo_status lungo_solver_check_sources(const Caffe__SolverParameter *param);

/* nets.c */
lungo_status lungo_solver_open_train_net(lungo_solver *solver);
lungo_status lungo_solver_open_test_nets(lungo_solver *solver);
lungo_status lungo_solver_load_weights(lungo_solver *solver);

/* test.c: notes where the data of the test nets, which have not been run yet, begin. */
lungo_status lungo_solver_mark_test_starts(lungo_solver *solver);
void lungo_solver_free_test_starts(lungo_solver *solver);

/* step.c: up to `count` iterations; fewer when stopped. */
lungo_status lungo_solver_run(lungo_solver *solver, int count);
/* step.c: "    Train net output #0: loss = 0.5 (* 1 = 0.5 loss)", solver.cpp:`line`. */
void lungo_solver_log_output(const char *net, int line, size_t index, const char *name, float value,
                             float loss_weight);

/* update.c: the rate, the log line of it, clipping, the update; counts the iteration. */
lungo_status lungo_solver_update(lungo_solver *solver);

/* guard.c. Nothing happens where it is off.
 *   begin_pass       before each forward: what running the batch again needs
 *   check_loss       before each backward
 *   check_pass       after the backward of all passes but the last
 *   check_gradients  before the update; wants the norms of the gradients
 *   check_update     after it: warns, notes the norms, and looks whether the weights are finite */
void lungo_guard_begin_pass(lungo_solver *solver);
lungo_status lungo_guard_check_loss(lungo_solver *solver, float loss);
lungo_status lungo_guard_check_pass(lungo_solver *solver);
lungo_status lungo_guard_check_gradients(lungo_solver *solver);
lungo_status lungo_guard_check_update(lungo_solver *solver);

/* trouble.c: fails with LUNGO_ERR_NUMERIC, after looking where the bad value came from. */
lungo_status lungo_trouble_in_loss(lungo_solver *solver, float loss);
lungo_status lungo_trouble_in_gradient(lungo_solver *solver, int param);
lungo_status lungo_trouble_in_weights(lungo_solver *solver, int param, size_t element);

/* records.c: nothing happens where nothing is asked for.
 *   start    opens what is not open, for an iteration to begin
 *   stop     closes all
 *   outputs  after the passes: keeps them, as an update may change one that is a parameter
 *   update   after the update, when its rate and norms are known
 *   loss     of the final weights
 *   test     the mean of each element of each output of a test net */
lungo_status lungo_records_start(lungo_solver *solver);
void lungo_records_stop(lungo_solver *solver);
lungo_status lungo_records_outputs(lungo_solver *solver);
void lungo_records_update(lungo_solver *solver);
lungo_status lungo_records_loss(lungo_solver *solver);
void lungo_records_test(lungo_solver *solver, size_t net, const float *means);

/* watch.c, metrics.c: opens the file; adds rows. */
lungo_status lungo_watch_start(lungo_solver *solver);
void lungo_watch_write(lungo_solver *solver);
lungo_status lungo_metrics_start(lungo_solver *solver);
void lungo_metrics_train(lungo_solver *solver, bool updated);
void lungo_metrics_test(lungo_solver *solver, size_t net, const float *means);

/* tensorboard.c: the same; and histograms of the weights, before the passes of an iteration and
 * after the last update. */
lungo_status lungo_tensorboard_start(lungo_solver *solver);
void lungo_tensorboard_stop(lungo_solver *solver);
void lungo_tensorboard_train(lungo_solver *solver, bool updated);
void lungo_tensorboard_test(lungo_solver *solver, size_t net, const float *means);
void lungo_tensorboard_weights(lungo_solver *solver);

/* test.c: all test nets, unless a stop is asked for; then solver->stopped. */
lungo_status lungo_solver_test_all(lungo_solver *solver);

/* requests.c: what a function of the user's has returned, as an error with a text if it is one;
 * `setter` is the name of the call that set it. */
lungo_status lungo_solver_ended_by(lungo_status status, const char *setter);

/* requests.c: what was asked for since the last call; a snapshot before a stop. */
lungo_request lungo_solver_take_request(lungo_solver *solver);

/* snapshots.c: whether files of the prefix can be written; and, once all is built, whether they can
 * hold it, with `most` bytes each (LUNGO_MODEL_MOST). */
lungo_status lungo_solver_probe_prefix(const lungo_solver *solver);
lungo_status lungo_solver_probe_size(const lungo_solver *solver, size_t most);

/* snapshots.c: a snapshot while training runs; one that fails is reported, and an error only if
 * that is to stop training. `best`: PREFIX_best. *written (which may be NULL) tells. */
lungo_status lungo_snapshot_or_go_on(lungo_solver *solver, bool best, bool *written);

/* keep.c: removes old snapshots, after a new one. */
lungo_status lungo_keep_latest(lungo_solver *solver);

/* best.c
 *   open     finds the output that keep_best names
 *   note     the mean of each output element of a test net
 *   keep     after all tests: a snapshot, if they found a better value
 *   restore  takes over what a snapshot says of it */
lungo_status lungo_best_open(lungo_solver *solver);
void lungo_best_note(lungo_solver *solver, size_t net, const float *means);
lungo_status lungo_best_keep(lungo_solver *solver);
void lungo_best_restore(lungo_solver *solver, const lungo_best *saved);

/* newest.c: *taken: there was one. */
lungo_status lungo_solver_restore_newest(lungo_solver *solver, bool *taken);
/* resume.c: all of a run that is in no weights and no history, as a RunState of proto/caffe.proto.
 *
 *   hold   keeps it for snapshots that are made during a test, which moves readers and generators;
 *          the next training pass lets go of it
 *   pack   appends what was held, or else what is there now
 *   load   everything is checked before anything is changed, and a failure changes nothing;
 *          `load_weights` is called in the midst of it, before parameters that tests move */
lungo_status lungo_solver_hold_run(lungo_solver *solver);
void lungo_solver_let_go_of_run(lungo_solver *solver);
lungo_status lungo_solver_pack_run(const lungo_solver *solver, lungo_buffer *out);

typedef lungo_status lungo_weights_loader(void *user, lungo_solver *solver);
lungo_status lungo_solver_load_run(lungo_solver *solver, const void *bytes, size_t length,
                                   lungo_weights_loader *load_weights, void *user);

/* environment.c: what is there, in memory of the arena; and a warning for each thing that differs.
 */
lungo_status lungo_environment_list(Caffe__RunState *out, const lungo_solver *solver,
                                    lungo_arena *arena);
void lungo_environment_compare(const Caffe__RunState *saved, const Caffe__RunState *now);

/* Whether this iteration is one whose loss is displayed. */
static inline bool lungo_solver_displays(const lungo_solver *solver) {
    return solver->param->display != 0 && solver->iter % solver->param->display == 0;
}

/* Whether files of an earlier part of this run are gone on with. Under resume_newest also of one
 * that ended before its first snapshot. */
static inline bool lungo_solver_continues(const lungo_solver *solver) {
    return solver->iter > 0 || solver->resume_newest;
}

/* Whether snapshots are written while it trains, not only behind that. */
static inline bool lungo_solver_writes(const lungo_solver *solver) {
    return (solver->param->snapshot != 0 || solver->keep.asked) && !solver->shapes_only;
}

static inline bool lungo_solver_tests(const lungo_solver *solver) {
    return solver->param->test_interval != 0 && solver->iter % solver->param->test_interval == 0;
}

#endif
