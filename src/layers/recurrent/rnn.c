/* RNN: a plain recurrent layer over sequences, N of them side by side.
 *
 *   bottom[0]  x     (T, N, ...)   T steps of N streams; from the third axis on flattened to I
 *   bottom[1]  cont  (T, N)        0 where a sequence starts, 1 where it goes on; no gradient
 *   bottom[2]  s     (N, ...)      may be left out: an input that is the same at every step
 *   then, with expose_hidden, h_0 (1, N, H); without it: zeros, or where the last forward ended
 *   top[0]     o     (T, N, H)     H = num_output
 *   then, with expose_hidden, h_T (1, N, H)
 *   weights    W_xh (H, I)  b_h (H)  [W_xh_static (H, S)]  W_hh (H, H)  W_ho (H, H)  b_o (H)
 *
 *   h_t = tanh(W_xh x_t + b_h + W_xh_static s + W_hh (cont_t h_{t-1}))
 *   o_t = tanh(W_ho h_t + b_o)
 *   backward   through all T steps, not beyond: h_0 gets no gradient, that of h_T is ignored
 *
 * Without expose_hidden the state after the last step is where the next forward goes on, until cont
 * is 0: also from one epoch and one test to the next. W_hh, W_ho and b_o are drawn once per step,
 * as Caffe's unrolled net does, and the first draws kept.
 *
 * Unlike Caffe, lets T change from one forward to the next; starts all streams anew when N changes;
 * wipes out at cont = 0 whatever was kept, numbers or not; and computes no gradient of weights with
 * lr_mult 0, which Caffe counts in clip_gradients.
 *
 * Example:
 *
 *   # x: 5 2 4
 *   # cont: 5 2
 *   layer {
 *     name: "rnn" type: "RNN" bottom: "x" bottom: "cont" top: "o"
 *     recurrent_param { num_output: 8 weight_filler { type: "uniform" min: -0.1 max: 0.1 } }
 *   }
 */
#include <string.h>

#include "kernels/broadcast.h"
#include "layers/recurrent/recurrent.h"
#include "math/gemm.h"
#include "math/parallel.h"
#include "math/sigmoid.h"
#include "math/vector.h"

typedef struct state {
    lungo_recurrent r;
    lungo_blob *hidden; /* (T + 1, N, H), from h_0 on                                    */
    lungo_blob *output; /* (T, N, H): a copy of the top, which others may change in place */
} state;

static lungo_status setup(lungo_layer *layer) {
    state *s = layer->state;
    LUNGO_TRY(lungo_recurrent_setup(layer, 1, 1));
    int hidden = (int)s->r.hidden;
    LUNGO_TRY(lungo_recurrent_add_weight(layer, hidden, hidden));
    LUNGO_TRY(lungo_recurrent_add_weight(layer, hidden, hidden));
    LUNGO_TRY(lungo_recurrent_add_bias(layer, hidden));
    LUNGO_TRY(lungo_layer_add_buffer(layer, &s->hidden, "hidden"));
    return lungo_layer_add_buffer(layer, &s->output, "output");
}

static int output_weights(const state *s) {
    return s->r.first_weight + 1;
}

static int output_bias(const state *s) {
    return s->r.first_weight + 2;
}

static lungo_status reshape(lungo_layer *layer) {
    state *s = layer->state;
    LUNGO_TRY(lungo_recurrent_reshape(layer));
    lungo_shape all = layer->tops[0]->shape;
    LUNGO_TRY(lungo_blob_reshape(s->output, &all));
    all.dim[0]++;
    LUNGO_TRY(lungo_blob_reshape(s->hidden, &all));
    /* Gradients of the sums under the two tanh; then one of a step. */
    lungo_layer_need_scratch(layer, 2 * s->output->count + s->r.streams * s->r.hidden);
    return LUNGO_OK;
}

static void squash(size_t count, float *x) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        x[i] = lungo_tanh(x[i]);
}

/* dx = dy (1 - y^2) */
static void squash_backward(size_t count, const float *y, const float *dy, float *dx) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = dy[i] * (1 - y[i] * y[i]);
}

static void forward_output(lungo_layer *layer, const float *hidden) {
    const state *s = layer->state;
    size_t h = s->r.hidden, items = s->r.steps * s->r.streams, count = s->output->count;
    float *output = lungo_data_overwrite(s->output);
    lungo_gemm(LUNGO_PLAIN, LUNGO_TRANSPOSED, items, h, h, hidden,
               lungo_param(layer, output_weights(s)), 0, output);
    lungo_broadcast_add(&(lungo_broadcast){items, h, 1}, output, lungo_param(layer, output_bias(s)),
                        output);
    squash(count, output);
    if (count) memcpy(lungo_data_overwrite(layer->tops[0]), output, count * sizeof *output);
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    size_t one = s->r.streams * s->r.hidden;
    float *first = lungo_data_overwrite(s->hidden), *hidden = first + one, *h = hidden;
    lungo_recurrent_input(layer, hidden);
    lungo_recurrent_begin(layer, 0, first);
    for (size_t t = 0; t < s->r.steps; t++, h += one) {
        lungo_recurrent_step(layer, t, h - one, h);
        squash(one, h);
        lungo_recurrent_debug(layer, "h_neuron", "h", t + 1, h, one);
    }
    lungo_recurrent_end(layer, 0, h - one);
    forward_output(layer, hidden);
    return LUNGO_OK;
}

/* The gradients of W_ho and b_o, and of every h_t as far as it comes from o_t. */
static void backward_output(lungo_layer *layer, const float *hidden, float *sums, float *dh) {
    const state *s = layer->state;
    int w = output_weights(s), b = output_bias(s);
    size_t h = s->r.hidden, items = s->r.steps * s->r.streams;
    squash_backward(s->output->count, lungo_data(s->output), lungo_diff(layer->tops[0]), sums);
    if (lungo_wants_param(layer, w))
        lungo_gemm(LUNGO_TRANSPOSED, LUNGO_PLAIN, h, h, items, sums, hidden,
                   lungo_grad_beta(layer, w), lungo_param_diff(layer, w));
    if (lungo_wants_param(layer, b))
        lungo_broadcast_sum(&(lungo_broadcast){items, h, 1}, sums, lungo_grad_beta(layer, b),
                            lungo_param_diff(layer, b));
    lungo_gemm(LUNGO_PLAIN, LUNGO_PLAIN, items, h, h, sums, lungo_param(layer, w), 0, dh);
}

static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    size_t one = s->r.streams * s->r.hidden;
    const float *hidden = lungo_data(s->hidden) + one;
    float *sums = lungo_layer_scratch(layer), *dh = sums + s->output->count;
    float *before = dh + s->output->count;
    backward_output(layer, hidden, sums, dh);
    for (size_t t = s->r.steps; t-- > 0;) {
        squash_backward(one, hidden + t * one, dh + t * one, dh + t * one);
        if (t == 0) break;
        lungo_recurrent_step_backward(layer, t, dh + t * one, before);
        lungo_add(one, before, dh + (t - 1) * one);
    }
    lungo_recurrent_weight_backward(layer, dh);
    lungo_recurrent_input_backward(layer, dh, sums);
    lungo_recurrent_no_state_gradients(layer);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_rnn = {
    .name = "RNN",
    .brief = "A plain recurrent layer (tanh) over sequences, with Caffe's weights.",
    .family = "recurrent",
    .params = {"recurrent_param"},
    .state_size = sizeof(state),
    .bottoms = {2, 4},
    .tops = {1, 2},
    .no_backward = 1u << LUNGO_RECURRENT_CONT,
    .setup = setup,
    .start = lungo_recurrent_start,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .save = lungo_recurrent_save,
    .load = lungo_recurrent_load,
};
