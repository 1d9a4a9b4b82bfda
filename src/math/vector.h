/* Loops over contiguous floats, on the calling thread unless it says otherwise. */
#ifndef LUNGO_MATH_VECTOR_H
#define LUNGO_MATH_VECTOR_H

#include <stddef.h>

/* x = value, or x = beta x. With beta 0 the old values are void, perhaps not numbers. */
void lungo_fill(size_t count, float value, float *x);
void lungo_rescale(size_t count, float beta, float *x);

/* y = x, by all threads where it is worth them; nothing where y is x. */
void lungo_copy(size_t count, const float *x, float *y);

/* y += x, and y += alpha x. */
void lungo_add(size_t count, const float *x, float *y);
void lungo_axpy(size_t count, float alpha, const float *x, float *y);

/* sum_i x_i, and sum_i x_i y_i. */
float lungo_sum(size_t count, const float *x);
float lungo_dot(size_t count, const float *x, const float *y);

/* sum_i x_i^2 to about float's precision, far beyond float's range: not finite if and only if some
 * x_i is not. */
double lungo_squares(size_t count, const float *x);

#endif
