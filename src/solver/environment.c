/* What the last bits of a run's numbers hang on beside its files: recorded with every snapshot, and
 * compared when the run goes on. */
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "math/gemm.h"
#include "plan/plan.h"
#include "solver/solver.h"

static char *threads(const lungo_solver *solver, lungo_arena *arena) {
    (void)solver;
    return lungo_arena_printf(arena, "%d", omp_get_max_threads());
}

static char *worker(const lungo_solver *solver, lungo_arena *arena) {
    int count = solver->worker_count > 1 ? solver->worker_count : 1;
    return lungo_arena_printf(arena, "%d of %d", solver->worker_rank, count);
}

static char *engine(const lungo_solver *solver, lungo_arena *arena) {
    return lungo_arena_string(arena, lungo_engine_name(solver->engine));
}

static char *plan(const lungo_solver *solver, lungo_arena *arena) {
    uint64_t hash = lungo_plan_hash(solver->net->plan);
    return hash ? lungo_arena_printf(arena, "%016" PRIx64, hash) : NULL;
}

static char *blas(const lungo_solver *solver, lungo_arena *arena) {
    (void)solver;
    return lungo_arena_string(arena, lungo_blas_name());
}

static char *onednn(const lungo_solver *solver, lungo_arena *arena) {
    (void)solver;
    int version = lungo_plan_onednn_version();
    if (version == 0) return lungo_arena_string(arena, "none");
    return lungo_arena_printf(arena, "%d.%d.%d", version / 10000, version / 100 % 100,
                              version % 100);
}

static char *lungo(const lungo_solver *solver, lungo_arena *arena) {
    (void)solver;
    return lungo_arena_string(arena, lungo_version());
}

static const struct {
    const char *name;
    char *(*value)(const lungo_solver *, lungo_arena *);
} things[] = {
    {"threads", threads}, {"worker", worker}, {"engine", engine}, {"plan", plan},
    {"BLAS", blas},       {"oneDNN", onednn}, {"Lungo", lungo},
};
enum { THINGS = sizeof things / sizeof *things };

lungo_status lungo_environment_list(Caffe__RunState *out, const lungo_solver *solver,
                                    lungo_arena *arena) {
    Caffe__EnvironmentEntry *entries = lungo_arena_array(arena, THINGS, sizeof *entries);
    out->environment = lungo_arena_array(arena, THINGS, sizeof *out->environment);
    if (!entries || !out->environment) return lungo_fail_memory("a run's environment", THINGS);
    out->n_environment = THINGS;
    for (int i = 0; i < THINGS; i++) {
        entries[i] = (Caffe__EnvironmentEntry)CAFFE__ENVIRONMENT_ENTRY__INIT;
        entries[i].name = (char *)things[i].name;
        entries[i].value = things[i].value(solver, arena);
        if (!entries[i].value) return lungo_fail_memory("a run's environment", THINGS);
        out->environment[i] = &entries[i];
    }
    return LUNGO_OK;
}

static void compare(const Caffe__EnvironmentEntry *then, const Caffe__EnvironmentEntry *now) {
    if (!then->name || !then->value || strcmp(then->name, now->name) != 0) return;
    if (strcmp(then->value, now->value) == 0) return;
    lungo_warn("%s: '%s' when the snapshot was made, now '%s': numbers may differ in their last "
               "bits from those of the run that was stopped",
               now->name, then->value, now->value);
}

void lungo_environment_compare(const Caffe__RunState *saved, const Caffe__RunState *now) {
    for (size_t i = 0; i < saved->n_environment; i++)
        for (size_t k = 0; k < now->n_environment; k++)
            compare(saved->environment[i], now->environment[k]);
}
