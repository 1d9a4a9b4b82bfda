/* What several suites look at in runs of solvers and nets. */
#ifndef LUNGO_TESTS_SUPPORT_RUNS_H
#define LUNGO_TESTS_SUPPORT_RUNS_H

#include "lungo/solver.h"
#include "net/net.h"

/* Steps it; what the log warned of meanwhile. */
int lungo_test_warnings(lungo_solver *solver, int iterations);

/* Steps it; in the end an iteration allocates nothing. */
void lungo_test_allocates_nothing(lungo_solver *solver);

/* Four iterations from 'w' = 3 on, with a snapshot after the second; and the last two from that
 * snapshot. Both free the solver. */
void lungo_test_run_straight(lungo_solver *solver);
void lungo_test_run_resumed(lungo_solver *solver);

/* A file that the solver is to write holds something else. It is left alone: by a run that begins,
 * and by one that is resumed, which says what it expected. */
void lungo_test_leaves_alone(lungo_solver *solver, const char *path, const char *text,
                             const char *expected);

/* Opens the net (TRAIN) with each of its allocations failing in turn: it opens (the log may do
 * without) or says that memory is out, and leaks nothing (the sanitizer looks). */
void lungo_test_open_without_memory(const char *text);

/* Two nets whose layer 0 reads data. The first saves its state after some batches; the second, told
 * that state, goes on with the same values. Frees both. */
void lungo_test_data_goes_on(lungo_net *first, lungo_net *second, int batches);

#endif
