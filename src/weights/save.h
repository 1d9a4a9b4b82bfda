/* Inside of lungo_net_save_weights in include/lungo/net.h. */
#ifndef LUNGO_WEIGHTS_SAVE_H
#define LUNGO_WEIGHTS_SAVE_H

#include <limits.h>

#include "net/net.h"

/* Protobuf, and so Caffe, reads no message of more bytes. */
enum { LUNGO_MODEL_MOST = INT_MAX };

/* Whether the .caffemodel of the net has at most so many bytes, by its shapes, before anything is
 * written. The error has the largest layers. */
lungo_status lungo_weights_check_size(const lungo_net *net, bool with_gradients, size_t most);

#endif
