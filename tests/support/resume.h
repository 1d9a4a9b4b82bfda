/* A run that is stopped after any iteration and resumed, against the run that was not stopped. */
#ifndef LUNGO_TESTS_SUPPORT_RESUME_H
#define LUNGO_TESTS_SUPPORT_RESUME_H

#include <stdbool.h>

#include "lungo/solver.h"

typedef struct lungo_resume_check {
    const char *settings; /* of the solver; with lr_policy, without max_iter, snapshot, display */
    const char *net;      /* the layers */
    const char *net_resumed;         /* NULL: the same */
    const char *const *outputs;      /* HDF5 files that the run writes, up to a NULL; NULL: none */
    void (*prepare)(lungo_solver *); /* NULL: nothing to be done once the solver is open */
    bool late;                       /* the resumed run is prepared when it is restored already */
} lungo_resume_check;

/* Six iterations, with a snapshot after each; then, from some of them, what is left, by a solver
 * with another seed. Losses, log lines, and the last snapshot's files must be the same. */
void lungo_check_resume(const lungo_resume_check *check);

/* A run that is asked for something at iteration `at`: at its boundary, or in the test there, when
 * a test net's data begin anew. What it wrote then resumes as the run of which nothing was asked;
 * and so does that run itself go on, when it goes on. */
typedef struct lungo_resume_request {
    lungo_request request;
    int at;
    bool in_test;
} lungo_resume_request;

void lungo_check_request(const lungo_resume_check *check, lungo_resume_request request);

#endif
