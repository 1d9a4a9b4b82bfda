/* The live line of lungo train: what progress.h shows, with the loss, the learning rate, what the
 * last test gave, and the memory that the process takes. */
#ifndef LUNGO_TOOLS_LIVE_H
#define LUNGO_TOOLS_LIVE_H

#include "lungo/solver.h"

/* For a solver that is where training begins. Without a terminal nothing happens. */
void live_start(lungo_solver *solver);
void live_stop(void);

#endif
