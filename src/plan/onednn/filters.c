/* Convolution and Deconvolution by oneDNN's direct convolutions; see layers/vision/filters.h for
 * the image side and the map side of both.
 *
 *                    forward          backward
 *   to_map           Convolution      dx of Deconvolution
 *   to_image         Deconvolution    dx of Convolution
 *   to_weights       -                dW of both
 *
 * Weights stay row-major where solver and files see them; what the primitives want is made of them
 * once per update. oneDNN overwrites gradients, so sums go through scratch.
 *
 * A ReLU that oneDNN computes along turns NaN into 0, which would hide a training gone wrong: with
 * weights that are not finite, folded or not, the layers run by themselves. */
#include <stdio.h>

#include "math/vector.h"
#include "plan/fold.h"
#include "plan/onednn/onednn.h"

enum { WEIGHTS, BIAS };

typedef struct filters {
    bool transposed, image_blocked, map_blocked;
    dnnl_memory_desc_t plain_weights;
    lungo_primitive to_map, to_image, to_weights;
    lungo_primitive unpack; /* the gradient that to_weights makes, row-major; perhaps not made */
    lungo_packed_weights for_map, for_image;
    size_t weight_count, gradient_floats; /* of W; of its gradient as to_weights makes it */
    size_t room;                          /* floats of scratch that primitives want */
    lungo_fold fold;
} filters;

static bool has_bias(const lungo_unit *unit) {
    return unit->layer->param_count > BIAS;
}

/* Computed by to_map itself. */
static bool adds_bias(const lungo_unit *unit) {
    return unit->op.kind == LUNGO_OP_CONVOLUTION && (has_bias(unit) || lungo_unit_folds(unit));
}

static size_t aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

static bool wants_bottoms(const lungo_unit *unit) {
    bool any = false;
    for (int i = 0; i < unit->layer->bottom_count; i++)
        any |= lungo_wants_bottom(unit->layer, i);
    return any && unit->layer->needs_backward;
}

/* Of those that to_weights makes: the bias of a Deconvolution is not one. */
static bool wants_params(const lungo_unit *unit) {
    const lungo_layer *layer = unit->layer;
    bool any =
        lungo_wants_param(layer, WEIGHTS) || (has_bias(unit) && lungo_wants_param(layer, BIAS));
    return any && layer->needs_backward;
}

/* ---- choosing primitives ---- */

/* The arguments of all three, as oneDNN describes them. */
typedef struct geometry {
    dnnl_memory_desc_t image, weights, bias, map;
    dnnl_dims_t strides, dilates, pads;
    bool with_bias;
} geometry;

static lungo_status describe_weights(const lungo_unit *unit, filters *f, geometry *g) {
    const lungo_convolution *conv = &unit->op.convolution;
    const lungo_window *w = &conv->window;
    dnnl_dims_t dims;
    int axes = 0, groups = conv->groups;
    if (groups > 1) dims[axes++] = groups;
    dims[axes++] = conv->filters / groups;
    dims[axes++] = w->channels / groups;
    for (int i = 0; i < w->axes; i++)
        dims[axes++] = w->kernel[i];
    LUNGO_TRY(lungo_onednn_plain(&f->plain_weights, axes, dims));
    f->weight_count = unit->layer->params[WEIGHTS].blob->count;
    return lungo_onednn_check(
        dnnl_memory_desc_init_by_tag(&g->weights, axes, dims, dnnl_f32, dnnl_format_tag_any),
        "a layout");
}

static lungo_status describe(const lungo_unit *unit, filters *f, geometry *g) {
    const lungo_window *w = &unit->op.convolution.window;
    lungo_blob *image = f->transposed ? unit->tops[0] : unit->bottoms[0];
    lungo_blob *map = f->transposed ? unit->bottoms[0] : unit->tops[0];
    dnnl_dims_t bias = {unit->op.convolution.filters};
    for (int i = 0; i < w->axes; i++) {
        g->strides[i] = w->stride[i];
        g->dilates[i] = w->dilation[i] - 1;
        g->pads[i] = w->pad[i];
    }
    g->with_bias = adds_bias(unit);
    LUNGO_TRY(lungo_onednn_images(&g->image, &image->shape, f->image_blocked));
    LUNGO_TRY(lungo_onednn_images(&g->map, &map->shape, f->map_blocked));
    LUNGO_TRY(lungo_onednn_plain(&g->bias, 1, bias));
    return describe_weights(unit, f, g);
}

static lungo_status choose_to_map(const lungo_unit *unit, filters *f, const geometry *g,
                                  bool *found) {
    dnnl_convolution_desc_t op;
    dnnl_primitive_attr_t attributes;
    bool relu = unit->relu != NULL;
    float slope = relu ? unit->relu->param->relu_param->negative_slope : 0;
    dnnl_prop_kind_t kind =
        unit->layer->needs_backward ? dnnl_forward_training : dnnl_forward_inference;
    *found = false;
    if (dnnl_dilated_convolution_forward_desc_init(
            &op, kind, dnnl_convolution_direct, &g->image, &g->weights,
            g->with_bias ? &g->bias : NULL, &g->map, g->strides, g->dilates, g->pads, g->pads))
        return LUNGO_OK;
    LUNGO_TRY(lungo_onednn_attributes(&attributes, relu ? &slope : NULL));
    lungo_status status = lungo_primitive_choose(&f->to_map, &op, attributes, NULL, found);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

static lungo_status choose_backward(lungo_primitive *out, const dnnl_convolution_desc_t *op,
                                    const lungo_primitive *hint, bool *found) {
    dnnl_primitive_attr_t attributes;
    LUNGO_TRY(lungo_onednn_attributes(&attributes, NULL));
    lungo_status status = lungo_primitive_choose(out, op, attributes, hint, found);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

static lungo_status choose_to_image(filters *f, const geometry *g, bool *found) {
    dnnl_convolution_desc_t op;
    *found = false;
    if (dnnl_dilated_convolution_backward_data_desc_init(&op, dnnl_convolution_direct, &g->image,
                                                         &g->weights, &g->map, g->strides,
                                                         g->dilates, g->pads, g->pads))
        return LUNGO_OK;
    return choose_backward(&f->to_image, &op, &f->to_map, found);
}

static lungo_status choose_to_weights(filters *f, const geometry *g, bool *found) {
    dnnl_convolution_desc_t op;
    *found = false;
    if (dnnl_dilated_convolution_backward_weights_desc_init(
            &op, dnnl_convolution_direct, &g->image, &g->weights, g->with_bias ? &g->bias : NULL,
            &g->map, g->strides, g->dilates, g->pads, g->pads))
        return LUNGO_OK;
    return choose_backward(&f->to_weights, &op, &f->to_map, found);
}

/* All that the unit needs, in the layouts that f names, or nothing. The forward one is the hint of
 * the others, so it is there in any case. */
static lungo_status choose(const lungo_unit *unit, filters *f, bool *found) {
    geometry g = {0};
    LUNGO_TRY(describe(unit, f, &g));
    LUNGO_TRY(choose_to_map(unit, f, &g, found));
    if (*found && (f->transposed || wants_bottoms(unit))) LUNGO_TRY(choose_to_image(f, &g, found));
    if (*found && wants_params(unit)) LUNGO_TRY(choose_to_weights(f, &g, found));
    if (*found) return LUNGO_OK;
    lungo_primitive_dispose(&f->to_map);
    lungo_primitive_dispose(&f->to_image);
    lungo_primitive_dispose(&f->to_weights);
    return LUNGO_OK;
}

/* In this order; an image of a few channels (colours) would be padding for the most part. */
static lungo_status choose_layouts(const lungo_unit *unit, filters *f, bool *found) {
    static const struct {
        bool image_blocked, map_blocked, few_channels;
    } layouts[] = {{false, true, true}, {true, true, false}, {false, false, false}};
    const lungo_convolution *conv = &unit->op.convolution;
    bool few = conv->groups == 1 && (size_t)conv->window.channels < lungo_plan_lanes() / 2;
    *found = false;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts && !*found; i++) {
        if (layouts[i].few_channels && !few) continue;
        f->image_blocked = layouts[i].image_blocked;
        f->map_blocked = layouts[i].map_blocked;
        LUNGO_TRY(choose(unit, f, found));
    }
    return LUNGO_OK;
}

/* Multiply-adds that are done, lanes of padding included, for one that counts. */
static double waste_of(const lungo_unit *unit, const filters *f) {
    const lungo_convolution *conv = &unit->op.convolution;
    size_t lanes = lungo_plan_lanes(), images = (size_t)conv->window.channels;
    size_t maps = (size_t)conv->filters;
    double of_image =
        f->image_blocked ? (double)((images + lanes - 1) / lanes * lanes) / images : 1;
    double of_map = f->map_blocked ? (double)((maps + lanes - 1) / lanes * lanes) / maps : 1;
    return conv->groups == 1 ? of_image * of_map : of_map;
}

/* ---- opening ---- */

/* From here on a matrix product, which pads nothing, takes less time; and a net as small as LeNet
 * keeps the roundings of BLAS, and with them Caffe's path through a training. */
static const double too_much_waste = 1.55;

static lungo_status ready_to_map(const lungo_unit *unit, filters *f) {
    static const int ids[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, 0};
    static const int ids_with_bias[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS,
                                        0};
    LUNGO_TRY(lungo_primitive_ready(&f->to_map, adds_bias(unit) ? ids_with_bias : ids));
    return lungo_packed_weights_open(&f->for_map, &f->plain_weights,
                                     lungo_primitive_layout(&f->to_map, DNNL_ARG_WEIGHTS),
                                     lungo_unit_folds(unit));
}

static lungo_status ready_to_image(filters *f) {
    static const int ids[] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC, 0};
    LUNGO_TRY(lungo_primitive_ready(&f->to_image, ids));
    return lungo_packed_weights_open(&f->for_image, &f->plain_weights,
                                     lungo_primitive_layout(&f->to_image, DNNL_ARG_WEIGHTS), false);
}

static lungo_status ready_to_weights(const lungo_unit *unit, filters *f) {
    static const int ids[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, 0};
    static const int ids_with_bias[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS,
                                        DNNL_ARG_DIFF_BIAS, 0};
    static const int reorder_ids[] = {DNNL_ARG_FROM, DNNL_ARG_TO, 0};
    LUNGO_TRY(lungo_primitive_ready(&f->to_weights, adds_bias(unit) ? ids_with_bias : ids));
    const dnnl_memory_desc_t *made = lungo_primitive_layout(&f->to_weights, DNNL_ARG_DIFF_WEIGHTS);
    f->gradient_floats = lungo_layout_floats(made);
    if (dnnl_memory_desc_equal(made, &f->plain_weights)) return LUNGO_OK;
    LUNGO_TRY(lungo_primitive_choose_reorder(&f->unpack, made, &f->plain_weights));
    return lungo_primitive_ready(&f->unpack, reorder_ids);
}

static lungo_status block_blobs(lungo_unit *unit, const filters *f) {
    bool bottom = f->transposed ? f->map_blocked : f->image_blocked;
    bool top = f->transposed ? f->image_blocked : f->map_blocked, done = true;
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        if (bottom) LUNGO_TRY(lungo_blob_block(unit->bottoms[i], &done));
        if (!done) return lungo_unit_refuse(unit, "bottom has another layout");
        if (top) LUNGO_TRY(lungo_blob_block(unit->tops[i], &done));
        if (!done) return lungo_unit_refuse(unit, "top has another layout");
    }
    return LUNGO_OK;
}

/* Room for the primitives, then for folded weights, or for what to_weights makes. */
static void need_scratch(lungo_unit *unit, filters *f) {
    const lungo_primitive *all[] = {&f->to_map,          &f->to_image,          &f->to_weights,
                                    &f->for_map.reorder, &f->for_image.reorder, &f->unpack};
    f->room = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->scratch > f->room) f->room = all[i]->scratch;
    f->room = aligned(f->room);
    size_t filters_of_bias = aligned((size_t)unit->op.convolution.filters);
    size_t gradients = aligned(f->gradient_floats) + aligned(f->weight_count) + filters_of_bias;
    size_t folded = lungo_unit_folds(unit) ? f->weight_count : 0;
    lungo_layer_need_scratch(unit->layer, f->room + (f->to_weights.made ? gradients : folded));
}

static lungo_status open_unit(lungo_unit *unit) {
    const lungo_window *window = &unit->op.convolution.window;
    filters *f = unit->state;
    bool found;
    f->transposed = unit->op.kind == LUNGO_OP_DECONVOLUTION;
    if (window->axes < 1 || window->axes > 3 || unit->bottoms[0]->shape.axes != window->axes + 2)
        return lungo_unit_refuse(unit, "%d spatial axes, shape %s", window->axes,
                                 lungo_shape_text(&unit->bottoms[0]->shape).text);
    if (unit->tops[0]->count == 0 || unit->bottoms[0]->count == 0)
        return lungo_unit_refuse(unit, "no values");
    LUNGO_TRY(choose_layouts(unit, f, &found));
    if (!found) return lungo_unit_refuse(unit, "oneDNN has only reference code for it");
    if (unit->if_faster && waste_of(unit, f) > too_much_waste)
        return lungo_unit_refuse(unit, "too few channels for the lanes: %d and %d",
                                 unit->op.convolution.window.channels,
                                 unit->op.convolution.filters);
    LUNGO_TRY(block_blobs(unit, f));
    if (unit->refused) return LUNGO_OK;
    if (!f->transposed || wants_bottoms(unit)) LUNGO_TRY(ready_to_map(unit, f));
    if (f->to_image.desc) LUNGO_TRY(ready_to_image(f));
    if (f->to_weights.desc) LUNGO_TRY(ready_to_weights(unit, f));
    need_scratch(unit, f);
    snprintf(unit->info, sizeof unit->info, "%s%s%s%s%s%s", lungo_primitive_info(&f->to_map),
             f->to_image.made ? " " : "", lungo_primitive_info(&f->to_image),
             f->to_weights.made ? " " : "", lungo_primitive_info(&f->to_weights),
             lungo_unit_folds(unit) ? ", folded weights" : "");
    return lungo_fold_open(&f->fold, unit);
}

static void close_unit(lungo_unit *unit) {
    filters *f = unit->state;
    lungo_primitive_dispose(&f->to_map);
    lungo_primitive_dispose(&f->to_image);
    lungo_primitive_dispose(&f->to_weights);
    lungo_primitive_dispose(&f->unpack);
    lungo_packed_weights_dispose(&f->for_map);
    lungo_packed_weights_dispose(&f->for_image);
    lungo_fold_dispose(&f->fold);
}

/* ---- running ---- */

static lungo_status run_layers(lungo_unit *unit) {
    lungo_layer *layers[] = {unit->layer, unit->norm, unit->scale, unit->relu};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (layers[i]) LUNGO_TRY(lungo_layer_forward(layers[i]));
    return LUNGO_OK;
}

static lungo_status follow_params(lungo_unit *unit) {
    filters *f = unit->state;
    float *scratch = lungo_layer_scratch(unit->layer), *folded = scratch + f->room;
    if (!lungo_fold_follow(&f->fold, unit, folded) || !lungo_unit_folds(unit)) return LUNGO_OK;
    return lungo_packed_weights_make(&f->for_map, folded, scratch);
}

static lungo_status weights_for_map(lungo_unit *unit, float *scratch, const float **out) {
    filters *f = unit->state;
    *out = f->for_map.values;
    if (lungo_unit_folds(unit)) return LUNGO_OK;
    return lungo_packed_weights_get(&f->for_map, unit->layer->params[WEIGHTS].blob, scratch, out);
}

static const float *bias_for_map(const lungo_unit *unit) {
    const filters *f = unit->state;
    return lungo_unit_folds(unit) ? f->fold.bias : lungo_param(unit->layer, BIAS);
}

static lungo_status run_to_map(lungo_unit *unit, const float *image, float *map) {
    filters *f = unit->state;
    const float *weights;
    float *scratch = lungo_layer_scratch(unit->layer);
    LUNGO_TRY(weights_for_map(unit, scratch, &weights));
    lungo_primitive_bind(&f->to_map, DNNL_ARG_SRC, image);
    lungo_primitive_bind(&f->to_map, DNNL_ARG_WEIGHTS, weights);
    if (adds_bias(unit)) lungo_primitive_bind(&f->to_map, DNNL_ARG_BIAS, bias_for_map(unit));
    lungo_primitive_bind(&f->to_map, DNNL_ARG_DST, map);
    return lungo_primitive_run(&f->to_map, scratch);
}

static lungo_status run_to_image(lungo_unit *unit, const float *map, float *image) {
    filters *f = unit->state;
    const float *weights;
    float *scratch = lungo_layer_scratch(unit->layer);
    LUNGO_TRY(lungo_packed_weights_get(&f->for_image, unit->layer->params[WEIGHTS].blob, scratch,
                                       &weights));
    lungo_primitive_bind(&f->to_image, DNNL_ARG_DIFF_DST, map);
    lungo_primitive_bind(&f->to_image, DNNL_ARG_WEIGHTS, weights);
    lungo_primitive_bind(&f->to_image, DNNL_ARG_DIFF_SRC, image);
    return lungo_primitive_run(&f->to_image, scratch);
}

static lungo_status forward_convolution(lungo_unit *unit) {
    filters *f = unit->state;
    if (unit->relu || lungo_unit_folds(unit)) {
        LUNGO_TRY(follow_params(unit));
        if (!f->fold.finite) return run_layers(unit);
    }
    for (int i = 0; i < unit->layer->bottom_count; i++)
        LUNGO_TRY(run_to_map(unit,
                             lungo_blob_data_in(unit->bottoms[i], f->image_blocked, LUNGO_READ),
                             lungo_blob_data_in(unit->tops[i], f->map_blocked, LUNGO_OVERWRITE)));
    return LUNGO_OK;
}

/* ---- gradients of weights and bias ---- */

/* gradient = beta gradient + made */
static void add_up(lungo_layer *layer, int j, float beta, const float *made) {
    if (!lungo_wants_param(layer, j)) return;
    size_t count = layer->params[j].blob->count;
    float *gradient = lungo_param_diff(layer, j);
    lungo_rescale(count, beta, gradient);
    lungo_add(count, made, gradient);
}

static lungo_status unpack_weights(lungo_unit *unit, float beta, const float *made, float *plain) {
    filters *f = unit->state;
    lungo_layer *layer = unit->layer;
    if (!lungo_wants_param(layer, WEIGHTS)) return LUNGO_OK;
    if (!f->unpack.made) {
        add_up(layer, WEIGHTS, beta, made);
        return LUNGO_OK;
    }
    float *to = beta == 0 ? lungo_param_diff(layer, WEIGHTS) : plain;
    lungo_primitive_bind(&f->unpack, DNNL_ARG_FROM, made);
    lungo_primitive_bind(&f->unpack, DNNL_ARG_TO, to);
    LUNGO_TRY(lungo_primitive_run(&f->unpack, lungo_layer_scratch(layer)));
    if (beta != 0) add_up(layer, WEIGHTS, beta, plain);
    return LUNGO_OK;
}

static lungo_status run_to_weights(lungo_unit *unit, int i, const float beta[2]) {
    filters *f = unit->state;
    lungo_blob *image = f->transposed ? unit->tops[i] : unit->bottoms[i];
    lungo_blob *map = f->transposed ? unit->bottoms[i] : unit->tops[i];
    float *made = lungo_layer_scratch(unit->layer) + f->room;
    float *plain = made + aligned(f->gradient_floats), *bias = plain + aligned(f->weight_count);
    const float *x = f->transposed ? lungo_blob_diff_in(image, f->image_blocked, LUNGO_READ)
                                   : lungo_blob_data_in(image, f->image_blocked, LUNGO_READ);
    const float *dy = f->transposed ? lungo_blob_data_in(map, f->map_blocked, LUNGO_READ)
                                    : lungo_blob_diff_in(map, f->map_blocked, LUNGO_READ);
    lungo_primitive_bind(&f->to_weights, DNNL_ARG_SRC, x);
    lungo_primitive_bind(&f->to_weights, DNNL_ARG_DIFF_DST, dy);
    lungo_primitive_bind(&f->to_weights, DNNL_ARG_DIFF_WEIGHTS, made);
    lungo_primitive_bind(&f->to_weights, DNNL_ARG_DIFF_BIAS, bias);
    LUNGO_TRY(lungo_primitive_run(&f->to_weights, lungo_layer_scratch(unit->layer)));
    if (has_bias(unit) && !f->transposed) add_up(unit->layer, BIAS, beta[BIAS], bias);
    return unpack_weights(unit, beta[WEIGHTS], made, plain);
}

static lungo_status backward_params(lungo_unit *unit) {
    const lungo_layer *layer = unit->layer;
    if (!wants_params(unit)) return LUNGO_OK;
    float beta[] = {lungo_grad_beta(layer, WEIGHTS),
                    has_bias(unit) ? lungo_grad_beta(layer, BIAS) : 0};
    for (int i = 0; i < layer->bottom_count; i++) {
        LUNGO_TRY(run_to_weights(unit, i, beta));
        beta[WEIGHTS] = beta[BIAS] = 1;
    }
    return LUNGO_OK;
}

static lungo_status backward_convolution(lungo_unit *unit) {
    const filters *f = unit->state;
    const lungo_layer *layer = unit->layer;
    if (!layer->needs_backward) return LUNGO_OK;
    lungo_unit_mask_relu(unit, f->map_blocked);
    LUNGO_TRY(backward_params(unit));
    for (int i = 0; i < layer->bottom_count; i++)
        if (lungo_wants_bottom(layer, i))
            LUNGO_TRY(run_to_image(
                unit, lungo_blob_diff_in(unit->tops[i], f->map_blocked, LUNGO_READ),
                lungo_blob_diff_in(unit->bottoms[i], f->image_blocked, LUNGO_OVERWRITE)));
    return LUNGO_OK;
}

/* ---- Deconvolution ---- */

/* Of the top, for the bias; one lane is row-major. */
static lungo_blocked layout_of(const filters *f, const lungo_blob *top) {
    return lungo_blob_layout(top, f->image_blocked ? lungo_plan_lanes() : 1);
}

static lungo_status forward_deconvolution(lungo_unit *unit) {
    const filters *f = unit->state;
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        lungo_blocked layout = layout_of(f, unit->tops[i]);
        float *y = lungo_blob_data_in(unit->tops[i], f->image_blocked, LUNGO_OVERWRITE);
        LUNGO_TRY(run_to_image(
            unit, lungo_blob_data_in(unit->bottoms[i], f->map_blocked, LUNGO_READ), y));
        if (has_bias(unit)) lungo_blocked_add(&layout, lungo_param(unit->layer, BIAS), y);
    }
    return LUNGO_OK;
}

static void backward_bias(lungo_unit *unit) {
    const filters *f = unit->state;
    if (!has_bias(unit) || !lungo_wants_param(unit->layer, BIAS)) return;
    float beta = lungo_grad_beta(unit->layer, BIAS), *db = lungo_param_diff(unit->layer, BIAS);
    for (int i = 0; i < unit->layer->bottom_count; i++, beta = 1) {
        lungo_blocked layout = layout_of(f, unit->tops[i]);
        lungo_blocked_sum(&layout, lungo_blob_diff_in(unit->tops[i], f->image_blocked, LUNGO_READ),
                          beta, db);
    }
}

static lungo_status backward_deconvolution(lungo_unit *unit) {
    const filters *f = unit->state;
    const lungo_layer *layer = unit->layer;
    if (!layer->needs_backward) return LUNGO_OK;
    backward_bias(unit);
    LUNGO_TRY(backward_params(unit));
    for (int i = 0; i < layer->bottom_count; i++)
        if (lungo_wants_bottom(layer, i))
            LUNGO_TRY(
                run_to_map(unit, lungo_blob_diff_in(unit->tops[i], f->image_blocked, LUNGO_READ),
                           lungo_blob_diff_in(unit->bottoms[i], f->map_blocked, LUNGO_OVERWRITE)));
    return LUNGO_OK;
}

const lungo_unit_type lungo_onednn_convolution_unit = {
    .name = "oneDNN",
    .state_size = sizeof(filters),
    .takes_relu = true,
    .takes_norm = true,
    .folds = true,
    .open = open_unit,
    .forward = forward_convolution,
    .backward = backward_convolution,
    .close = close_unit,
};

const lungo_unit_type lungo_onednn_deconvolution_unit = {
    .name = "oneDNN",
    .state_size = sizeof(filters),
    .takes_norm = true,
    .open = open_unit,
    .forward = forward_deconvolution,
    .backward = backward_deconvolution,
    .close = close_unit,
};
