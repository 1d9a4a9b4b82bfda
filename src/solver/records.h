/* What a training writes down beside its log. Its calls, which take the solver, are in solver.h;
 * what the files hold is said in include/lungo/solver.h. */
#ifndef LUNGO_SOLVER_RECORDS_H
#define LUNGO_SOLVER_RECORDS_H

#include "solver/rows.h"

typedef struct lungo_tensorboard {
    const char *folder;         /* NULL: none is asked for */
    int histograms;             /* iterations from one histogram of weights to the next; 0: none */
    struct lungo_events **runs; /* of the train net, then of the test nets; NULL: not open */
    size_t run_count;
    bool given_up;
    lungo_buffer tag;
} lungo_tensorboard;

typedef struct lungo_records {
    int every; /* iterations from one record of training to the next; 0: those of the log */
    lungo_rows metrics;
    lungo_tensorboard board;
    double started; /* when second 0 was, by the clock */
    float *outputs; /* of the train net, element by element, before the update */
    size_t output_room;
} lungo_records;

#endif
