/* LSTMUnit: one step of an LSTM, from the inputs of its gates.
 *
 *   bottom[0]  c_before  (1, N, H)
 *   bottom[1]  x         (1, N, 4 H)   inputs of the gates i, f, o, g, one after the other
 *   bottom[2]  cont      (1, N)        0 where a sequence starts, 1 where it goes on; no gradient
 *   top[0]     c         (1, N, H)     f c_before + i g,  f = cont sigmoid(x_f)
 *   top[1]     h         (1, N, H)     o tanh(c)
 *   backward   as the formulas say, but for cont other than 0 and 1: there the gradient of x_f is
 *              Caffe's, which takes cont as a part of the sigmoid
 *
 * Caffe's LSTM is made of these. Lungo's is not, but both call the same kernel.
 *
 * Example:
 *
 *   # c: 1 2 4
 *   # x: 1 2 16
 *   # cont: 1 2
 *   layer {
 *     name: "unit" type: "LSTMUnit" bottom: "c" bottom: "x" bottom: "cont" top: "c1" top: "h1"
 *   }
 */
#include "kernels/lstm.h"
#include "layer/layer.h"

enum { CELLS, GATES, CONT };
enum { NEW_CELLS, OUTPUT };

typedef struct state {
    lungo_lstm_shape shape;
    lungo_blob *acts; /* i, f, o, g: what backward needs of x */
} state;

static lungo_status setup(lungo_layer *layer) {
    state *s = layer->state;
    return lungo_layer_add_buffer(layer, &s->acts, "gates");
}

static lungo_status check(const lungo_blob *bottom, const lungo_shape *expected) {
    if (lungo_shape_equal(&bottom->shape, expected)) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG, "shapes do not fit: bottom '%s': expected shape %s, got %s",
                      bottom->name, lungo_shape_text(expected).text,
                      lungo_shape_text(&bottom->shape).text);
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *cells = layer->bottoms[CELLS], *gates = layer->bottoms[GATES];
    state *s = layer->state;
    if (cells->shape.axes != 3 || cells->shape.dim[0] != 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected 3 axes (1, streams, cells), "
                          "got shape %s",
                          cells->name, lungo_shape_text(&cells->shape).text);
    int streams = cells->shape.dim[1], hidden = cells->shape.dim[2];
    if (gates->shape.axes != 3 || gates->shape.dim[0] != 1 || gates->shape.dim[1] != streams ||
        gates->shape.dim[2] != 4LL * hidden)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shapes do not fit: bottom '%s': expected shape 1x%dx%lld, four gates "
                          "for each cell of bottom '%s', got %s",
                          gates->name, streams, 4LL * hidden, cells->name,
                          lungo_shape_text(&gates->shape).text);
    LUNGO_TRY(check(layer->bottoms[CONT], &LUNGO_SHAPE(1, streams)));
    s->shape = (lungo_lstm_shape){(size_t)streams, (size_t)hidden};
    LUNGO_TRY(lungo_blob_reshape(s->acts, &gates->shape));
    LUNGO_TRY(lungo_blob_reshape(layer->tops[NEW_CELLS], &cells->shape));
    LUNGO_TRY(lungo_blob_reshape(layer->tops[OUTPUT], &cells->shape));
    lungo_layer_need_scratch(layer, cells->count + gates->count);
    return LUNGO_OK;
}

static lungo_status forward(lungo_layer *layer) {
    const state *s = layer->state;
    lungo_lstm_forward(&s->shape, lungo_data(layer->bottoms[GATES]),
                       lungo_data(layer->bottoms[CONT]), lungo_data(layer->bottoms[CELLS]),
                       lungo_data_overwrite(s->acts), lungo_data_overwrite(layer->tops[NEW_CELLS]),
                       lungo_data_overwrite(layer->tops[OUTPUT]));
    return LUNGO_OK;
}

/* The kernel makes both gradients; the one that nobody wants goes to scratch. */
static lungo_status backward(lungo_layer *layer) {
    const state *s = layer->state;
    lungo_blob *cells = layer->bottoms[CELLS], *gates = layer->bottoms[GATES];
    float *scratch = lungo_layer_scratch(layer);
    float *dx = lungo_wants_bottom(layer, GATES) ? lungo_diff_overwrite(gates) : scratch;
    float *dc =
        lungo_wants_bottom(layer, CELLS) ? lungo_diff_overwrite(cells) : scratch + gates->count;
    lungo_lstm_backward(&s->shape, lungo_data(s->acts), lungo_data(layer->bottoms[CONT]),
                        lungo_data(cells), lungo_data(layer->tops[NEW_CELLS]),
                        lungo_diff(layer->tops[OUTPUT]), lungo_diff(layer->tops[NEW_CELLS]), dx,
                        dc);
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_lstm_unit = {
    .name = "LSTMUnit",
    .brief = "One step of an LSTM: new cells and outputs from the inputs of the gates.",
    .family = "recurrent",
    .state_size = sizeof(state),
    .bottoms = {3, 3},
    .tops = {2, 2},
    .no_backward = 1u << CONT,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
