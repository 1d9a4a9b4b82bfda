#include "plan/fold.h"

#include <math.h>

#include "math/vector.h"

enum { WEIGHTS, BIAS };          /* parameters of Convolution */
enum { MEAN, VARIANCE, FACTOR }; /* of BatchNorm */
enum { GAMMA, BETA };            /* of Scale */

bool lungo_unit_folds(const lungo_unit *unit) {
    return unit->norm || (unit->scale && unit->op.kind == LUNGO_OP_CONVOLUTION);
}

lungo_status lungo_fold_open(lungo_fold *fold, const lungo_unit *unit) {
    for (int i = 0; i < LUNGO_FOLD_SOURCES; i++)
        fold->versions[i] = UINT64_MAX;
    if (!lungo_unit_folds(unit)) return LUNGO_OK;
    size_t filters = (size_t)unit->op.convolution.filters;
    fold->vectors = lungo_new_floats(2 * filters);
    if (!fold->vectors) return lungo_fail_memory("a folded bias", 2 * filters * sizeof(float));
    fold->map = (lungo_affine){filters, fold->vectors, fold->vectors + filters};
    return LUNGO_OK;
}

void lungo_fold_dispose(lungo_fold *fold) {
    lungo_free_floats(fold->vectors);
    *fold = (lungo_fold){0};
}

/* ---- what has changed ---- */

static bool note_versions(lungo_fold *fold, const lungo_unit *unit) {
    const lungo_layer *layers[] = {unit->layer, unit->norm, unit->scale};
    bool changed = false;
    int next = 0;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        for (int j = 0; layers[i] && j < layers[i]->param_count; j++, next++) {
            uint64_t version = layers[i]->params[j].blob->data->version;
            changed |= fold->versions[next] != version;
            fold->versions[next] = version;
        }
    return changed;
}

/* ---- folding ---- */

static const float *param_of(const lungo_layer *layer, int j) {
    return layer && layer->param_count > j ? lungo_param(layer, j) : NULL;
}

static void find_map(const lungo_fold *fold, const lungo_unit *unit) {
    const lungo_layer *norm = unit->norm, *scale = unit->scale;
    lungo_affine_begin(&fold->map, param_of(unit->layer, BIAS));
    if (norm)
        lungo_affine_normalise(&fold->map, lungo_param(norm, MEAN), lungo_param(norm, VARIANCE),
                               lungo_param(norm, FACTOR)[0], lungo_layer_op(norm).batch_norm.eps);
    if (scale) lungo_affine_scale(&fold->map, param_of(scale, GAMMA), param_of(scale, BETA));
}

static void fold_weights(const lungo_fold *fold, const lungo_unit *unit, float *out) {
    size_t filters = fold->map.channels;
    lungo_affine_weights shape = {.rows = filters,
                                  .rows_per_group = 1,
                                  .per_row = 1,
                                  .length = unit->layer->params[WEIGHTS].blob->count / filters};
    lungo_affine_fold(&fold->map, &shape, lungo_param(unit->layer, WEIGHTS), out);
}

static bool is_finite(size_t count, const float *values) {
    return !values || isfinite(lungo_sum(count, values));
}

bool lungo_fold_follow(lungo_fold *fold, const lungo_unit *unit, float *weights) {
    if (!note_versions(fold, unit)) return false;
    const float *w = lungo_param(unit->layer, WEIGHTS), *b = param_of(unit->layer, BIAS);
    if (fold->vectors) {
        find_map(fold, unit);
        fold_weights(fold, unit, weights);
        w = weights;
        b = fold->map.shift;
    }
    fold->finite = is_finite(unit->layer->params[WEIGHTS].blob->count, w) &&
                   is_finite((size_t)unit->op.convolution.filters, b);
    return true;
}
