/* Runs of solvers, as several suites look at them. */
#ifndef LUNGO_TESTS_SUPPORT_RUNS_H
#define LUNGO_TESTS_SUPPORT_RUNS_H

#include "lungo/solver.h"

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

#endif
