#include "solver/norms.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "solver/solver.h"
#include "support/solvers.h"
#include "support/suites.h"

/* Large enough to be spread over threads, and no whole number of pieces. */
#define LARGE                                                                                      \
    "lr_policy: 'fixed' base_lr: 0.5 weight_decay: 0.1 regularization_type: 'L1' clip_gradients: " \
    "1 snapshot_after_train: false" PULLED_NET("100001", "")

static void norms_with(int threads, lungo_param_norms *out) {
    int before = omp_get_max_threads();
    lungo_solver *solver = lungo_test_solver(LARGE);
    float *w = lungo_test_weights(solver, "w");
    for (int i = 0; i < 100001; i++)
        w[i] = sinf((float)i);
    omp_set_num_threads(threads);
    ck_ok(lungo_solver_step(solver, 1));
    omp_set_num_threads(before);
    *out = solver->norms.params[0];
    lungo_solver_free(solver);
}

START_TEST(norms_are_the_same_for_any_number_of_threads) {
    lungo_param_norms one, three;
    norms_with(1, &one);
    norms_with(3, &three);
    ck_assert_double_eq_tol(one.weights, sqrt(100001 / 2.0), 0.1);
    ck_assert_double_eq_tol(one.gradient, 1, 1e-6);
    ck_assert_mem_eq(&one, &three, sizeof one);
}
END_TEST

Suite *lungo_suite_norms(void);
Suite *lungo_suite_norms(void) {
    return lungo_test_folder_suite(
        "norms", (const TTest *const[]){norms_are_the_same_for_any_number_of_threads, NULL});
}
