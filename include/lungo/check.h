/* Looking a definition over before it is run: what is wrong with it, what will surprise, and what
 * to do. Nets are built for their shapes alone, without memory and without their data.
 *
 *   lungo_check *check;
 *   lungo_check_file(&check, "solver.prototxt", NULL);
 *   for (size_t i = 0; i < lungo_check_count(check); i++)
 *       puts(lungo_check_finding(check, i).text);
 *   lungo_check_free(check);
 */
#ifndef LUNGO_CHECK_H
#define LUNGO_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/limits.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lungo_severity {
    LUNGO_NOTE,    /* true, and good to know */
    LUNGO_WARNING, /* runs, but hardly as it was meant */
    LUNGO_ERROR    /* does not run */
} lungo_severity;

/* A thing that is looked for. docs/check.md has them all. */
typedef struct lungo_check_rule {
    const char *name; /* "batch-norm-without-scale"; NULL: beyond the last */
    lungo_severity severity;
    const char *brief; /* one sentence */
} lungo_check_rule;
lungo_check_rule lungo_check_rule_get(size_t index);

typedef struct lungo_finding {
    lungo_check_rule rule;
    const char *file;
    int line, column; /* from 1 */
    const char *text; /* what is wrong, and what to do: one line */
} lungo_finding;

typedef struct lungo_check_options {
    const char *weights;       /* NULL, or a .caffemodel to hold against the net */
    int level;                 /* level and stages as for nets and solvers */
    const char *const *stages; /* for stage and not_stage */
    size_t stage_count;
    lungo_limits limits; /* of what definitions may ask for */
} lungo_check_options;

#define LUNGO_CHECK_OPTIONS_INIT                                                                   \
    { NULL, 0, NULL, 0, LUNGO_LIMITS_INIT }

typedef struct lungo_check lungo_check;

/* A net, or a solver and the nets it names: which of them, the fields show. A net is looked at in
 * each phase in which it has a layer to begin with: TRAIN and TEST if its rules tell them apart,
 * else TRAIN if it has a loss, else TEST. That a file cannot be read or parsed is a finding, no
 * failure. options NULL: all defaults. The caller frees *out. */
lungo_status lungo_check_file(lungo_check **out, const char *path,
                              const lungo_check_options *options);
void lungo_check_free(lungo_check *check);

/* Those of the file itself, then those of nets that it names; each in the order of lines. */
size_t lungo_check_count(const lungo_check *check);
lungo_finding lungo_check_finding(const lungo_check *check, size_t index);

#ifdef __cplusplus
}
#endif
#endif
