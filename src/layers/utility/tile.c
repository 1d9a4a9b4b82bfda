/* Tile: the bottom repeated along `axis`.
 *
 *   bottom[0]  x  (outer, inner)          the axis begins inner
 *   top[0]     y  (outer, tiles, inner)   on one axis: dim becomes tiles dim
 *   backward   dx = sum over the tiles of dy
 *
 * Example:
 *
 *   # x: 2 3
 *   layer {
 *     name: "tile" type: "Tile" bottom: "x" top: "y"
 *     tile_param { axis: 1 tiles: 4 }
 *   }
 */
#include <limits.h>
#include <string.h>

#include "layer/layer.h"

typedef struct tile_state {
    size_t outer, tiles, inner;
} tile_state;

static lungo_status setup(lungo_layer *layer) {
    const Caffe__TileParameter *param = layer->param->tile_param;
    if (!param->has_tiles)
        return lungo_fail(LUNGO_ERR_CONFIG, "layer needs tile_param { tiles: ... }, got none");
    if (param->tiles < 1)
        return lungo_fail(LUNGO_ERR_CONFIG, "tiles: expected 1 or more, got %d", param->tiles);
    return LUNGO_OK;
}

static lungo_status reshape(lungo_layer *layer) {
    const Caffe__TileParameter *param = layer->param->tile_param;
    tile_state *state = layer->state;
    lungo_shape shape = layer->bottoms[0]->shape;
    int axis;
    LUNGO_TRY(lungo_shape_axis(&shape, param->axis, "axis", &axis));
    *state = (tile_state){lungo_shape_range(&shape, 0, axis), (size_t)param->tiles,
                          lungo_shape_from(&shape, axis)};
    if (shape.dim[axis] > INT_MAX / param->tiles)
        return lungo_fail(LUNGO_ERR_MEMORY, "axis %d: expected at most %d in all, got %d times %d",
                          axis, INT_MAX, param->tiles, shape.dim[axis]);
    shape.dim[axis] *= param->tiles;
    return lungo_blob_reshape(layer->tops[0], &shape);
}

static lungo_status forward(lungo_layer *layer) {
    const tile_state *state = layer->state;
    size_t inner = state->inner;
    const float *x = lungo_data(layer->bottoms[0]);
    float *y = lungo_data_overwrite(layer->tops[0]);
    for (size_t i = 0; i < state->outer; i++)
        for (size_t t = 0; t < state->tiles; t++)
            memcpy(y + (i * state->tiles + t) * inner, x + i * inner, inner * sizeof *y);
    return LUNGO_OK;
}

static lungo_status backward(lungo_layer *layer) {
    if (!lungo_wants_bottom(layer, 0)) return LUNGO_OK;
    const tile_state *state = layer->state;
    size_t inner = state->inner;
    const float *dy = lungo_diff(layer->tops[0]);
    float *dx = lungo_diff_overwrite(layer->bottoms[0]);
    for (size_t i = 0; i < state->outer; i++, dx += inner) {
        memcpy(dx, dy, inner * sizeof *dx);
        dy += inner;
        for (size_t t = 1; t < state->tiles; t++, dy += inner)
            for (size_t k = 0; k < inner; k++)
                dx[k] += dy[k];
    }
    return LUNGO_OK;
}

const lungo_layer_type lungo_layer_tile = {
    .name = "Tile",
    .brief = "Repeats its bottom along an axis.",
    .family = "utility",
    .params = {"tile_param"},
    .state_size = sizeof(tile_state),
    .bottoms = {1, 1},
    .tops = {1, 1},
    .setup = setup,
    .reshape = reshape,
    .forward = forward,
    .backward = backward,
};
