/* What a net has beside its weights when a run is stopped: its layers' own states, and parameters
 * that the weights' file of the train net does not hold. */
#ifndef LUNGO_NET_RUN_STATE_H
#define LUNGO_NET_RUN_STATE_H

#include "net/net.h"

/* In memory of the arena; parameters' values are borrowed from the net. */
lungo_status lungo_net_save_run(Caffe__NetRunState *out, const lungo_net *net, lungo_arena *arena);

/* Whether `saved` is the state of such a net; warns of data that have changed. */
lungo_status lungo_net_check_run(const lungo_net *net, const Caffe__NetRunState *saved);

/* Both after the check. Layers may fail, and some then have their new state and some their old one;
 * parameters may not. */
lungo_status lungo_net_load_layers(lungo_net *net, const Caffe__NetRunState *saved);
void lungo_net_load_params(lungo_net *net, const Caffe__NetRunState *saved);

#endif
