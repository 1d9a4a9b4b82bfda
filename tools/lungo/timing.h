/* How long the layers of a net take. Those that are computed in one step have their time at the
 * first. */
#ifndef LUNGO_TOOLS_TIMING_H
#define LUNGO_TOOLS_TIMING_H

#include "lungo/net.h"

/* In milliseconds, of all passes so far. */
typedef struct layer_time {
    double forward, backward;
} layer_time;

/* Of some clock that never goes back. */
double timing_now(void);

/* One forward and one backward pass: adds to times[i] of each layer i, and to *total. */
lungo_status timing_pass(lungo_net *net, layer_time *times, layer_time *total);

#endif
