/* Inside of include/lungo/limits.h. */
#ifndef LUNGO_BASE_LIMITS_H
#define LUNGO_BASE_LIMITS_H

#include "base/error.h"
#include "lungo/limits.h"

/* Every limit as it holds: defaults in the place of zeros. NULL: all defaults. */
lungo_limits lungo_limits_in_force(const lungo_limits *given);

/* The end of the error of whoever meets a limit: "expected at most 10 layers, got 11" and this. */
#define LUNGO_BY_LIMIT(name) " (limit '" name "'; --limit=" name "=N allows more)"

#endif
