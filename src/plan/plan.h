/* The plan: the built net as a flat array of steps, run forward and backward.
 *
 * Engine blas has one step per layer; others make steps of several layers where they can. Every
 * call of a layer's forward and backward goes through here. Callers speak of layers only.
 */
#ifndef LUNGO_PLAN_PLAN_H
#define LUNGO_PLAN_PLAN_H

#include "net/net.h"

typedef struct lungo_plan lungo_plan;

/* Made once memory exists; belongs to net->plan. */
lungo_status lungo_plan_build(lungo_net *net, lungo_engine engine, lungo_precision precision);
void lungo_plan_free(lungo_plan *plan);

/* Layers first .. last, both included. Reshapes the net first when an input's shape has changed. */
lungo_status lungo_plan_forward(lungo_net *net, int first, int last, float *loss);
lungo_status lungo_plan_backward(lungo_net *net, int first, int last);

/* From now on the blob has memory of its own, and the values that the last forward has made. */
lungo_status lungo_plan_keep(lungo_plan *plan, lungo_blob *blob);

/* What blobs share; empty where they don't. */
const struct lungo_memory *lungo_plan_memory(const lungo_plan *plan);

int lungo_plan_step_count(const lungo_plan *plan);
lungo_step_info lungo_plan_step(const lungo_plan *plan, int index);
double lungo_plan_packing(const lungo_plan *plan); /* seconds; see include/lungo/net.h */

/* What computes what, as one number: the same for the same steps by the same implementations. 0:
 * out of memory. */
uint64_t lungo_plan_hash(const lungo_plan *plan);

/* "blas", ...; and the version of oneDNN: 20603 for 2.6.3, 0 in a build without it. */
const char *lungo_engine_name(lungo_engine engine);
int lungo_plan_onednn_version(void);

/* Build, then plan: what lungo_net_open and the solver call. */
lungo_status lungo_plan_open_net(lungo_net **out, const Caffe__NetParameter *param,
                                 const lungo_document *document,
                                 const lungo_net_build_options *options);

#endif
