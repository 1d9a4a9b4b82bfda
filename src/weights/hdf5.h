/* Weights in HDF5, as Caffe has them (.caffemodel.h5):
 *
 *   /data/<layer>/<i>   values of parameter i, of the layer that owns it: sharers have none
 *   /diff/<layer>/<i>   gradients, if saved, of every layer
 *
 * A '/' in a layer's name would begin a group within a group, which Caffe cannot write. It is
 * written here as %2F (and %2F or %25 in a name as %252F, %2525), and both forms are read.
 */
#ifndef LUNGO_WEIGHTS_HDF5_H
#define LUNGO_WEIGHTS_HDF5_H

#include "net/net.h"

/* Like lungo_net_load_weights and lungo_net_save_weights, which call them; `whole` as in load.h. */
lungo_status lungo_weights_load_hdf5(lungo_net *net, const char *path, bool whole);
lungo_status lungo_weights_save_hdf5(const lungo_net *net, const char *path, bool with_gradients);

#endif
