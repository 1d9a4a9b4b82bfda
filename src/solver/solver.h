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
 *   decay_table.c  what decay does to each parameter, for people to read
 *   test.c       the test nets' scores
 *   snapshots.c  writing and restoring snapshots
 */
#ifndef LUNGO_SOLVER_SOLVER_H
#define LUNGO_SOLVER_SOLVER_H

#include <stdatomic.h>

#include "base/log.h"
#include "base/rng.h"
#include "lungo/solver.h"
#include "net/net.h"
#include "solver/decay.h"
#include "solver/policy.h"
#include "solver/rules.h"
#include "solver/smooth.h"

struct lungo_solver {
    lungo_document *document;
    Caffe__SolverParameter *param; /* up to date, snapshot_prefix set, options merged in */
    lungo_rng rng;                 /* lent to the train net, then to the test nets */
    lungo_net *net, **test_nets;
    size_t test_net_count;

    const lungo_policy *policy;
    const lungo_rule *rule;
    lungo_decay decay;
    float *histories[LUNGO_MAX_HISTORIES]; /* blocks laid out like net->values */
    bool warned_of_decay;

    int iter, current_step;
    float rate, loss; /* of the last iteration */
    lungo_smoothed_loss smoothed;
    double display_time; /* since when, and since which iteration, the speed is measured */
    int display_iter;
    bool stopped; /* by a request */

    lungo_iteration_function *on_iteration;
    void *on_iteration_user;
    atomic_bool snapshot_asked, stop_asked;
};

/* nets.c */
lungo_status lungo_solver_open_train_net(lungo_solver *solver);
lungo_status lungo_solver_open_test_nets(lungo_solver *solver);

/* step.c: up to `count` iterations; fewer when stopped. */
lungo_status lungo_solver_run(lungo_solver *solver, int count);
/* step.c: "    Train net output #0: loss = 0.5 (* 1 = 0.5 loss)", solver.cpp:`line`. */
void lungo_solver_log_output(const char *net, int line, size_t index, const char *name, float value,
                             float loss_weight);

/* update.c: the rate, the log line of it, clipping, the update; counts the iteration. */
lungo_status lungo_solver_update(lungo_solver *solver);

/* decay_table.c: a log line per parameter. */
void lungo_solver_log_decay(const lungo_solver *solver);

/* test.c: all test nets, unless a stop is asked for; then solver->stopped. */
lungo_status lungo_solver_test_all(lungo_solver *solver);

/* requests.c: what was asked for since the last call; a snapshot before a stop. */
lungo_request lungo_solver_take_request(lungo_solver *solver);

/* snapshots.c: whether files of the prefix can be written. */
lungo_status lungo_solver_probe_prefix(const lungo_solver *solver);

/* Whether this iteration is one whose loss is displayed. */
static inline bool lungo_solver_displays(const lungo_solver *solver) {
    return solver->param->display != 0 && solver->iter % solver->param->display == 0;
}

static inline bool lungo_solver_tests(const lungo_solver *solver) {
    return solver->param->test_interval != 0 && solver->iter % solver->param->test_interval == 0;
}

#endif
