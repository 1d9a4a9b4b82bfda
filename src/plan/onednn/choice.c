/* See filters.h. */
#include "plan/onednn/filters.h"

bool lungo_filters_have_bias(const lungo_unit *unit) {
    return unit->layer->param_count > LUNGO_FILTERS_BIAS;
}

bool lungo_filters_add_bias(const lungo_unit *unit) {
    return unit->op.kind == LUNGO_OP_CONVOLUTION &&
           (lungo_filters_have_bias(unit) || lungo_unit_folds(unit));
}

bool lungo_filters_want_bottoms(const lungo_unit *unit) {
    bool any = false;
    for (int i = 0; i < unit->layer->bottom_count; i++)
        any |= lungo_wants_bottom(unit->layer, i);
    return any && unit->layer->needs_backward;
}

bool lungo_filters_want_params(const lungo_unit *unit) {
    const lungo_layer *layer = unit->layer;
    bool any = lungo_wants_param(layer, LUNGO_FILTERS_WEIGHTS) ||
               (lungo_filters_have_bias(unit) && lungo_wants_param(layer, LUNGO_FILTERS_BIAS));
    return any && layer->needs_backward;
}

/* The arguments of all three, as oneDNN describes them, in float; see `read`. */
typedef struct geometry {
    dnnl_memory_desc_t image, weights, bias, map;
    dnnl_dims_t strides, dilates, pads;
    bool with_bias;
    bool bf16;
} geometry;

static dnnl_memory_desc_t read(const geometry *g, const dnnl_memory_desc_t *layout) {
    return g->bf16 ? lungo_onednn_bf16(*layout) : *layout;
}

static lungo_status describe_weights(const lungo_unit *unit, lungo_filters *f, geometry *g) {
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
    f->weight_count = unit->layer->params[LUNGO_FILTERS_WEIGHTS].blob->count;
    return lungo_onednn_check(
        dnnl_memory_desc_init_by_tag(&g->weights, axes, dims, dnnl_f32, dnnl_format_tag_any),
        "a layout");
}

static lungo_status describe(const lungo_unit *unit, lungo_filters *f, geometry *g) {
    const lungo_window *w = &unit->op.convolution.window;
    lungo_blob *image = f->transposed ? unit->tops[0] : unit->bottoms[0];
    lungo_blob *map = f->transposed ? unit->bottoms[0] : unit->tops[0];
    dnnl_dims_t bias = {unit->op.convolution.filters};
    for (int i = 0; i < w->axes; i++) {
        g->strides[i] = w->stride[i];
        g->dilates[i] = w->dilation[i] - 1;
        g->pads[i] = w->pad[i];
    }
    g->with_bias = lungo_filters_add_bias(unit);
    LUNGO_TRY(lungo_onednn_images(&g->image, &image->shape, f->image_blocked));
    LUNGO_TRY(lungo_onednn_images(&g->map, &map->shape, f->map_blocked));
    LUNGO_TRY(lungo_onednn_plain(&g->bias, 1, bias));
    return describe_weights(unit, f, g);
}

static lungo_status choose_to_map(const lungo_unit *unit, lungo_filters *f, const geometry *g,
                                  bool *found) {
    dnnl_convolution_desc_t op;
    dnnl_primitive_attr_t attributes;
    dnnl_memory_desc_t image = read(g, &g->image), weights = read(g, &g->weights);
    bool relu = unit->relu != NULL;
    float slope = relu ? unit->relu->param->relu_param->negative_slope : 0;
    dnnl_prop_kind_t kind =
        unit->layer->needs_backward ? dnnl_forward_training : dnnl_forward_inference;
    *found = false;
    if (dnnl_dilated_convolution_forward_desc_init(
            &op, kind, dnnl_convolution_direct, &image, &weights, g->with_bias ? &g->bias : NULL,
            &g->map, g->strides, g->dilates, g->pads, g->pads))
        return LUNGO_OK;
    lungo_after after = {.added = unit->sum ? &g->map : NULL, .relu_slope = relu ? &slope : NULL};
    LUNGO_TRY(lungo_onednn_attributes(&attributes, &after));
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

static lungo_status choose_to_image(const lungo_unit *unit, lungo_filters *f, const geometry *g,
                                    bool *found) {
    dnnl_convolution_desc_t op;
    dnnl_memory_desc_t map = read(g, &g->map), weights = read(g, &g->weights);
    (void)unit;
    *found = false;
    if (dnnl_dilated_convolution_backward_data_desc_init(&op, dnnl_convolution_direct, &g->image,
                                                         &weights, &map, g->strides, g->dilates,
                                                         g->pads, g->pads))
        return LUNGO_OK;
    return choose_backward(&f->to_image, &op, &f->to_map, found);
}

static lungo_status choose_to_weights(const lungo_unit *unit, lungo_filters *f, const geometry *g,
                                      bool *found) {
    dnnl_convolution_desc_t op;
    dnnl_memory_desc_t image = read(g, &g->image), map = read(g, &g->map);
    (void)unit;
    *found = false;
    if (dnnl_dilated_convolution_backward_weights_desc_init(
            &op, dnnl_convolution_direct, &image, &g->weights, g->with_bias ? &g->bias : NULL, &map,
            g->strides, g->dilates, g->pads, g->pads))
        return LUNGO_OK;
    return choose_backward(&f->to_weights, &op, &f->to_map, found);
}

typedef lungo_status chooser(const lungo_unit *unit, lungo_filters *f, const geometry *g,
                             bool *found);

static lungo_status choose_one(chooser *choose, const lungo_unit *unit, lungo_filters *f,
                               geometry *g, bool *found) {
    *found = false;
    g->bf16 = unit->precision == LUNGO_PRECISION_BF16;
    if (g->bf16) LUNGO_TRY(choose(unit, f, g, found));
    g->bf16 = false;
    return *found ? LUNGO_OK : choose(unit, f, g, found);
}

/* All that the unit needs, in the layouts that f names, or nothing. The forward one is the hint of
 * the others, so it is there in any case. */
static lungo_status choose(const lungo_unit *unit, lungo_filters *f, bool *found) {
    geometry g = {0};
    LUNGO_TRY(describe(unit, f, &g));
    LUNGO_TRY(choose_one(choose_to_map, unit, f, &g, found));
    if (*found && (f->transposed || lungo_filters_want_bottoms(unit)))
        LUNGO_TRY(choose_one(choose_to_image, unit, f, &g, found));
    if (*found && lungo_filters_want_params(unit))
        LUNGO_TRY(choose_one(choose_to_weights, unit, f, &g, found));
    if (*found) return LUNGO_OK;
    lungo_primitive_dispose(&f->to_map);
    lungo_primitive_dispose(&f->to_image);
    lungo_primitive_dispose(&f->to_weights);
    return LUNGO_OK;
}

/* In this order; an image of a few channels (colours) would be padding for the most part. */
lungo_status lungo_filters_choose(const lungo_unit *unit, bool *found) {
    lungo_filters *f = unit->state;
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

double lungo_filters_waste(const lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    const lungo_convolution *conv = &unit->op.convolution;
    size_t lanes = lungo_plan_lanes(), images = (size_t)conv->window.channels;
    size_t maps = (size_t)conv->filters;
    double of_image =
        f->image_blocked ? (double)((images + lanes - 1) / lanes * lanes) / images : 1;
    double of_map = f->map_blocked ? (double)((maps + lanes - 1) / lanes * lanes) / maps : 1;
    return conv->groups == 1 ? of_image * of_map : of_map;
}
