/* The guard: stops training at the first number that is not finite, and warns before it comes to
 * that. Its calls, which take the solver, are in solver.h. */
#ifndef LUNGO_SOLVER_GUARD_H
#define LUNGO_SOLVER_GUARD_H

#include "base/rng.h"
#include "net/net.h"
#include "solver/norms.h"

enum { LUNGO_GUARD_PAST = 8 }; /* iterations whose norms are kept */

typedef struct lungo_guard_param {
    double start;              /* the norm that growth is measured against */
    bool from_zero;            /* it began at 0, and start is a stand-in */
    bool has_grown, has_leapt; /* warned of */
} lungo_guard_param;

typedef struct lungo_guard_past {
    int iter;
    float rate, loss;
    lungo_param_norms *norms; /* one per parameter */
} lungo_guard_past;

typedef struct lungo_guard {
    bool on;
    bool started; /* params[].start are known */
    bool tripped; /* what is in memory is worth no snapshot */
    float growth;
    int snapshot;    /* the iteration of the last one written; -1: none */
    lungo_rng begin; /* the generator before the last forward */
    lungo_guard_param *params;
    lungo_guard_past past[LUNGO_GUARD_PAST]; /* a ring */
    int past_count;                          /* ever noted */
} lungo_guard;

/* Takes `on` and `growth` as they are set. */
lungo_status lungo_guard_init(lungo_guard *guard, const lungo_net *net);
void lungo_guard_dispose(lungo_guard *guard);

/* Training goes on from a snapshot: what was known of the weights holds no longer. */
void lungo_guard_restart(lungo_guard *guard);

#endif
