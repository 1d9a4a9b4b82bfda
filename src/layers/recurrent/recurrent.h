/* What LSTM and RNN share: sequences of T steps in N independent streams, their inputs, and the
 * hidden state that goes from one step to the next and from one forward to the next.
 *
 *   bottom  x       (T, N, ...)   from the third axis on flattened to I values
 *           cont    (T, N)        0 where a sequence starts, 1 where it goes on; no gradient
 *           static  (N, ...)      optional, the same at every step; flattened to S values
 *           h_0 ..  (1, N, H)     with expose_hidden: the states before the first step
 *   top     h or o  (T, N, H)     H = num_output
 *           h_T ..  (1, N, H)     with expose_hidden: the states after the last step
 *   params  W_x (G, I), b (G), [W_static (G, S)], then the type's own      G = H or 4 H
 *
 * Caffe builds a net with a copy of each layer for every step. Here the input's part of all steps
 * is one matrix product, and a step is what cannot be known before: one product with the hidden
 * weights. The numbers, parameters and random draws are those of Caffe's net (which also draws for
 * the weights of all its copies), and so is this: h_0 gets no gradient and that of h_T is ignored,
 * for Caffe does not carry gradients from one forward to another. The kept state belongs to
 * streams: it outlives another T, but not another N.
 */
#ifndef LUNGO_LAYERS_RECURRENT_RECURRENT_H
#define LUNGO_LAYERS_RECURRENT_RECURRENT_H

#include "layer/layer.h"

enum { LUNGO_RECURRENT_MAX_STATES = 2 };
enum { LUNGO_RECURRENT_X, LUNGO_RECURRENT_CONT, LUNGO_RECURRENT_STATIC };

/* The first part of both layers' state. */
typedef struct lungo_recurrent {
    int states;                                   /* h, or h and c                        */
    size_t steps, streams, hidden, gates;         /* T, N, H, G                           */
    size_t inputs, statics;                       /* I, S; S is 0 without a static input  */
    int first_weight;                             /* index of the type's own parameters   */
    int first_state;                              /* index of bottom h_0                  */
    bool exposed, kept;                           /* kept: there is a state to go on from */
    lungo_blob *keep[LUNGO_RECURRENT_MAX_STATES]; /* (1, N, H) each                       */
    lungo_blob *conted; /* (T, N, H): cont_t h_{t-1}, what the hidden weights see */
} lungo_recurrent;

/* Reads recurrent_param, checks the bottoms, declares W_x, b, W_static and the buffers above. The
 * type has `states` hidden states and `gates_per_cell` rows of weights for each. */
lungo_status lungo_recurrent_setup(lungo_layer *layer, int states, int gates_per_cell);

/* The type's own parameter of this shape; `filler` is weight_filler or bias_filler. */
lungo_status lungo_recurrent_add_weight(lungo_layer *layer, int rows, int columns);
lungo_status lungo_recurrent_add_bias(lungo_layer *layer, int rows);

/* The draws for the type's own parameters of steps 2 .. T in Caffe's net. */
lungo_status lungo_recurrent_start(lungo_layer *layer);

/* Checks the bottoms, sizes the tops and the shared buffers. */
lungo_status lungo_recurrent_reshape(lungo_layer *layer);

/* (T, N, G): W_x x + b + W_static static at all steps. */
void lungo_recurrent_input(lungo_layer *layer, float *gates);

/* From the gradient of that: those of W_x, b, W_static, x and static. `sums` has room for N G. */
void lungo_recurrent_input_backward(lungo_layer *layer, const float *dgates, float *sums);

/* State i before the first step, into `out` (N, H); state i after the last step, from `in`. */
void lungo_recurrent_begin(const lungo_layer *layer, int i, float *out);
void lungo_recurrent_end(lungo_layer *layer, int i, const float *in);

/* Step t of conted, and what it adds to the gates: gates_t += W_h (cont_t h_{t-1}). */
void lungo_recurrent_step(lungo_layer *layer, size_t t, const float *h_before, float *gates);

/* dh_{t-1} = cont_t (dgates_t W_h), overwritten; and dW_h over all steps, from (T, N, G). */
void lungo_recurrent_step_backward(const lungo_layer *layer, size_t t, const float *dgates,
                                   float *dh_before);
void lungo_recurrent_weight_backward(lungo_layer *layer, const float *dgates);

/* h_0 and its like may come from layers that learn: they get zeros. */
void lungo_recurrent_no_state_gradients(lungo_layer *layer);

/* With debug_info: the line of Caffe's net for a blob of step t (1 .. T), e.g. "unit", "c". */
void lungo_recurrent_debug(const lungo_layer *layer, const char *part, const char *blob, size_t t,
                           const float *values, size_t count);

lungo_status lungo_recurrent_save(const lungo_layer *layer, lungo_writer *writer);
lungo_status lungo_recurrent_load(lungo_layer *layer, lungo_reader *reader);

#endif
