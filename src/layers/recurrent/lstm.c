/* LSTM: long short-term memory over sequences, N of them side by side.
 *
 *   bottom[0]  x     (T, N, ...)   T steps of N streams; from the third axis on flattened to I
 *   bottom[1]  cont  (T, N)        0 where a sequence starts, 1 where it goes on; no gradient
 *   bottom[2]  s     (N, ...)      may be left out: an input that is the same at every step
 *   then, with expose_hidden, h_0 and c_0 (1, N, H); without it: zeros, or where the last forward
 *                                  ended
 *   top[0]     h     (T, N, H)     H = num_output
 *   then, with expose_hidden, h_T and c_T (1, N, H)
 *   weights    W_xc (4 H, I)   b_c (4 H)   [W_xc_static (4 H, S)]   W_hc (4 H, H)
 *
 *   gates_t = W_xc x_t + b_c + W_xc_static s + W_hc (cont_t h_{t-1})      in the order i, f, o, g
 *   c_t = cont_t sigmoid(f_t) c_{t-1} + sigmoid(i_t) tanh(g_t)        h_t = sigmoid(o_t) tanh(c_t)
 *   backward   through all T steps, not beyond: h_0 and c_0 get no gradient, that of h_T and c_T is
 *              ignored
 *
 * Without expose_hidden the state after the last step is where the next forward goes on, until cont
 * is 0: also from one epoch and one test to the next. W_hc is drawn once per step, as Caffe's
 * unrolled net does, and the first draw kept.
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
 *     name: "lstm" type: "LSTM" bottom: "x" bottom: "cont" top: "h"
 *     recurrent_param { num_output: 8 weight_filler { type: "uniform" min: -0.1 max: 0.1 } }
 *   }
 */
#include <string.h>

#include "kernels/lstm.h"
#include "layers/recurrent/recurrent.h"
#include "math/vector.h"

enum { OUTPUT_STATE, CELL_STATE };

typedef struct state {
    lungo_recurrent r;
    lungo_blob *gates; /* (T, N, 4 H), what the gates let through */
    lungo_blob *cells; /* (T + 1, N, H), from c_0 on              */
} state;

static lungo_status setup(lungo_layer *layer) {
    state *s = layer->state;
    LUNGO_TRY(lungo_recurrent_setup(layer, 2, 4));
    LUNGO_TRY(lungo_recurrent_add_weight(layer, (int)s->r.gates, (int)s->r.hidden));
    LUNGO_TRY(lungo_layer_add_buffer(layer, &s->gates, "gates"));
    return lungo_layer_add_buffer(layer, &s->cells, "cells");
}

static lungo_status reshape(lungo_layer *layer) {
    state *s = layer->state;
    LUNGO_TRY(lungo_recurrent_reshape(layer));
    int steps = (int)s->r.steps, streams = (int)s->r.streams, hidden = (int)s->r.hidden;
    LUNGO_TRY(lungo_blob_reshape(s->gates, &LUNGO_SHAPE(steps, streams, 4 * hidden)));
    LUNGO_TRY(lungo_blob_reshape(s->cells, &LUNGO_SHAPE(steps + 1, streams, hidden)));
    /* dgates; the sums of the static input; dh and dc. */
    size_t one = s->r.streams * s->r.hidden;
    lungo_layer_need_scratch(layer, s->gates->count + 4 * one + 2 * one);
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    const lungo_recurrent *r = &s->r;
    const lungo_lstm_shape shape = {r->streams, r->hidden};
    size_t one = r->streams * r->hidden;
    const float *cont = lungo_data(layer->bottoms[LUNGO_RECURRENT_CONT]);
    float *gates = lungo_data_overwrite(s->gates), *c = lungo_data_overwrite(s->cells);
    float *h = lungo_data_overwrite(layer->tops[0]), *first = lungo_layer_scratch(layer);
    lungo_recurrent_input(layer, gates);
    lungo_recurrent_begin(layer, OUTPUT_STATE, first);
    lungo_recurrent_begin(layer, CELL_STATE, c);
    for (size_t t = 0; t < r->steps; t++, gates += 4 * one, c += one) {
        lungo_recurrent_step(layer, t, t == 0 ? first : h + (t - 1) * one, gates);
        lungo_lstm_forward(&shape, gates, cont + t * r->streams, c, gates, c + one, h + t * one);
        lungo_recurrent_debug(layer, "unit", "c", t + 1, c + one, one);
        lungo_recurrent_debug(layer, "unit", "h", t + 1, h + t * one, one);
    }
    lungo_recurrent_end(layer, OUTPUT_STATE, h + (r->steps - 1) * one);
    lungo_recurrent_end(layer, CELL_STATE, c);
    return LUNGO_OK;
}

/* dgates of all steps, from the last one back. */
static void backward_steps(lungo_layer *layer, float *dgates, float *dh, float *dc) {
    const state *s = layer->state;
    const lungo_recurrent *r = &s->r;
    const lungo_lstm_shape shape = {r->streams, r->hidden};
    size_t one = r->streams * r->hidden;
    const float *gates = lungo_data(s->gates), *cells = lungo_data(s->cells);
    const float *cont = lungo_data(layer->bottoms[LUNGO_RECURRENT_CONT]);
    const float *dtop = lungo_diff(layer->tops[0]);
    lungo_fill(one, 0, dh);
    lungo_fill(one, 0, dc);
    for (size_t t = r->steps; t-- > 0;) {
        const float *c_before = cells + t * one;
        lungo_add(one, dtop + t * one, dh);
        lungo_lstm_backward(&shape, gates + 4 * t * one, cont + t * r->streams, c_before,
                            c_before + one, dh, dc, dgates + 4 * t * one, dc);
        if (t > 0) lungo_recurrent_step_backward(layer, t, dgates + 4 * t * one, dh);
    }
}

static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    size_t one = s->r.streams * s->r.hidden;
    float *dgates = lungo_layer_scratch(layer), *sums = dgates + s->gates->count;
    backward_steps(layer, dgates, sums + 4 * one, sums + 5 * one);
    lungo_recurrent_weight_backward(layer, dgates);
    lungo_recurrent_input_backward(layer, dgates, sums);
    lungo_recurrent_no_state_gradients(layer);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_lstm = {
    .name = "LSTM",
    .brief = "Long short-term memory over sequences, with Caffe's weights.",
    .family = "recurrent",
    .params = {"recurrent_param"},
    .state_size = sizeof(state),
    .bottoms = {2, 5},
    .tops = {1, 3},
    .no_backward = 1u << LUNGO_RECURRENT_CONT,
    .setup = setup,
    .start = lungo_recurrent_start,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
    .save = lungo_recurrent_save,
    .load = lungo_recurrent_load,
};
