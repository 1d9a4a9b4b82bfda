/* Small solvers for tests, in a folder of their own. */
#ifndef LUNGO_TESTS_SUPPORT_SOLVERS_H
#define LUNGO_TESTS_SUPPORT_SOLVERS_H

#include <check.h>

#include "caffe.pb-c.h"
#include "lungo/log.h"
#include "lungo/solver.h"
#include "proto/document.h"
#include "support/files.h"

/* A train net of one parameter, `count` weights of layer 'w', that no loss reaches: its gradient is
 * zero. `specs` are the settings in its `param` block. */
#define IDLE_NET(count, specs)                                                                     \
    " net_param { name: 'idle' layer { name: 'w' type: 'Parameter' top: 'w' param { " specs        \
    " } parameter_param { shape { dim: 1 dim: " count " } } }"                                     \
    " layer { name: 'end' type: 'Silence' bottom: 'w' } }\n"

/* The same with a loss |w - t|^2 / 2, whose gradient is w - t; t is zero but for what a test
 * writes to layer 't'. */
#define PULLED_NET(count, specs)                                                                   \
    " net_param { name: 'pulled' layer { name: 'w' type: 'Parameter' top: 'w' param { " specs      \
    " } parameter_param { shape { dim: 1 dim: " count " } } }"                                     \
    " layer { name: 't' type: 'Parameter' top: 't' param { lr_mult: 0 decay_mult: 0 }"             \
    " parameter_param { shape { dim: 1 dim: " count " } } }"                                       \
    " layer { name: 'loss' type: 'EuclideanLoss' bottom: 'w' bottom: 't' top: 'loss' } }\n"

/* Writes solver.prototxt and opens it; fails the test when that fails. */
lungo_solver *lungo_test_solver(const char *text);

/* The same with options. */
lungo_solver *lungo_test_solver_with(const char *text, const lungo_solver_options *options);

/* The same, for errors. */
lungo_status lungo_try_solver(const char *text);

/* The values of parameter 0 of the named layer. */
float *lungo_test_weights(lungo_solver *solver, const char *layer);

/* The settings alone. They live in the document, which the caller frees. */
Caffe__SolverParameter *lungo_test_settings(lungo_document **out, const char *text);

/* A log function that counts warnings in the int that `user` points to. */
void lungo_test_count_warnings(void *user, lungo_log_level level, const char *file, int line,
                               const char *text);

#endif
