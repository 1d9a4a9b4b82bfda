/* Learning-rate policies: the rate of an update from the number of updates before it. */
#ifndef LUNGO_SOLVER_POLICY_H
#define LUNGO_SOLVER_POLICY_H

#include "base/error.h"
#include "caffe.pb-c.h"

typedef struct lungo_policy lungo_policy;

/* The policy that lr_policy names, once the settings it reads are checked. */
lungo_status lungo_policy_find(const lungo_policy **out, const Caffe__SolverParameter *param);

/* The rate of update `iter`. `current_step` counts the steps taken so far: multistep needs it, and
 * takes at most one step a call, so call it once for each update. */
lungo_status lungo_policy_rate(const lungo_policy *policy, const Caffe__SolverParameter *param,
                               int iter, int *current_step, float *rate);

/* The same rate, for looking ahead: no step is taken and nothing is logged or refused. */
float lungo_policy_peek(const lungo_policy *policy, const Caffe__SolverParameter *param, int iter,
                        int current_step);

#endif
