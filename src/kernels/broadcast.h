/* A vector spread over the middle one of three axes: biases, factors, and their gradients.
 *
 *   x, y  (outer, length, inner)        v  (length)
 *   add       y = x + v                 sum  v = beta v + sum_{outer,inner} y
 *   multiply  y = x v, or x v + b       dot  v = beta v + sum_{outer,inner} x y
 *
 * y may be x.
 */
#ifndef LUNGO_KERNELS_BROADCAST_H
#define LUNGO_KERNELS_BROADCAST_H

#include <stddef.h>

typedef struct lungo_broadcast {
    size_t outer, length, inner;
} lungo_broadcast;

void lungo_broadcast_add(const lungo_broadcast *shape, const float *x, const float *v, float *y);
void lungo_broadcast_sum(const lungo_broadcast *shape, const float *y, float beta, float *v);

/* `b` may be NULL. */
void lungo_broadcast_multiply(const lungo_broadcast *shape, const float *x, const float *v,
                              const float *b, float *y);
void lungo_broadcast_dot(const lungo_broadcast *shape, const float *x, const float *y, float beta,
                         float *v);

#endif
