#include "math/gemm.h"

#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kernels/reference.h"
#include "support/arrays.h"
#include "support/suites.h"

static const struct {
    size_t m, n, k;
} sizes[] = {{1, 1, 1},   {3, 5, 7},    {20, 576, 25}, {64, 10, 500}, {7, 1, 33},
             {1, 9, 128}, {130, 33, 1}, {4, 6, 0},     {0, 5, 3},     {5, 0, 3}};

/* Bits of `variant`: a transposed, b transposed, c added to. */
static void check_product(size_t m, size_t n, size_t k, int variant) {
    lungo_operand op_a = variant & 1 ? LUNGO_TRANSPOSED : LUNGO_PLAIN;
    lungo_operand op_b = variant & 2 ? LUNGO_TRANSPOSED : LUNGO_PLAIN;
    float beta = variant & 4 ? 0.5f : 0, before = variant & 4 ? 2 : NAN;
    float *a = lungo_random_array(m * k, 1), *b = lungo_random_array(k * n, 2);
    float *got = lungo_constant_array(m * n, before), *want = lungo_constant_array(m * n, before);
    lungo_gemm(op_a, op_b, m, n, k, a, b, beta, got);
    lungo_reference_gemm(op_a, op_b, m, n, k, a, b, beta, want);
    lungo_check_array("product", m * n, got, want);
    free(a);
    free(b);
    free(got);
    free(want);
}

START_TEST(products_are_those_of_the_definition) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int variant = 0; variant < 8; variant++)
            check_product(sizes[i].m, sizes[i].n, sizes[i].k, variant);
}
END_TEST

/* ---- products at the same time ---- */

typedef struct product {
    lungo_operand op_a, op_b;
    size_t m, n, k;
    float *a, *b, *want;
} product;

static product random_product(unsigned seed) {
    product p = {seed & 1 ? LUNGO_TRANSPOSED : LUNGO_PLAIN,
                 seed & 2 ? LUNGO_TRANSPOSED : LUNGO_PLAIN,
                 2 + seed * 7 % 29,
                 1 + seed * 11 % 47,
                 1 + seed * 31 % 149,
                 NULL,
                 NULL,
                 NULL};
    p.a = lungo_random_array(p.m * p.k, seed + 1);
    p.b = lungo_random_array(p.k * p.n, seed + 2);
    p.want = lungo_constant_array(p.m * p.n, 0);
    lungo_reference_gemm(p.op_a, p.op_b, p.m, p.n, p.k, p.a, p.b, 0, p.want);
    return p;
}

static bool comes_out_right(const product *p, float *got) {
    bool right = true; /* not so with NaN */
    lungo_gemm(p->op_a, p->op_b, p->m, p->n, p->k, p->a, p->b, 0, got);
    for (size_t i = 0; i < p->m * p->n; i++)
        right = right && fabs((double)got[i] - (double)p->want[i]) < 1e-3;
    return right;
}

enum { PRODUCTS = 40, ROUNDS = 2000, THREADS = 2, LARGEST = 30 * 47 };

/* They begin together, each in an order of its own. An OpenBLAS without threads gave wrong values
 * here. */
START_TEST(threads_multiply_at_the_same_time) {
    product products[PRODUCTS];
    for (unsigned i = 0; i < PRODUCTS; i++)
        products[i] = random_product(i);
    int wrong = 0;
#pragma omp parallel num_threads(THREADS) reduction(+ : wrong)
    {
        float *got = malloc(LARGEST * sizeof *got);
        int step = 1 + 2 * omp_get_thread_num();
        for (int round = 0; round < ROUNDS; round++) {
#pragma omp barrier
            wrong += !got || !comes_out_right(&products[round * step % PRODUCTS], got);
        }
        free(got);
    }
    ck_assert_msg(wrong == 0, "%d of %d products are wrong", wrong, THREADS * ROUNDS);
    for (size_t i = 0; i < PRODUCTS; i++) {
        free(products[i].a);
        free(products[i].b);
        free(products[i].want);
    }
}
END_TEST

Suite *lungo_suite_gemm(void);
Suite *lungo_suite_gemm(void) {
    return lungo_suite_of("gemm", (const TTest *const[]){products_are_those_of_the_definition,
                                                         threads_multiply_at_the_same_time, NULL});
}
