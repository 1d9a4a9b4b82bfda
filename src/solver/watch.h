/* The watch file: the norms of every parameter in every iteration. Its calls, which take the
 * solver, are in solver.h; what it holds is said in include/lungo/solver.h. */
#ifndef LUNGO_SOLVER_WATCH_H
#define LUNGO_SOLVER_WATCH_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buffer.h"

typedef struct lungo_watch {
    const char *path; /* NULL: none is asked for */
    bool given_up;    /* writing failed: reported once, and training goes on */
    bool json;
    bool open;
    int file;
    long length;       /* of the file, in whole rows */
    lungo_buffer rows; /* of one iteration */
    lungo_buffer name; /* of a layer, as the file has it */
} lungo_watch;

#endif
