/* Something a user does, which is then made to fail in every way. */
#ifndef LUNGO_TESTS_FAULTS_SCENARIO_H
#define LUNGO_TESTS_FAULTS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/lungo.h"

/* Works in a folder of its own: what it reads is in in/, where nothing may change; what it writes
 * comes into out/. */
typedef struct scenario {
    const char *name;
    void (*prepare)(void); /* fills in/; may leave the program by must() */
    lungo_status (*run)(void);
    bool replaces;     /* what it writes may stand there already, and is replaced */
    const char *grows; /* NULL, or a file that may be left with some of its lines */
    const char *kinds; /* of faults, by name, that it must meet at least once */
} scenario;

extern const scenario scenarios_train[], scenarios_infer[], scenarios_convert[]; /* ended by {0} */

/* Tells a part of the result, so that a run that hides a fault can be told from one that lived
 * with it. */
void result_add(const void *bytes, size_t size);

/* For prepare: what cannot fail. */
void must(lungo_status status, const char *what);
void put_text(const char *path, const char *text);

#endif
