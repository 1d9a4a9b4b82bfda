#include "plan/onednn/filters.h"

#include <stdio.h>

#include "math/vector.h"

enum { WEIGHTS = LUNGO_FILTERS_WEIGHTS, BIAS = LUNGO_FILTERS_BIAS };

/* ---- opening ---- */

/* From here on a matrix product, which pads nothing, takes less time; and a net as small as LeNet
 * keeps the roundings of BLAS, and with them Caffe's path through a training. */
static const double too_much_waste = 1.55;

/* Row-major, oneDNN multiplies matrices, too, and takes two to three times OpenBLAS's time. */
static void refuse_if_slower(lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    if (!f->image_blocked && !f->map_blocked)
        lungo_unit_refuse(unit, "oneDNN has but a matrix product for it");
    else if (lungo_filters_waste(unit) > too_much_waste)
        lungo_unit_refuse(unit, "too few channels for the lanes: %d and %d",
                          unit->op.convolution.window.channels, unit->op.convolution.filters);
}

static lungo_status ready_to_map(const lungo_unit *unit, lungo_filters *f) {
    int ids[6] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST}, count = 3;
    if (lungo_filters_add_bias(unit)) ids[count++] = DNNL_ARG_BIAS;
    if (unit->sum) ids[count++] = LUNGO_ARG_ADDED;
    LUNGO_TRY(lungo_primitive_ready(&f->to_map, ids));
    return lungo_packed_weights_open(&f->for_map, &f->plain_weights,
                                     lungo_primitive_layout(&f->to_map, DNNL_ARG_WEIGHTS),
                                     lungo_unit_folds(unit));
}

static lungo_status ready_to_image(lungo_filters *f) {
    static const int ids[] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC, 0};
    LUNGO_TRY(lungo_primitive_ready(&f->to_image, ids));
    return lungo_packed_weights_open(&f->for_image, &f->plain_weights,
                                     lungo_primitive_layout(&f->to_image, DNNL_ARG_WEIGHTS), false);
}

static lungo_status ready_to_weights(const lungo_unit *unit, lungo_filters *f) {
    static const int ids[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, 0};
    static const int ids_with_bias[] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS,
                                        DNNL_ARG_DIFF_BIAS, 0};
    static const int reorder_ids[] = {DNNL_ARG_FROM, DNNL_ARG_TO, 0};
    LUNGO_TRY(
        lungo_primitive_ready(&f->to_weights, lungo_filters_add_bias(unit) ? ids_with_bias : ids));
    const dnnl_memory_desc_t *made = lungo_primitive_layout(&f->to_weights, DNNL_ARG_DIFF_WEIGHTS);
    f->gradient_floats = lungo_layout_floats(made);
    if (dnnl_memory_desc_equal(made, &f->plain_weights)) return LUNGO_OK;
    LUNGO_TRY(lungo_primitive_choose_reorder(&f->unpack, made, &f->plain_weights));
    return lungo_primitive_ready(&f->unpack, reorder_ids);
}

/* What primitives read in bfloat16. */
static lungo_status ready_narrowed(lungo_unit *unit, lungo_filters *f) {
    const lungo_primitive *of_weights = &f->to_weights;
    dnnl_memory_desc_t image, map;
    lungo_blob *images = f->transposed ? unit->tops[0] : unit->bottoms[0];
    lungo_blob *maps = f->transposed ? unit->bottoms[0] : unit->tops[0];
    LUNGO_TRY(lungo_onednn_images(&image, &images->shape, f->image_blocked));
    LUNGO_TRY(lungo_onednn_images(&map, &maps->shape, f->map_blocked));
    if (lungo_primitive_takes_bf16(&f->to_map, DNNL_ARG_SRC) ||
        lungo_primitive_takes_bf16(of_weights, DNNL_ARG_SRC))
        LUNGO_TRY(lungo_narrowed_open(&f->image, &image));
    if (lungo_primitive_takes_bf16(&f->to_image, DNNL_ARG_DIFF_DST) ||
        lungo_primitive_takes_bf16(of_weights, DNNL_ARG_DIFF_DST))
        LUNGO_TRY(lungo_narrowed_open(&f->map, &map));
    return LUNGO_OK;
}

static lungo_status block_blobs(lungo_unit *unit, const lungo_filters *f) {
    bool bottom = f->transposed ? f->map_blocked : f->image_blocked;
    bool top = f->transposed ? f->image_blocked : f->map_blocked, done = true;
    for (int i = 0; i < unit->layer->bottom_count; i++) {
        if (bottom) LUNGO_TRY(lungo_blob_block(unit->bottoms[i], &done));
        if (!done) return lungo_unit_refuse(unit, "bottom has another layout");
        if (top) LUNGO_TRY(lungo_blob_block(unit->tops[i], &done));
        if (!done) return lungo_unit_refuse(unit, "top has another layout");
    }
    if (unit->sum && (!top || !lungo_blob_is_blocked(unit->added)))
        return lungo_unit_refuse(unit, "what it adds is row-major");
    return LUNGO_OK;
}

/* Room for the primitives, then for what they read in bfloat16, then for folded weights, or for
 * what to_weights makes. */
static void need_scratch(lungo_unit *unit, lungo_filters *f) {
    const lungo_primitive *all[] = {&f->to_map,          &f->to_image,          &f->to_weights,
                                    &f->for_map.reorder, &f->for_image.reorder, &f->unpack,
                                    &f->image.reorder,   &f->map.reorder};
    f->room = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->scratch > f->room) f->room = all[i]->scratch;
    f->room = lungo_onednn_aligned(f->room);
    size_t filters_of_bias = lungo_onednn_aligned((size_t)unit->op.convolution.filters);
    size_t gradients = lungo_onednn_aligned(f->gradient_floats) +
                       lungo_onednn_aligned(f->weight_count) + filters_of_bias;
    size_t folded = lungo_unit_folds(unit) ? f->weight_count : 0;
    size_t narrowed = f->image.floats + f->map.floats;
    lungo_layer_need_scratch(unit->layer,
                             f->room + narrowed + (f->to_weights.made ? gradients : folded));
}

lungo_status lungo_filters_open(lungo_unit *unit) {
    const lungo_window *window = &unit->op.convolution.window;
    lungo_filters *f = unit->state;
    bool found;
    f->transposed = unit->op.kind == LUNGO_OP_DECONVOLUTION;
    if (window->axes < 1 || window->axes > 3 || unit->bottoms[0]->shape.axes != window->axes + 2)
        return lungo_unit_refuse(unit, "%d spatial axes, shape %s", window->axes,
                                 lungo_shape_text(&unit->bottoms[0]->shape).text);
    if (unit->tops[0]->count == 0 || unit->bottoms[0]->count == 0)
        return lungo_unit_refuse(unit, "no values");
    LUNGO_TRY(lungo_filters_choose(unit, &found));
    if (!found) return lungo_unit_refuse(unit, "oneDNN has only reference code for it");
    if (unit->if_faster && !lungo_primitive_takes_bf16(&f->to_map, DNNL_ARG_SRC))
        refuse_if_slower(unit);
    if (unit->refused) return LUNGO_OK;
    LUNGO_TRY(block_blobs(unit, f));
    if (unit->refused) return LUNGO_OK;
    if (!f->transposed || lungo_filters_want_bottoms(unit)) LUNGO_TRY(ready_to_map(unit, f));
    if (f->to_image.desc) LUNGO_TRY(ready_to_image(f));
    if (f->to_weights.desc) LUNGO_TRY(ready_to_weights(unit, f));
    LUNGO_TRY(ready_narrowed(unit, f));
    need_scratch(unit, f);
    snprintf(unit->info, sizeof unit->info, "%s%s%s%s%s%s%s", lungo_primitive_info(&f->to_map),
             f->to_image.made ? " " : "", lungo_primitive_info(&f->to_image),
             f->to_weights.made ? " " : "", lungo_primitive_info(&f->to_weights),
             lungo_unit_folds(unit) ? ", folded weights" : "", unit->sum ? ", sum" : "");
    return lungo_fold_open(&f->fold, unit);
}

void lungo_filters_close(lungo_unit *unit) {
    lungo_filters *f = unit->state;
    lungo_primitive_dispose(&f->to_map);
    lungo_primitive_dispose(&f->to_image);
    lungo_primitive_dispose(&f->to_weights);
    lungo_primitive_dispose(&f->unpack);
    lungo_packed_weights_dispose(&f->for_map);
    lungo_packed_weights_dispose(&f->for_image);
    lungo_narrowed_dispose(&f->image);
    lungo_narrowed_dispose(&f->map);
    lungo_fold_dispose(&f->fold);
}

/* ---- running ---- */

void lungo_filters_begin(lungo_unit *unit) {
    lungo_filters *f = unit->state;
    f->image.of = f->map.of = NULL;
}

float *lungo_filters_rest(lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    return lungo_layer_scratch(unit->layer) + f->room + f->image.floats + f->map.floats;
}

/* Binds the values, or what they are in bfloat16 if the primitive reads that. */
static lungo_status bind_image(lungo_unit *unit, lungo_primitive *primitive, int id,
                               const float *values) {
    lungo_filters *f = unit->state;
    float *scratch = lungo_layer_scratch(unit->layer), *copy = scratch + f->room;
    bool narrow = lungo_primitive_takes_bf16(primitive, id);
    if (narrow) LUNGO_TRY(lungo_narrowed_make(&f->image, values, copy, scratch));
    lungo_primitive_bind(primitive, id, narrow ? copy : values);
    return LUNGO_OK;
}

static lungo_status bind_map(lungo_unit *unit, lungo_primitive *primitive, int id,
                             const float *values) {
    lungo_filters *f = unit->state;
    float *scratch = lungo_layer_scratch(unit->layer);
    float *copy = scratch + f->room + f->image.floats;
    bool narrow = lungo_primitive_takes_bf16(primitive, id);
    if (narrow) LUNGO_TRY(lungo_narrowed_make(&f->map, values, copy, scratch));
    lungo_primitive_bind(primitive, id, narrow ? copy : values);
    return LUNGO_OK;
}

static lungo_status weights_for_map(lungo_unit *unit, float *scratch, const float **out) {
    lungo_filters *f = unit->state;
    *out = f->for_map.values;
    if (lungo_unit_folds(unit)) return LUNGO_OK;
    return lungo_packed_weights_get(&f->for_map, unit->layer->params[WEIGHTS].blob, scratch, out);
}

static const float *bias_for_map(const lungo_unit *unit) {
    const lungo_filters *f = unit->state;
    return lungo_unit_folds(unit) ? f->fold.map.shift : lungo_param(unit->layer, BIAS);
}

lungo_status lungo_filters_to_map(lungo_unit *unit, const float *image, float *map) {
    lungo_filters *f = unit->state;
    const float *weights;
    float *scratch = lungo_layer_scratch(unit->layer);
    LUNGO_TRY(weights_for_map(unit, scratch, &weights));
    unit->packing = f->for_map.seconds + f->for_image.seconds;
    LUNGO_TRY(bind_image(unit, &f->to_map, DNNL_ARG_SRC, image));
    lungo_primitive_bind(&f->to_map, DNNL_ARG_WEIGHTS, weights);
    if (lungo_filters_add_bias(unit))
        lungo_primitive_bind(&f->to_map, DNNL_ARG_BIAS, bias_for_map(unit));
    if (unit->sum)
        lungo_primitive_bind(&f->to_map, LUNGO_ARG_ADDED,
                             lungo_blob_data_in(unit->added, true, LUNGO_READ));
    lungo_primitive_bind(&f->to_map, DNNL_ARG_DST, map);
    return lungo_primitive_run(&f->to_map, scratch);
}

lungo_status lungo_filters_to_image(lungo_unit *unit, const float *map, float *image) {
    lungo_filters *f = unit->state;
    const float *weights;
    float *scratch = lungo_layer_scratch(unit->layer);
    LUNGO_TRY(lungo_packed_weights_get(&f->for_image, unit->layer->params[WEIGHTS].blob, scratch,
                                       &weights));
    unit->packing = f->for_map.seconds + f->for_image.seconds;
    LUNGO_TRY(bind_map(unit, &f->to_image, DNNL_ARG_DIFF_DST, map));
    lungo_primitive_bind(&f->to_image, DNNL_ARG_WEIGHTS, weights);
    lungo_primitive_bind(&f->to_image, DNNL_ARG_DIFF_SRC, image);
    return lungo_primitive_run(&f->to_image, scratch);
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
    lungo_filters *f = unit->state;
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
    lungo_filters *f = unit->state;
    lungo_blob *image = f->transposed ? unit->tops[i] : unit->bottoms[i];
    lungo_blob *map = f->transposed ? unit->bottoms[i] : unit->tops[i];
    float *made = lungo_filters_rest(unit);
    float *plain = made + lungo_onednn_aligned(f->gradient_floats),
          *bias = plain + lungo_onednn_aligned(f->weight_count);
    const float *x = f->transposed ? lungo_blob_diff_in(image, f->image_blocked, LUNGO_READ)
                                   : lungo_blob_data_in(image, f->image_blocked, LUNGO_READ);
    const float *dy = f->transposed ? lungo_blob_data_in(map, f->map_blocked, LUNGO_READ)
                                    : lungo_blob_diff_in(map, f->map_blocked, LUNGO_READ);
    LUNGO_TRY(bind_image(unit, &f->to_weights, DNNL_ARG_SRC, x));
    LUNGO_TRY(bind_map(unit, &f->to_weights, DNNL_ARG_DIFF_DST, dy));
    lungo_primitive_bind(&f->to_weights, DNNL_ARG_DIFF_WEIGHTS, made);
    lungo_primitive_bind(&f->to_weights, DNNL_ARG_DIFF_BIAS, bias);
    LUNGO_TRY(lungo_primitive_run(&f->to_weights, lungo_layer_scratch(unit->layer)));
    if (lungo_filters_have_bias(unit) && !f->transposed)
        add_up(unit->layer, BIAS, beta[BIAS], bias);
    return unpack_weights(unit, beta[WEIGHTS], made, plain);
}

lungo_status lungo_filters_to_params(lungo_unit *unit, int i) {
    const lungo_layer *layer = unit->layer;
    if (!lungo_filters_want_params(unit)) return LUNGO_OK;
    float beta[] = {1, 1};
    if (i == 0) {
        beta[WEIGHTS] = lungo_grad_beta(layer, WEIGHTS);
        beta[BIAS] = lungo_filters_have_bias(unit) ? lungo_grad_beta(layer, BIAS) : 0;
    }
    return run_to_weights(unit, i, beta);
}
