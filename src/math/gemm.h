/* Matrix products of row-major matrices without gaps between rows, from any thread. */
#ifndef LUNGO_MATH_GEMM_H
#define LUNGO_MATH_GEMM_H

#include <stdbool.h>
#include <stddef.h>

typedef enum lungo_operand { LUNGO_PLAIN, LUNGO_TRANSPOSED } lungo_operand;

/* c (m, n) = a (m, k) b (k, n) + beta c. A transposed operand lies in memory as (k, m) or (n, k).
 * With beta 0 the old values of c are not read. */
void lungo_gemm(lungo_operand op_a, lungo_operand op_b, size_t m, size_t n, size_t k,
                const float *a, const float *b, float beta, float *c);

/* What makes this library slow where loops are split over threads; NULL: nothing. */
const char *lungo_blas_trouble(void);

/* The library and its kernels for this machine: "OpenBLAS 0.3.21 ... Haswell". */
const char *lungo_blas_name(void);

#endif
