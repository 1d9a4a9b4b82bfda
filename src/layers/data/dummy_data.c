/* DummyData: tops made by fillers, for tests and benchmarks.
 *
 *   top[i]   of shape `shape` (one for all, or one per top; or num, channels, height, width)
 *
 * A top of the constant filler (the default, zeros) is filled once, when the net starts. Any other
 * is drawn again in every forward, the first included, in the order of the tops. So a layer that
 * works in place on a constant top changes it for all forwards that follow, as in Caffe.
 *
 * Example:
 *
 *   layer {
 *     name: "data" type: "DummyData" top: "data" top: "label"
 *     dummy_data_param {
 *       shape { dim: 4 dim: 3 dim: 8 dim: 8 }
 *       shape { dim: 4 }
 *       data_filler { type: "gaussian" std: 1 }
 *       data_filler { type: "constant" value: 3 }
 *     }
 *   }
 */
#include <limits.h>
#include <string.h>

#include "filler/filler.h"
#include "layer/blob_shape.h"
#include "layer/layer.h"

static const Caffe__FillerParameter *filler_of(const lungo_layer *layer, int i) {
    const Caffe__DummyDataParameter *param = layer->param->dummy_data_param;
    if (param->n_data_filler == 0) return NULL;
    return param->data_filler[param->n_data_filler == 1 ? 0 : i];
}

static bool is_constant(const lungo_layer *layer, int i) {
    const Caffe__FillerParameter *filler = filler_of(layer, i);
    return !filler || strcmp(filler->type, "constant") == 0;
}

static bool is_legacy(const Caffe__DummyDataParameter *param) {
    return param->n_num || param->n_channels || param->n_height || param->n_width;
}

static lungo_status check_count(const lungo_layer *layer, const char *field, size_t count) {
    if (count == 1 || count == (size_t)layer->top_count) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG, "%s: expected 1 or one per top (%d), got %zu", field,
                      layer->top_count, count);
}

static lungo_status setup(lungo_layer *layer) {
    const Caffe__DummyDataParameter *param = layer->param->dummy_data_param;
    if (param->n_data_filler) LUNGO_TRY(check_count(layer, "data_filler", param->n_data_filler));
    if (!is_legacy(param)) return check_count(layer, "shape", param->n_shape);
    if (param->n_shape)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "expected shape or the older num, channels, height, width, got both");
    LUNGO_TRY(check_count(layer, "num", param->n_num));
    LUNGO_TRY(check_count(layer, "channels", param->n_channels));
    LUNGO_TRY(check_count(layer, "height", param->n_height));
    return check_count(layer, "width", param->n_width);
}

static int pick(const uint32_t *values, size_t count, int i) {
    uint32_t value = values[count == 1 ? 0 : i];
    return value > INT_MAX ? -1 : (int)value; /* -1 is refused as a dimension */
}

static lungo_status shape_of(const lungo_layer *layer, int i, lungo_shape *shape) {
    const Caffe__DummyDataParameter *param = layer->param->dummy_data_param;
    if (!is_legacy(param))
        return lungo_shape_read(shape, param->shape[param->n_shape == 1 ? 0 : i]);
    *shape =
        LUNGO_SHAPE(pick(param->num, param->n_num, i), pick(param->channels, param->n_channels, i),
                    pick(param->height, param->n_height, i), pick(param->width, param->n_width, i));
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    for (int i = 0; i < layer->top_count; i++) {
        lungo_shape shape;
        LUNGO_TRY(shape_of(layer, i, &shape));
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &shape));
        if (lungo_filler_check(filler_of(layer, i), &shape))
            return lungo_trail("in data_filler for top '%s'", layer->tops[i]->name);
    }
    return LUNGO_OK;
}

static lungo_status fill(lungo_layer *layer, bool constant) {
    for (int i = 0; i < layer->top_count; i++) {
        lungo_blob *top = layer->tops[i];
        if (is_constant(layer, i) != constant) continue;
        LUNGO_TRY(lungo_filler_fill(filler_of(layer, i), &top->shape, lungo_data_overwrite(top),
                                    layer->host->rng));
    }
    return LUNGO_OK;
}

static lungo_status start(lungo_layer *layer) {
    return fill(layer, true);
}

static lungo_status forward(lungo_layer *layer) {
    return fill(layer, false);
}

/* ---- resuming: constant tops that layers in place have changed ---- */

static float constant_of(const lungo_layer *layer, int i) {
    const Caffe__FillerParameter *filler = filler_of(layer, i);
    return filler ? filler->value : 0;
}

static bool has_changed(const lungo_layer *layer, int i) {
    const lungo_blob *top = layer->tops[i];
    const float *values = lungo_data(top);
    float constant = constant_of(layer, i);
    for (size_t k = 0; k < top->count; k++)
        if (memcmp(&values[k], &constant, sizeof constant) != 0) return true;
    return false;
}

static lungo_status save(const lungo_layer *layer, lungo_writer *writer) {
    for (int i = 0; i < layer->top_count; i++) {
        if (!is_constant(layer, i)) continue;
        size_t bytes = has_changed(layer, i) ? layer->tops[i]->count * sizeof(float) : 0;
        lungo_write_u64(writer, bytes);
        if (bytes > 0) lungo_write_bytes(writer, lungo_data(layer->tops[i]), bytes);
    }
    return writer->failed ? lungo_fail_memory("tops", writer->length) : LUNGO_OK;
}

static lungo_status load_top(lungo_layer *layer, int i, lungo_reader *reader) {
    lungo_blob *top = layer->tops[i];
    uint64_t bytes;
    LUNGO_TRY(lungo_read_u64(reader, &bytes));
    if (bytes == 0)
        return lungo_filler_fill(filler_of(layer, i), &top->shape, lungo_data_overwrite(top),
                                 layer->host->rng);
    if (bytes == top->count * sizeof(float))
        return lungo_read_bytes(reader, lungo_data_overwrite(top), (size_t)bytes);
    return lungo_fail(LUNGO_ERR_DATA, "top '%s': expected %zu bytes of values, got %llu", top->name,
                      top->count * sizeof(float), (unsigned long long)bytes);
}

static lungo_status load(lungo_layer *layer, lungo_reader *reader) {
    for (int i = 0; i < layer->top_count; i++)
        if (is_constant(layer, i)) LUNGO_TRY(load_top(layer, i, reader));
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_dummy_data = {
    .name = "DummyData",
    .brief = "Tops made by fillers, for tests and benchmarks.",
    .family = "data",
    .params = {"dummy_data_param"},
    .bottoms = {0, 0},
    .tops = {1, -1},
    .setup = setup,
    .start = start,
    .reshape = reshape,
    .forward = forward,
    .save = save,
    .load = load,
};
