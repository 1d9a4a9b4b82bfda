/* Loading the weights of a snapshot. Single weights are loaded by include/lungo/net.h. */
#ifndef LUNGO_WEIGHTS_LOAD_H
#define LUNGO_WEIGHTS_LOAD_H

#include "net/net.h"

/* As lungo_net_load_weights, but a layer that the file lacks is an error: a net that goes on from a
 * snapshot must not go on with some layers untrained. */
lungo_status lungo_weights_load_whole(lungo_net *net, const char *path);

#endif
