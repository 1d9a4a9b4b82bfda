#include "math/gemm.h"

#include <cblas.h>
#include <pthread.h>

/* An OpenBLAS that was built without threads has buffers which calls at the same time would both
 * write: there, one waits for the other. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static bool takes_turns(void) {
    return openblas_get_parallel() == OPENBLAS_SEQUENTIAL;
}

const char *lungo_blas_trouble(void) {
    int threads = openblas_get_parallel();
    if (threads == OPENBLAS_OPENMP) return NULL;
    return threads == OPENBLAS_THREAD ? "has threads of its own, which get in the way of OpenMP's"
                                      : "was built without threads, so that products take turns";
}

static CBLAS_TRANSPOSE trans(lungo_operand op) {
    return op == LUNGO_TRANSPOSED ? CblasTrans : CblasNoTrans;
}

/* Row lengths must be at least 1 even in empty matrices. */
static int row_length(size_t columns) {
    return columns > 0 ? (int)columns : 1;
}

/* c (n) = b (n, k) a (k) + beta c. The matrix product would copy b before it reads it, which takes
 * three times as long where every value of b is used once. */
static void multiply_vector(size_t n, size_t k, const float *a, const float *b, float beta,
                            float *c) {
    for (size_t i = 0; i < n && beta == 0; i++)
        c[i] = 0;
    cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)k, 1.0f, b, (int)k, a, 1,
                beta == 0 ? 1 : beta, c, 1);
}

/* Sizes fit into int because each is a factor of a blob's count, which is at most INT_MAX. */
static void multiply(lungo_operand op_a, lungo_operand op_b, size_t m, size_t n, size_t k,
                     const float *a, const float *b, float beta, float *c) {
    if (m == 1 && k > 0 && op_b == LUNGO_TRANSPOSED) {
        multiply_vector(n, k, a, b, beta, c);
        return;
    }
    int lda = row_length(op_a == LUNGO_TRANSPOSED ? m : k);
    int ldb = row_length(op_b == LUNGO_TRANSPOSED ? k : n);
    cblas_sgemm(CblasRowMajor, trans(op_a), trans(op_b), (int)m, (int)n, (int)k, 1.0f, a, lda, b,
                ldb, beta, c, row_length(n));
}

void lungo_gemm(lungo_operand op_a, lungo_operand op_b, size_t m, size_t n, size_t k,
                const float *a, const float *b, float beta, float *c) {
    bool wait = takes_turns();
    if (wait) pthread_mutex_lock(&turn);
    multiply(op_a, op_b, m, n, k, a, b, beta, c);
    if (wait) pthread_mutex_unlock(&turn);
}

const char *lungo_blas_name(void) {
    return openblas_get_config();
}
