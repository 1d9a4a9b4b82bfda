/* --engine=NAME as the first argument of a runner. */
#ifndef LUNGO_TESTS_SUPPORT_ENGINE_H
#define LUNGO_TESTS_SUPPORT_ENGINE_H

#include <stdbool.h>

#include "lungo/net.h"

/* Takes it off the arguments; without it, what a net is computed by when no engine is asked for.
 * False: an unknown one, which is printed. */
bool lungo_take_engine(lungo_engine *out, int *argc, char **argv);

#endif
