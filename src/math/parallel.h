/* When and over how many threads a loop is split. Results may depend on the thread count (the order
 * of partial sums), on nothing else. */
#ifndef LUNGO_MATH_PARALLEL_H
#define LUNGO_MATH_PARALLEL_H

#include <omp.h>
#include <stdbool.h>
#include <stddef.h>

/* Waking the threads costs about as much as this many floats read and written. (1 in preset tsan:
 * the loops of small tests are split, too.) */
#ifndef LUNGO_WORTH_THREADS
#define LUNGO_WORTH_THREADS 16384
#endif

static inline bool lungo_worth_threads(size_t floats) {
    return floats > LUNGO_WORTH_THREADS;
}

/* OpenBLAS and oneDNN count on as many threads as omp_get_max_threads() says: where OpenMP gives
 * them fewer (OMP_DYNAMIC, OMP_THREAD_LIMIT) they wait for ever, or leave out a part. From here on
 * the calling thread is told what it gets. */
static inline void lungo_settle_threads(void) {
    if (omp_get_dynamic()) omp_set_dynamic(0);
    if (omp_get_max_threads() > omp_get_thread_limit()) omp_set_num_threads(omp_get_thread_limit());
}

/* Lanes are equal shares of `items`, each worked through by one thread with scratch of its own.
 * Too few items for all threads: one lane, and the BLAS inside splits its own work. Regions say
 * num_threads(lanes) without `if (lanes > 1)`: LLVM's OpenMP (14) would keep that number for the
 * next region, inside OpenBLAS, which then waits for ever for the threads it was not given. */
static inline int lungo_lanes(size_t items) {
    int threads = omp_get_max_threads();
    return items >= (size_t)threads ? threads : 1;
}

/* The first item of a lane; that of lane + 1 is its end. */
static inline size_t lungo_lane_start(size_t items, int lane, int lanes) {
    size_t share = items / (size_t)lanes, rest = items % (size_t)lanes, before = (size_t)lane;
    return share * before + (before < rest ? before : rest);
}

#endif
