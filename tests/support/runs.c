#include "support/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/state.h"
#include "support/allocations.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

int lungo_test_warnings(lungo_solver *solver, int iterations) {
    int warnings = 0;
    lungo_set_log(lungo_test_count_warnings, &warnings);
    ck_ok(lungo_solver_step(solver, iterations));
    lungo_set_log(NULL, NULL);
    return warnings;
}

static lungo_status note_allocations(void *user, lungo_solver *solver) {
    size_t *counts = user;
    int iter = lungo_solver_iter(solver);
    if (iter < 8) counts[iter] = lungo_allocations();
    return LUNGO_OK;
}

void lungo_test_allocates_nothing(lungo_solver *solver) {
    size_t counts[8] = {0};
    lungo_solver_on_iteration(solver, note_allocations, counts);
    ck_ok(lungo_solver_step(solver, 7));
    ck_assert_uint_eq(counts[7], counts[2]);
}

void lungo_test_run_straight(lungo_solver *solver) {
    *lungo_test_weights(solver, "w") = 3;
    ck_ok(lungo_solver_step(solver, 2));
    ck_ok(lungo_solver_snapshot(solver));
    ck_ok(lungo_solver_step(solver, 2));
    lungo_solver_free(solver);
}

void lungo_test_run_resumed(lungo_solver *solver) {
    ck_ok(lungo_solver_restore(solver, "solver_iter_2.solverstate"));
    ck_ok(lungo_solver_step(solver, 2));
    lungo_solver_free(solver);
}

void lungo_test_leaves_alone(lungo_solver *solver, const char *path, const char *text,
                             const char *expected) {
    char refusal[256];
    snprintf(refusal, sizeof refusal,
             "'%s': expected no such file, as the run begins with iteration 0", path);
    lungo_test_file(path, text);
    ck_fails(lungo_solver_step(solver, 1), LUNGO_ERR_USAGE, refusal);
    ck_assert_int_eq(lungo_solver_iter(solver), 0);
    ck_assert_int_eq(rename(path, "kept"), 0);
    ck_ok(lungo_solver_step(solver, 1));
    ck_ok(lungo_solver_snapshot(solver));
    ck_assert_int_eq(rename("kept", path), 0);
    ck_ok(lungo_solver_restore(solver, "solver_iter_1.solverstate"));
    ck_fails(lungo_solver_step(solver, 1), LUNGO_ERR_FORMAT, expected);
    char *left = lungo_test_text(path);
    ck_assert_str_eq(left, text);
    free(left);
}

void lungo_test_open_without_memory(const char *text) {
    size_t before = lungo_allocations(), failed = 0;
    ck_ok(lungo_try_net(LUNGO_TRAIN, text));
    size_t count = lungo_allocations() - before;
    for (size_t n = 1; n <= count; n++) {
        lungo_fail_allocation(n);
        lungo_status status = lungo_try_net(LUNGO_TRAIN, text);
        lungo_fail_allocation(0);
        if (status == LUNGO_OK) continue;
        failed++;
        ck_assert_msg(status == LUNGO_ERR_MEMORY, "allocation %zu of %zu: status %d\n%s", n, count,
                      status, lungo_error_text());
    }
    ck_assert_uint_gt(failed, 20);
}

static void compare_tops(const lungo_layer *got, const lungo_layer *want) {
    for (int i = 0; i < want->top_count; i++) {
        ck_assert_uint_eq(got->tops[i]->count, want->tops[i]->count);
        ck_assert_mem_eq(lungo_data(got->tops[i]), lungo_data(want->tops[i]),
                         want->tops[i]->count * sizeof(float));
    }
}

void lungo_test_data_goes_on(lungo_net *first, lungo_net *second, int batches) {
    lungo_layer *from = first->layers[0], *to = second->layers[0];
    lungo_writer state = {0};
    for (int i = 0; i < batches; i++)
        ck_ok(lungo_net_forward(first, NULL));
    ck_ok(from->type->save(from, &state));
    lungo_reader reader = {state.bytes, state.bytes + state.length};
    ck_ok(to->type->load(to, &reader));
    for (int i = 0; i < 20; i++) {
        ck_ok(lungo_net_forward(first, NULL));
        ck_ok(lungo_net_forward(second, NULL));
        compare_tops(to, from);
    }
    reader = (lungo_reader){state.bytes, state.bytes + state.length - 1};
    ck_fails(to->type->load(to, &reader), LUNGO_ERR_FORMAT, "saved state");
    lungo_buffer_dispose(&state);
    lungo_net_free(first);
    lungo_net_free(second);
}
