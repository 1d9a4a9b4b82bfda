/* PReLU: y = x where x > 0, else slope x, with a learned slope per channel or one for all.
 *
 *   bottom[0]  x  (N, C, ...)
 *   top[0]     y  the same; may be x itself, of which a copy is kept then
 *   weights    slope  (C), or a scalar when `channel_shared`
 *   backward   dslope += sum over x <= 0 of dy x     dx = dy where x > 0, else dy slope
 *
 * Example:
 *
 *   # x: 2 3 4 4
 *   layer {
 *     name: "prelu" type: "PReLU" bottom: "x" top: "x"
 *     param { decay_mult: 0 }
 *     prelu_param { filler { type: "constant" value: 0.25 } }
 *   }
 */
#include "layers/activation/kept_input.h"

enum { SLOPE = 0 };

/* The slope when there is no filler. */
static const Caffe__FillerParameter *quarter(lungo_layer *layer) {
    Caffe__FillerParameter *filler = lungo_arena_alloc(layer->host->arena, sizeof *filler);
    if (!filler) return NULL;
    caffe__filler_parameter__init(filler);
    filler->value = 0.25f;
    return filler;
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__PReLUParameter *param = layer->param->prelu_param;
    const lungo_shape *x = &layer->bottoms[0]->shape;
    if (x->axes < 2)
        return lungo_fail(LUNGO_ERR_CONFIG, "bottom '%s': expected 2 axes or more, got shape %s",
                          layer->bottoms[0]->name, lungo_shape_text(x).text);
    const Caffe__FillerParameter *filler = param->filler ? param->filler : quarter(layer);
    if (!filler) return lungo_fail_memory("a filler", sizeof *filler);
    lungo_shape slope = param->channel_shared ? lungo_scalar_shape : LUNGO_SHAPE(x->dim[1]);
    LUNGO_TRY(lungo_layer_add_param(layer, &slope, filler));
    return lungo_input_setup(layer);
}

static lungo_status reshape(lungo_layer *layer) {
    const lungo_blob *bottom = layer->bottoms[0], *slope = layer->params[SLOPE].blob;
    if (bottom->shape.axes < 2 ||
        (slope->shape.axes > 0 && slope->shape.dim[0] != bottom->shape.dim[1]))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected as many channels as slopes (%zu), got shape %s",
                          bottom->name, slope->count, lungo_shape_text(&bottom->shape).text);
    return lungo_input_reshape(layer);
}

/* Which slope belongs to the values from row * width on: rows are channels of items. */
typedef struct slope_rows {
    size_t count, width, slopes;
} slope_rows;

static slope_rows rows_of(const lungo_layer *layer) {
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    return (slope_rows){lungo_shape_range(shape, 0, 2), lungo_shape_from(shape, 2),
                        layer->params[SLOPE].blob->count};
}

static lungo_status forward(lungo_layer *layer) {
    slope_rows rows = rows_of(layer);
    const float *slopes = lungo_param(layer, SLOPE), *x = lungo_input_keep(layer);
    float *y = lungo_data_overwrite(layer->tops[0]);
    for (size_t row = 0; row < rows.count; row++, x += rows.width, y += rows.width) {
        float slope = slopes[row % rows.slopes];
        for (size_t i = 0; i < rows.width; i++)
            y[i] = x[i] > 0 ? x[i] : slope * x[i];
    }
    return LUNGO_OK;
}

static void backward_slopes(lungo_layer *layer) {
    slope_rows rows = rows_of(layer);
    const float *x = lungo_input(layer), *dy = lungo_diff(layer->tops[0]);
    float beta = lungo_grad_beta(layer, SLOPE), *dslopes = lungo_param_diff(layer, SLOPE);
    for (size_t i = 0; i < rows.slopes; i++)
        dslopes[i] = beta == 0 ? 0 : beta * dslopes[i];
    for (size_t row = 0; row < rows.count; row++, x += rows.width, dy += rows.width) {
        float sum = 0;
        for (size_t i = 0; i < rows.width; i++)
            sum += x[i] > 0 ? 0 : dy[i] * x[i];
        dslopes[row % rows.slopes] += sum; /* NOLINT(*): a channel at least */
    }
}

static lungo_status backward(lungo_layer *layer) {
    if (lungo_wants_param(layer, SLOPE)) backward_slopes(layer); /* first: in place dx is dy */
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    slope_rows rows = rows_of(layer);
    const float *slopes = lungo_param(layer, SLOPE);
    const float *x = lungo_input(layer), *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    for (size_t row = 0; row < rows.count; row++) {
        float slope = slopes[row % rows.slopes]; /* NOLINT(*): a channel at least */
        for (size_t i = row * rows.width; i < (row + 1) * rows.width; i++)
            dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_prelu = {
    .name = "PReLU",
    .brief = "x where positive, else x times a learned slope.",
    .family = "activation",
    .params = {"prelu_param"},
    .bottoms = {1, 1},
    .tops = {1, 1},
    .flags = LUNGO_IN_PLACE,
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
