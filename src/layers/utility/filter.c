/* Filter: only those items of its bottoms that the last one selects.
 *
 *   bottom[i]     x_i       (N, ...)
 *   bottom[last]  selector  (N) or (N, 1, ...): any value but 0 selects the item
 *   top[i]        y_i       (M, ...)   the M selected items of x_i, in order
 *   backward      dx_i = dy_i where selected, else 0     0 for the selector
 *
 * M is known only in forward; until then the tops have room for all items. The layers behind follow
 * the new shape.
 *
 * Example:
 *
 *   # x: 4 3
 *   # label: 4
 *   # selector: 4
 *   layer {
 *     name: "filter" type: "Filter"
 *     bottom: "x" bottom: "label" bottom: "selector" top: "some_x" top: "some_label"
 *   }
 */
#include <string.h>

#include "layer/layer.h"

static const lungo_blob *selector_of(const lungo_layer *layer) {
    return layer->bottoms[layer->bottom_count - 1];
}

static lungo_status setup(lungo_layer *layer) {
    lungo_blob **selected = layer->state;
    if (layer->top_count != layer->bottom_count - 1)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "layer makes one top of each bottom but the last: expected %d tops, got %d",
            layer->bottom_count - 1, layer->top_count);
    return lungo_layer_add_buffer(layer, selected, "selected");
}

static lungo_status check_shapes(const lungo_layer *layer) {
    const lungo_blob *selector = selector_of(layer);
    if (selector->shape.axes < 1 || lungo_shape_from(&selector->shape, 1) != 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "bottom '%s': expected one value per item, got shape %s", selector->name,
                          lungo_shape_text(&selector->shape).text);
    for (int i = 0; i < layer->top_count; i++) {
        const lungo_blob *bottom = layer->bottoms[i];
        if (bottom->shape.axes < 1 || bottom->shape.dim[0] != selector->shape.dim[0])
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "bottom '%s': expected %d items as bottom '%s' has, got shape %s",
                              bottom->name, selector->shape.dim[0], selector->name,
                              lungo_shape_text(&bottom->shape).text);
    }
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    lungo_blob **selected = layer->state;
    LUNGO_TRY(check_shapes(layer));
    LUNGO_TRY(lungo_blob_reshape(*selected, &LUNGO_SHAPE(selector_of(layer)->shape.dim[0])));
    return lungo_layer_reshape_like_bottom(layer);
}

/* A copy of the selector, so that backward goes by what forward went by; returns M. */
static int select_items(lungo_layer *layer) {
    lungo_blob **selected = layer->state;
    const lungo_blob *selector = selector_of(layer);
    float *kept = lungo_data_overwrite(*selected);
    int items = 0;
    memcpy(kept, lungo_data(selector), selector->count * sizeof *kept);
    for (size_t n = 0; n < selector->count; n++)
        items += kept[n] != 0;
    return items;
}

static lungo_status forward(lungo_layer *layer) {
    lungo_blob **selected = layer->state;
    int items = select_items(layer);
    const float *kept = lungo_data(*selected);
    for (int i = 0; i < layer->top_count; i++) {
        lungo_shape shape = layer->bottoms[i]->shape;
        size_t width = lungo_shape_from(&shape, 1), count = (*selected)->count;
        shape.dim[0] = items;
        LUNGO_TRY(lungo_blob_reshape(layer->tops[i], &shape));
        const float *x = lungo_data(layer->bottoms[i]);
        float *y = lungo_data_overwrite(layer->tops[i]);
        for (size_t n = 0; n < count; n++) {
            if (kept[n] == 0) continue;
            memcpy(y, x + n * width, width * sizeof *y);
            y += width;
        }
    }
    return LUNGO_OK;
}

static void spread(const lungo_blob *selected, const float *dy, float *dx, size_t width) {
    const float *kept = lungo_data(selected);
    for (size_t n = 0; n < selected->count; n++, dx += width) {
        if (kept[n] == 0) {
            memset(dx, 0, width * sizeof *dx);
        } else {
            memcpy(dx, dy, width * sizeof *dx);
            dy += width;
        }
    }
}

static lungo_status backward(lungo_layer *layer) {
    lungo_blob **selected = layer->state;
    for (int i = 0; i < layer->bottom_count; i++) {
        if (!lungo_wants_bottom(layer, i)) continue;
        lungo_blob *bottom = layer->bottoms[i];
        float *dx = lungo_diff_overwrite(bottom);
        if (i == layer->top_count)
            memset(dx, 0, bottom->count * sizeof *dx);
        else
            spread(*selected, lungo_diff(layer->tops[i]), dx, lungo_shape_from(&bottom->shape, 1));
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_filter = {
    .name = "Filter",
    .brief = "Only those items of its bottoms that the last one selects.",
    .family = "utility",
    .state_size = sizeof(lungo_blob *), /* the selector of the last forward */
    .bottoms = {2, -1},
    .tops = {1, -1},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
