/* Weight decay; decay.c begins with its formulas. */
#ifndef LUNGO_SOLVER_DECAY_H
#define LUNGO_SOLVER_DECAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "caffe.pb-c.h"

/* What the solver file says. */
typedef struct lungo_decay {
    enum { LUNGO_DECAY_L2, LUNGO_DECAY_L1, LUNGO_DECAY_DECOUPLED } type;
    Caffe__SolverParameter__DecoupledDecayScale scale;
    Caffe__SolverParameter__DecoupledDecayPoint point;
    float weight_decay, base_lr;
} lungo_decay;

/* What it comes to for one parameter in one update; all 0: no decay. */
typedef struct lungo_decay_terms {
    float l2, l1;              /* g <- g + l2 * w + l1 * sign(w)             */
    float shrink_with_update;  /* u <- u + shrink_with_update * w            */
    float shrink_after_update; /* u <- u + shrink_after_update * (w - u)     */
} lungo_decay_terms;

/* `in_force`: some weight_decay * decay_mult of the net is not 0. An unknown regularization_type is
 * an error then, and else only warned of. */
lungo_status lungo_decay_open(lungo_decay *out, const Caffe__SolverParameter *param, bool in_force);

lungo_decay_terms lungo_decay_of(const lungo_decay *decay, float rate, float lr_mult,
                                 float decay_mult);

/* Before the rule, on the gradient g; and after it, on the update u that w -= u will apply. */
void lungo_decay_gradient(const lungo_decay_terms *terms, size_t count, const float *w, float *g);
void lungo_decay_weights(const lungo_decay_terms *terms, size_t count, const float *w, float *u);

/* The sum of squares of what these two add for decay, given sum w^2 and, before
 * lungo_decay_weights, w and u. */
double lungo_decay_squares(const lungo_decay_terms *terms, double squares, size_t count,
                           const float *w, const float *u);

#endif
