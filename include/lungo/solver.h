/* Solvers: train a net as a Caffe solver file says. */
#ifndef LUNGO_SOLVER_H
#define LUNGO_SOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/net.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lungo_solver lungo_solver;

typedef struct lungo_solver_options {
    int level; /* level and stages are added to the train net's state only */
    const char *const *stages;
    size_t stage_count;
    const char *weights; /* comma list of .caffemodel files in place of the solver's `weights` */
    bool ignore_weights; /* true: load neither; a snapshot will be restored */
    bool shapes_only;    /* true: opened to look at its settings; see lungo_solver_decay() */
    bool guard; /* true: the first NaN or infinity in a loss, a gradient or a weight ends the run
                   with LUNGO_ERR_NUMERIC and a text that says where it came from, before anything
                   is written; warnings come early. The numbers of training are the same without */
    float guard_growth;  /* above 1: warn once a parameter's root mean square has grown to this
                           multiple of what it was when the run began or was restored. One that
                           began at 0 counts as the L2 norm of its layer's first parameter over the
                           root of its own count; or, if that was 0 too, as 1 */
    const char *watch;   /* NULL, or a file for the norms of every parameter in every iteration:
                           JSON lines if its name ends in .jsonl or .json, else TSV. A run that
                           begins writes a new file; one that was restored appends to the old,
                           whose rows from its iteration on are cut off first. For iteration i,
                           all L2 norms: weight_norm of the weights before its update,
                           gradient_norm of the gradient after clipping and 1 / iter_size, without
                           decay; decay_norm of what decay adds to it or takes from the weights
                           beside it; update_ratio: norm of the update / weight_norm */
    const char *metrics; /* NULL, or a file for rates, losses, outputs and tests: a JSON object per
                           line, see below. Begun, cut back and gone on with as `watch` is */
    int metrics_every;   /* 0: in the iterations that the log displays; N: in every Nth */
    const char *tensorboard; /* NULL, or a folder for event files of the same, as TensorBoard reads
                           them; made if need be. See below */
    int tensorboard_histograms;    /* 0: none; N: of the weights, before every Nth iteration */
    lungo_engine engine;           /* of the train net and the test nets */
    bool log_plan;                 /* of the train net */
    int worker_count, worker_rank; /* the train net's share of the data; see lungo_net_options */
    bool skip_bad_records;         /* as data_param.skip_bad_records, for every layer */
    lungo_unknown_fields unknown_fields; /* of the solver and all nets */
    lungo_precision precision;           /* of the train net and the test nets */
    size_t max_memory;     /* bytes, of all nets and what the rule keeps; see lungo_net_options */
    int keep_snapshots;    /* 0: all; N: after each snapshot, those that are older than the N newest
                              good ones up to this iteration are removed */
    const char *keep_best; /* NULL, or NAME[@NET][:min|:max]: after a test in which the mean of
                              output NAME of test net NET (0) is better than ever before, the
                              snapshot <prefix>_best is written. Without min or max a loss is best
                              at its least, an output of an Accuracy layer at its most */
    bool stop_on_snapshot_error; /* false: a snapshot that cannot be written while training runs is
                              logged as an error, and training goes on; the last one is an error
                              always. true: training ends with that error */
    bool resume_newest;   /* opened at the newest good snapshot of the prefix, if there is one, in
                           place of `weights`: lungo_solver_iter() tells. Damaged ones are passed
                           over with a warning */
    bool resume_as_caffe; /* true: a restore takes weights, histories and the iteration alone, as
                             Caffe's does, and data begin anew; false: all of the run's state, so
                             that it goes on as if it had not been stopped */
    lungo_limits limits;  /* of the solver and all nets */
} lungo_solver_options;

#define LUNGO_SOLVER_OPTIONS_INIT                                                                  \
    {                                                                                              \
        0, NULL, 0, NULL, false, false, true, 100, NULL, NULL, 0, NULL, 0, LUNGO_ENGINE_DEFAULT,   \
            false, 0, 0, false, LUNGO_UNKNOWN_ERROR, LUNGO_PRECISION_FLOAT, 0, 0, NULL, false,     \
            false, false, LUNGO_LIMITS_INIT                                                        \
    }

/* Metrics, with null for numbers that are not finite:
 *
 *   {"iteration": 100, "time": 2.5, "phase": "train", "lr": 0.01, "loss": 0.5,
 *    "outputs": {"loss": 0.4, "pair": [1, 2]}, "norms": {"conv1[0]": {"weight_norm": 3, ...}}}
 *   {"iteration": 100, "time": 2.6, "phase": "test", "net": 0, "outputs": {"accuracy": 0.9}}
 *
 * iteration and loss are the log's: the loss is the sum of all, weighted and smoothed. time:
 * seconds of training, with those before a resume. outputs: in training of that batch; in a test
 * the means over its batches. norms: with `watch`, its numbers. The loss after the last update has
 * no lr.
 *
 * Event files: the folder gets runs `train`, `test`, `test_1`, ... with a new file in each for each
 * time that training begins or goes on; TensorBoard takes what is in older ones from that iteration
 * on as void. Tags: loss (as above), lr, outputs by their names (pair, pair[1]; in `train` those
 * called loss or lr are batch/loss, batch/lr), weight_norm/conv1[0] and the like with `watch`, and
 * histograms weights/conv1[0].
 *
 * Files beside the log change nothing in a training. One that cannot be opened is an error before
 * the first iteration; one that cannot be written any more is reported once, and loses the rows
 * from there on. */

/* Reads the solver file, builds the train net and the test nets (paths in it are as Caffe has
 * them: relative to the working directory). options NULL: all defaults. The caller frees *out. */
lungo_status lungo_solver_open(lungo_solver **out, const char *path,
                               const lungo_solver_options *options);
void lungo_solver_free(lungo_solver *solver);

/* Makes `count` iterations, with the displays, tests and snapshots that fall due. */
lungo_status lungo_solver_step(lungo_solver *solver, int count);

/* All of training: from where it is (or from the snapshot `resume_from` when not NULL) to max_iter,
 * then the last snapshot, display and test. Needs max_iter. LUNGO_OK also when it was stopped
 * early: lungo_solver_iter() tells. */
lungo_status lungo_solver_solve(lungo_solver *solver, const char *resume_from);

int lungo_solver_iter(const lungo_solver *solver);
int lungo_solver_max_iter(const lungo_solver *solver);
float lungo_solver_rate(const lungo_solver *solver); /* of the last update */
float lungo_solver_loss(const lungo_solver *solver); /* of the last iteration, before its update */
float lungo_solver_smoothed_loss(const lungo_solver *solver); /* over average_loss iterations */
bool lungo_solver_asks_for_gpu(
    const lungo_solver *solver); /* solver_mode: GPU stands in the file */

/* Borrowed. test_net: NULL beyond the last. */
lungo_net *lungo_solver_net(const lungo_solver *solver);
lungo_net *lungo_solver_test_net(const lungo_solver *solver, size_t index);

/* What the solver file says of tests and snapshots. test_iter: how many batches test net `index` is
 * tested on; 0: none, or there is no such net. The prefix is borrowed. */
int lungo_solver_test_iter(const lungo_solver *solver, size_t index);
const char *lungo_solver_snapshot_prefix(const lungo_solver *solver);

/* The file with the weights of the newest good snapshot of the prefix, which the caller frees;
 * NULL: there is none. */
lungo_status lungo_solver_newest_weights(char **out, const lungo_solver *solver);

/* A net of its own, just filled from random_seed, as the train net (LUNGO_TRAIN; `index` is not
 * looked at) or test net `index` (LUNGO_TEST) is; HDF5Output in it writes nothing. One that was
 * opened with shapes_only can open it too. With shapes_only here, the net is to be looked at, as in
 * lungo_net_options. The caller frees *out. */
lungo_status lungo_solver_open_net(lungo_net **out, const lungo_solver *solver, lungo_phase phase,
                                   size_t index, bool shapes_only);

/* Writes <prefix>_iter_N.caffemodel and .solverstate; restores from a .solverstate: a run that is
 * restored in the same environment (threads, engine, machine) is bit for bit the run that was not
 * stopped. During a test a snapshot holds the run as it was before the test. A damaged file, or
 * weights that are not those saved with the state, are refused. A restore that fails changes
 * nothing. Data must be where and what they were; MemoryData layers get the same arrays again,
 * before or after. A .solverstate of Caffe's resumes as Caffe resumes it. */
lungo_status lungo_solver_snapshot(lungo_solver *solver);
lungo_status lungo_solver_restore(lungo_solver *solver, const char *path);

/* How a parameter of the train net decays in the next update. */
typedef struct lungo_decay_info {
    lungo_param_info param;
    float rate;         /* lr * lr_mult */
    float weight_decay; /* weight_decay * decay_mult */
    char rule[48];      /* "L2", "L1", "decoupled LR WITH_UPDATE", ...; "none": decay is 0; "never
                           changes": lr_mult is 0; "not learned": the layer's own statistics */
    float shrink;       /* the part of each weight that the decay alone takes in that update: by SGD
                           without momentum, or decoupled; NAN where no such number exists */
    const char *note;   /* what may surprise, and what to do; "" when nothing does */
} lungo_decay_info;

/* `index` as for lungo_net_param(lungo_solver_net(solver), index). A solver opened with shapes_only
 * does for this: its net has shapes but no memory, there are no test nets, no weights are read, no
 * file is written, and files of data may be missing. It cannot step, snapshot or restore. */
lungo_decay_info lungo_solver_decay(const lungo_solver *solver, size_t index);

/* The same of all parameters as a table in the log, the notes below it. Training begins with it. */
void lungo_solver_log_decay(const lungo_solver *solver);

/* Called after every iteration's update; anything but LUNGO_OK ends the run with that status. */
typedef lungo_status lungo_iteration_function(void *user, lungo_solver *solver);
void lungo_solver_on_iteration(lungo_solver *solver, lungo_iteration_function *function,
                               void *user);

/* Called after each test of test net `net`, with the mean over its batches of each element of each
 * of its outputs, one output behind another. Anything but LUNGO_OK ends the run with it. */
typedef lungo_status lungo_test_function(void *user, lungo_solver *solver, size_t net,
                                         const float *means);
void lungo_solver_on_test(lungo_solver *solver, lungo_test_function *function, void *user);

/* Asks for something at the next iteration boundary. Safe to call from a signal handler. */
typedef enum lungo_request {
    LUNGO_REQUEST_NONE,
    LUNGO_REQUEST_SNAPSHOT,
    LUNGO_REQUEST_STOP
} lungo_request;
void lungo_solver_request(lungo_solver *solver, lungo_request request);

#ifdef __cplusplus
}
#endif
#endif
