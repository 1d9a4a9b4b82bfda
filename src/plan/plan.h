/* The plan: the built net as a flat array of steps, run forward and backward.
 *
 * The default plan is one step per layer. Every call of a layer's forward and backward goes through
 * here. Steps that stand for several layers will be made here too, so callers speak of layers only.
 */
#ifndef LUNGO_PLAN_PLAN_H
#define LUNGO_PLAN_PLAN_H

#include "net/net.h"

typedef struct lungo_plan lungo_plan;

/* Made once memory exists; belongs to net->plan. */
lungo_status lungo_plan_build(lungo_net *net);
void lungo_plan_free(lungo_plan *plan);

/* Layers first .. last, both included. Reshapes the net first when an input's shape has changed. */
lungo_status lungo_plan_forward(lungo_net *net, int first, int last, float *loss);
lungo_status lungo_plan_backward(lungo_net *net, int first, int last);

/* Build, then plan: what lungo_net_open and the solver call. */
lungo_status lungo_plan_open_net(lungo_net **out, const Caffe__NetParameter *param,
                                 const lungo_document *document,
                                 const lungo_net_build_options *options);

#endif
