/* One step of an LSTM for N streams of H cells.
 *
 *   x, acts  (N, 4 H)   the gates' inputs and what they let through: i, f, o, g one after the other
 *   cont     (N)        0 where a sequence starts, 1 where it goes on
 *   c, h     (N, H)     cells and outputs
 *
 *   i = sigmoid(x_i)   f = cont sigmoid(x_f)   o = sigmoid(x_o)   g = tanh(x_g)
 *   c = f c_before + i g                       h = o tanh(c)
 *
 * Where cont is 0, c_before has no influence, whatever it holds.
 */
#ifndef LUNGO_KERNELS_LSTM_H
#define LUNGO_KERNELS_LSTM_H

#include <stddef.h>

typedef struct lungo_lstm_shape {
    size_t streams, hidden; /* N, H */
} lungo_lstm_shape;

/* acts may be x. */
void lungo_lstm_forward(const lungo_lstm_shape *shape, const float *x, const float *cont,
                        const float *c_before, float *acts, float *c, float *h);

/* From dh and dc, the gradients of h and c, those of x and c_before; dc_before may be dc. As in
 * Caffe, f (1 - f) is taken after cont has been multiplied in: the gradient of x_f is the true one
 * where cont is 0 or 1. */
void lungo_lstm_backward(const lungo_lstm_shape *shape, const float *acts, const float *cont,
                         const float *c_before, const float *c, const float *dh, const float *dc,
                         float *dx, float *dc_before);

#endif
