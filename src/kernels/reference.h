/* The judges: convolution and matrix product as their definitions are written, on one thread, with
 * nothing in mind but being right. Arguments as in kernels/convolution.h and math/gemm.h. */
#ifndef LUNGO_KERNELS_REFERENCE_H
#define LUNGO_KERNELS_REFERENCE_H

#include "kernels/convolution.h"
#include "math/gemm.h"

void lungo_reference_convolution_forward(const lungo_convolution *conv, const float *x,
                                         const float *w, const float *b, float *y);
void lungo_reference_convolution_backward_data(const lungo_convolution *conv, const float *w,
                                               const float *dy, float *dx);
void lungo_reference_convolution_backward_weights(const lungo_convolution *conv, const float *x,
                                                  const float *dy, float beta, float *dw);

void lungo_reference_gemm(lungo_operand op_a, lungo_operand op_b, size_t m, size_t n, size_t k,
                          const float *a, const float *b, float beta, float *c);

#endif
