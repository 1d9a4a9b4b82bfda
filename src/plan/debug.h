/* The log lines of `debug_info: true`: mean absolute values of blobs as they are computed. */
#ifndef LUNGO_PLAN_DEBUG_H
#define LUNGO_PLAN_DEBUG_H

#include "net/net.h"

void lungo_debug_forward(const lungo_layer *layer);
void lungo_debug_backward(const lungo_layer *layer);

/* Norms over all parameters, after a whole backward. */
void lungo_debug_params(const lungo_net *net);

#endif
