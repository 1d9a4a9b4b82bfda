/* Update rules: what each solver type makes of a gradient. */
#ifndef LUNGO_SOLVER_RULES_H
#define LUNGO_SOLVER_RULES_H

#include <stddef.h>

#include "base/error.h"
#include "caffe.pb-c.h"

enum { LUNGO_MAX_HISTORIES = 2 };

/* The numbers of one update that are the same for all parameters. */
typedef struct lungo_rule_step {
    float momentum, momentum2, rms_decay, delta;
    float correction; /* Adam's, of the rate */
} lungo_rule_step;

typedef struct lungo_rule {
    const char *name;
    int history_count; /* arrays as long as the parameters, zero at first */
    lungo_status (*check)(const Caffe__SolverParameter *param); /* NULL: nothing to check */
    /* `update` holds the gradient, decay included, and then what w -= update is to apply. `first`
     * and `second` are the histories; `rate` is the parameter's own. */
    void (*apply)(const lungo_rule_step *step, float rate, size_t count, float *restrict update,
                  float *restrict first, float *restrict second);
} lungo_rule;

/* The rule that `type` names, once the settings it reads are checked. */
lungo_status lungo_rule_find(const lungo_rule **out, const Caffe__SolverParameter *param);

/* For the update that follows `iter` others. */
lungo_rule_step lungo_rule_step_of(const Caffe__SolverParameter *param, int iter);

#endif
