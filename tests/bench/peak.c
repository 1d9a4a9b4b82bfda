/* What this machine can do at most: fused multiply-adds in registers, and memory read and copied.
 *
 *   peak      prints  fma_gflops X  read_gbps Y  triad_gbps Z   (the best of several tries)
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

typedef float vector __attribute__((vector_size(64)));

enum { TRIES = 7, CHAINS = 12, ROUNDS = 4000000, FLOATS = 1 << 25 };

/* Chains enough to hide the latency of an FMA; they begin apart and are all looked at in the end,
 * so that none can be left out. */
static float multiply_add(void) {
    vector sums[CHAINS], factor, term;
    for (int i = 0; i < 16; i++) {
        factor[i] = 0.999f;
        term[i] = 0.001f;
        for (int k = 0; k < CHAINS; k++)
            sums[k][i] = (float)(k * 16 + i);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int k = 0; k < CHAINS; k++)
            sums[k] = sums[k] * factor + term;
    float all = 0;
    for (int k = 0; k < CHAINS; k++)
        all += sums[k][k];
    return all;
}

static double fma_gflops(void) {
    float all = 0;
    double start = omp_get_wtime();
#pragma omp parallel reduction(+ : all)
    all += multiply_add();
    double seconds = omp_get_wtime() - start;
    return all > 0 ? 2.0 * 16 * CHAINS * ROUNDS * omp_get_max_threads() / seconds * 1e-9 : 0;
}

static double read_gbps(const float *a) {
    float sum = 0;
    double start = omp_get_wtime();
#pragma omp parallel for simd reduction(+ : sum)
    for (int i = 0; i < FLOATS; i++)
        sum += a[i];
    double seconds = omp_get_wtime() - start;
    return sum >= 0 ? 4.0 * FLOATS / seconds * 1e-9 : 0;
}

static double triad_gbps(float *restrict a, const float *restrict b, const float *restrict c) {
    double start = omp_get_wtime();
#pragma omp parallel for simd
    for (int i = 0; i < FLOATS; i++)
        a[i] = b[i] + 3.0f * c[i];
    return 12.0 * FLOATS / (omp_get_wtime() - start) * 1e-9;
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

int main(void) {
    float *a = calloc(FLOATS, sizeof *a), *b = calloc(FLOATS, sizeof *b),
          *c = calloc(FLOATS, sizeof *c);
    if (!a || !b || !c) return fprintf(stderr, "peak: out of memory\n"), 1;
#pragma omp parallel for simd /* untouched memory is one page of zeros */
    for (int i = 0; i < FLOATS; i++)
        a[i] = b[i] = c[i] = 1;
    double fma = 0, read = 0, triad = 0;
    for (int i = 0; i < TRIES; i++) {
        fma = larger(fma, fma_gflops());
        triad = larger(triad, triad_gbps(a, b, c));
        read = larger(read, read_gbps(b));
    }
    printf("fma_gflops %.0f  read_gbps %.1f  triad_gbps %.1f\n", fma, read, triad);
    free(a);
    free(b);
    free(c);
    return 0;
}
