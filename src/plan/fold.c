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
    fold->vectors = lungo_new_floats(3 * filters);
    if (!fold->vectors) return lungo_fail_memory("a folded bias", 3 * filters * sizeof(float));
    fold->bias = fold->vectors;
    fold->mean = fold->bias + filters;
    fold->factor = fold->mean + filters;
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

/* `factor` is 1 / sqrt(variance + eps) as BatchNorm computes it; 1 where there is none. */
static void find_norm(lungo_fold *fold, const lungo_unit *unit) {
    size_t filters = (size_t)unit->op.convolution.filters;
    const lungo_layer *norm = unit->norm;
    for (size_t c = 0; c < filters && !norm; c++) {
        fold->mean[c] = 0;
        fold->factor[c] = 1;
    }
    if (!norm) return;
    lungo_op op = lungo_layer_op(norm);
    lungo_batch_norm_stored(&op.batch_norm.shape, lungo_param(norm, MEAN),
                            lungo_param(norm, VARIANCE), lungo_param(norm, FACTOR)[0], fold->mean,
                            fold->factor);
    for (size_t c = 0; c < filters; c++)
        fold->factor[c] = 1 / sqrtf(fold->factor[c] + op.batch_norm.eps);
}

static void find_vectors(lungo_fold *fold, const lungo_unit *unit) {
    const float *b = param_of(unit->layer, BIAS);
    const float *gamma = param_of(unit->scale, GAMMA), *beta = param_of(unit->scale, BETA);
    find_norm(fold, unit);
    for (int c = 0; c < unit->op.convolution.filters; c++) {
        if (gamma) fold->factor[c] *= gamma[c];
        float shifted = (b ? b[c] : 0) - fold->mean[c];
        fold->bias[c] = fold->factor[c] * shifted + (beta ? beta[c] : 0);
    }
}

static void fold_weights(const lungo_fold *fold, const lungo_unit *unit, float *out) {
    const float *w = lungo_param(unit->layer, WEIGHTS);
    size_t filters = (size_t)unit->op.convolution.filters;
    size_t length = unit->layer->params[WEIGHTS].blob->count / filters;
    for (size_t c = 0; c < filters; c++)
        for (size_t i = c * length; i < (c + 1) * length; i++)
            out[i] = fold->factor[c] * w[i];
}

static bool is_finite(size_t count, const float *values) {
    return !values || isfinite(lungo_sum(count, values));
}

bool lungo_fold_follow(lungo_fold *fold, const lungo_unit *unit, float *weights) {
    if (!note_versions(fold, unit)) return false;
    const float *w = lungo_param(unit->layer, WEIGHTS), *b = param_of(unit->layer, BIAS);
    if (fold->vectors) {
        find_vectors(fold, unit);
        fold_weights(fold, unit, weights);
        w = weights;
        b = fold->bias;
    }
    fold->finite = is_finite(unit->layer->params[WEIGHTS].blob->count, w) &&
                   is_finite((size_t)unit->op.convolution.filters, b);
    return true;
}
