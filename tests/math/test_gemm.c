#include "math/gemm.h"

#include <math.h>
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

Suite *lungo_suite_gemm(void);
Suite *lungo_suite_gemm(void) {
    return lungo_suite_of("gemm",
                          (const TTest *const[]){products_are_those_of_the_definition, NULL});
}
