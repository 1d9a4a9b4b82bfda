#include "layers/loss/loss.h"

#include <limits.h>

lungo_normalization lungo_loss_normalization(const Caffe__LossParameter *param,
                                             lungo_normalization fallback) {
    if (param->has_normalization) return param->normalization;
    if (param->has_normalize)
        return param->normalize ? CAFFE__LOSS_PARAMETER__NORMALIZATION_MODE__VALID
                                : CAFFE__LOSS_PARAMETER__NORMALIZATION_MODE__BATCH_SIZE;
    return fallback;
}

float lungo_loss_divisor(lungo_normalization mode, size_t outer, size_t all, size_t valid) {
    size_t divisor = 1;
    if (mode == CAFFE__LOSS_PARAMETER__NORMALIZATION_MODE__FULL) divisor = all;
    if (mode == CAFFE__LOSS_PARAMETER__NORMALIZATION_MODE__VALID) divisor = valid;
    if (mode == CAFFE__LOSS_PARAMETER__NORMALIZATION_MODE__BATCH_SIZE) divisor = outer;
    return divisor > 1 ? (float)divisor : 1;
}

int lungo_label_int(float value) {
    return value >= -0x1p31f && value < 0x1p31f ? (int)value : INT_MIN;
}

static lungo_status check_classes(const lungo_layer *layer, const lungo_classes *classes) {
    const lungo_blob *scores = layer->bottoms[0], *labels = layer->bottoms[1];
    if (classes->classes < 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected scores of a class or more, got "
                          "shape %s",
                          scores->name, lungo_shape_text(&scores->shape).text);
    if (labels->count == classes->outer * classes->inner) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "bottom '%s': expected %zu labels, one for every item and position of bottom "
                      "'%s' (shape %s, %zu classes), got %zu (shape %s)",
                      labels->name, classes->outer * classes->inner, scores->name,
                      lungo_shape_text(&scores->shape).text, classes->classes, labels->count,
                      lungo_shape_text(&labels->shape).text);
}

lungo_status lungo_classes_of(const lungo_layer *layer, int axis, lungo_classes *out) {
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    int at;
    LUNGO_TRY(lungo_shape_axis(shape, axis, "axis", &at));
    *out = (lungo_classes){lungo_shape_range(shape, 0, at), (size_t)shape->dim[at],
                           lungo_shape_from(shape, at + 1)};
    return check_classes(layer, out);
}

lungo_status lungo_classes_of_items(const lungo_layer *layer, lungo_classes *out) {
    const lungo_shape *shape = &layer->bottoms[0]->shape;
    *out = (lungo_classes){(size_t)shape->dim[0], lungo_shape_from(shape, 1), 1};
    return check_classes(layer, out);
}

static lungo_status fail_label(const lungo_layer *layer, const lungo_classes *classes,
                               size_t index) {
    const lungo_blob *labels = layer->bottoms[1];
    float value = lungo_data(labels)[index];
    size_t item = index / classes->inner, position = index % classes->inner;
    if (classes->inner == 1)
        return lungo_fail(
            LUNGO_ERR_DATA,
            "label out of range: bottom '%s', item %zu: expected 0 to %zu for the %zu "
            "classes of bottom '%s', got %g",
            labels->name, item, classes->classes - 1, classes->classes, layer->bottoms[0]->name,
            value);
    return lungo_fail(
        LUNGO_ERR_DATA,
        "label out of range: bottom '%s', item %zu, position %zu: expected 0 to %zu for "
        "the %zu classes of bottom '%s', got %g",
        labels->name, item, position, classes->classes - 1, classes->classes,
        layer->bottoms[0]->name, value);
}

lungo_status lungo_classes_label(const lungo_layer *layer, const lungo_classes *classes,
                                 size_t index, int *label) {
    int value = lungo_label_int(lungo_data(layer->bottoms[1])[index]);
    if (value < 0 || (size_t)value >= classes->classes) return fail_label(layer, classes, index);
    *label = value;
    return LUNGO_OK;
}

lungo_status lungo_loss_reshape(lungo_layer *layer) {
    const lungo_blob *a = layer->bottoms[0], *b = layer->bottoms[1];
    if (a->shape.axes < 1 || b->shape.axes < 1 || a->shape.dim[0] != b->shape.dim[0])
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "expected as many items (axis 0) in bottom '%s' as in bottom '%s', got "
                          "shapes %s and %s",
                          b->name, a->name, lungo_shape_text(&b->shape).text,
                          lungo_shape_text(&a->shape).text);
    return lungo_blob_reshape(layer->tops[0], &lungo_scalar_shape);
}
