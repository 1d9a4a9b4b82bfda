/* Inside of include/lungo/gradient.h. */
#ifndef LUNGO_CHECK_GRADIENT_H
#define LUNGO_CHECK_GRADIENT_H

#include "lungo/gradient.h"
#include "net/net.h"

/* The same for a net that is open, with force_backward and computed layer by layer. */
lungo_status lungo_gradient_check_net(lungo_net *net, const lungo_gradient_options *gradient,
                                      lungo_gradient_function *row, void *user);

#endif
