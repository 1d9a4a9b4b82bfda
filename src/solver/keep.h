/* Which snapshots are kept: the latest ones (keep.c) and the best one (best.c). Their calls, which
 * take the solver, are in solver.h. */
#ifndef LUNGO_SOLVER_KEEP_H
#define LUNGO_SOLVER_KEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "snapshot/state.h"

typedef struct lungo_keep {
    int latest; /* how many; 0: all */
    int *good;  /* iterations whose pairs were found or made good by this run */
    size_t good_count;

    const char *asked; /* the metric as it was asked for; NULL: the best is not kept */
    size_t net, output;
    bool least; /* the best value is the least */
    lungo_best best;
    lungo_best found; /* better, by the test under way; metric NULL: it found none */
} lungo_keep;

#endif
