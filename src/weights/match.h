/* Finding where stored blobs belong, and saying why they do not fit. */
#ifndef LUNGO_WEIGHTS_MATCH_H
#define LUNGO_WEIGHTS_MATCH_H

#include "net/net.h"

/* The first of this name, as in Caffe; NULL: none. */
lungo_layer *lungo_weights_find_layer(const lungo_net *net, const char *name);

/* Loading a whole snapshot: whether it has a layer of this name. */
typedef bool lungo_weights_has(const void *stored, const char *name);
/* Every layer with parameters is in the file; else the file belongs to another net. */
lungo_status lungo_weights_check_whole(const lungo_net *net, lungo_weights_has *has,
                                       const void *stored);

/* Parameter j of the layer can take values: the net has memory. */
lungo_status lungo_weights_check_memory(const lungo_layer *layer, int j);

lungo_status lungo_weights_refuse_shape(const lungo_layer *layer, int j, const lungo_shape *got);
lungo_status lungo_weights_refuse_count(const lungo_layer *layer, size_t got);

#endif
