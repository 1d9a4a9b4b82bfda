/* ReLU, the SUM of Eltwise, the gradient of Split and Dropout in TEST, in whatever layout their
 * bottom is: value by value, padding included, which stays 0. Each reads and writes memory once. */
#include <stdio.h>
#include <string.h>

#include "math/parallel.h"
#include "plan/units.h"

typedef struct elementwise {
    bool blocked;
} elementwise;

/* All bottoms and tops in the layout of the first bottom. */
static lungo_status open_unit(lungo_unit *unit) {
    elementwise *e = unit->state;
    bool done = true;
    e->blocked = lungo_blob_is_blocked(unit->bottoms[0]);
    if (!e->blocked) return lungo_unit_refuse(unit, "its bottom is row-major");
    for (int i = 0; i < unit->layer->bottom_count && done; i++)
        LUNGO_TRY(lungo_blob_block(unit->bottoms[i], &done));
    for (int i = 0; i < unit->layer->top_count && done; i++)
        LUNGO_TRY(lungo_blob_block(unit->tops[i], &done));
    if (!done) return lungo_unit_refuse(unit, "bottoms and tops have several layouts");
    snprintf(unit->info, sizeof unit->info, "value by value");
    return LUNGO_OK;
}

static size_t count_of(const lungo_unit *unit) {
    return lungo_blob_count_in(unit->bottoms[0], ((const elementwise *)unit->state)->blocked);
}

static float *data_of(const lungo_unit *unit, lungo_blob *blob, lungo_access access) {
    return lungo_blob_data_in(blob, ((const elementwise *)unit->state)->blocked, access);
}

static float *diff_of(const lungo_unit *unit, lungo_blob *blob, lungo_access access) {
    return lungo_blob_diff_in(blob, ((const elementwise *)unit->state)->blocked, access);
}

/* ---- ReLU ---- */

static lungo_status forward_relu(lungo_unit *unit) {
    float slope = unit->op.relu_slope;
    size_t count = count_of(unit);
    const float *x = data_of(unit, unit->bottoms[0], LUNGO_READ);
    float *y = data_of(unit, unit->tops[0], LUNGO_OVERWRITE);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] > 0 ? x[i] : slope * x[i] + 0.0f;
    return LUNGO_OK;
}

static lungo_status backward_relu(lungo_unit *unit) {
    float slope = unit->op.relu_slope;
    size_t count = count_of(unit);
    if (!unit->layer->needs_backward || !lungo_wants_bottom(unit->layer, 0)) return LUNGO_OK;
    const float *x = data_of(unit, unit->bottoms[0], LUNGO_READ);
    const float *dy = diff_of(unit, unit->tops[0], LUNGO_READ);
    float *dx = diff_of(unit, unit->bottoms[0], LUNGO_OVERWRITE);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
    return LUNGO_OK;
}

/* ---- SUM ---- */

static float factor_of(const lungo_unit *unit, int i) {
    return unit->op.sum_factors ? unit->op.sum_factors[i] : 1;
}

static float slope_of(const lungo_unit *unit) {
    return unit->relu ? unit->relu->param->relu_param->negative_slope : 1;
}

/* y = a x + b z, through a ReLU where slope is not 1. */
static void add_two(size_t count, float a, const float *x, float b, const float *z, float slope,
                    float *y) {
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++) {
        float sum = a * x[i] + b * z[i];
        y[i] = sum > 0 ? sum : slope * sum;
    }
}

static lungo_status forward_sum(lungo_unit *unit) {
    int last = unit->layer->bottom_count - 1;
    const float *x = data_of(unit, unit->bottoms[0], LUNGO_READ);
    float *y = data_of(unit, unit->tops[0], LUNGO_OVERWRITE), factor = factor_of(unit, 0);
    for (int i = 1; i <= last; i++) {
        const float *z = data_of(unit, unit->bottoms[i], LUNGO_READ);
        add_two(count_of(unit), factor, x, factor_of(unit, i), z, i == last ? slope_of(unit) : 1,
                y);
        x = y;
        factor = 1;
    }
    return LUNGO_OK;
}

/* From the last bottom to the first, since in place dx_0 is dy. */
static lungo_status backward_sum(lungo_unit *unit) {
    size_t count = count_of(unit);
    if (!unit->layer->needs_backward) return LUNGO_OK;
    lungo_unit_mask_relu(unit, ((const elementwise *)unit->state)->blocked);
    const float *dy = diff_of(unit, unit->tops[0], LUNGO_READ);
    for (int i = unit->layer->bottom_count - 1; i >= 0; i--) {
        if (!lungo_wants_bottom(unit->layer, i)) continue;
        float *dx = diff_of(unit, unit->bottoms[i], LUNGO_OVERWRITE), factor = factor_of(unit, i);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
        for (size_t k = 0; k < count; k++)
            dx[k] = factor * dy[k];
    }
    return LUNGO_OK;
}

/* ---- Split ---- */

/* The tops are on the memory of the bottom. */
static lungo_status forward_split(lungo_unit *unit) {
    (void)unit;
    return LUNGO_OK;
}

static lungo_status backward_split(lungo_unit *unit) {
    if (!unit->layer->needs_backward || !lungo_wants_bottom(unit->layer, 0)) return LUNGO_OK;
    const float *x = diff_of(unit, unit->tops[0], LUNGO_READ);
    float *dx = diff_of(unit, unit->bottoms[0], LUNGO_OVERWRITE);
    for (int i = 1; i < unit->layer->top_count; i++, x = dx)
        add_two(count_of(unit), 1, x, 1, diff_of(unit, unit->tops[i], LUNGO_READ), 1, dx);
    return LUNGO_OK;
}

static lungo_status open_split(lungo_unit *unit) {
    if (unit->layer->top_count < 2) return lungo_unit_refuse(unit, "it has one top");
    return open_unit(unit);
}

/* ---- identity ---- */

/* In place, nothing is done, and nobody asks for rows. */
static lungo_status forward_identity(lungo_unit *unit) {
    lungo_blob *bottom = unit->bottoms[0], *top = unit->tops[0];
    if (bottom == top) return LUNGO_OK;
    const float *x = data_of(unit, bottom, LUNGO_READ);
    memcpy(data_of(unit, top, LUNGO_OVERWRITE), x, count_of(unit) * sizeof *x);
    return LUNGO_OK;
}

static lungo_status backward_identity(lungo_unit *unit) {
    lungo_blob *bottom = unit->bottoms[0], *top = unit->tops[0];
    if (bottom == top || !unit->layer->needs_backward || !lungo_wants_bottom(unit->layer, 0))
        return LUNGO_OK;
    const float *dy = diff_of(unit, top, LUNGO_READ);
    memcpy(diff_of(unit, bottom, LUNGO_OVERWRITE), dy, count_of(unit) * sizeof *dy);
    return LUNGO_OK;
}

const lungo_unit_type lungo_blocked_identity_unit = {
    .name = "blocked",
    .state_size = sizeof(elementwise),
    .open = open_unit,
    .forward = forward_identity,
    .backward = backward_identity,
};

const lungo_unit_type lungo_blocked_relu_unit = {
    .name = "blocked",
    .state_size = sizeof(elementwise),
    .open = open_unit,
    .forward = forward_relu,
    .backward = backward_relu,
};

const lungo_unit_type lungo_blocked_sum_unit = {
    .name = "blocked",
    .state_size = sizeof(elementwise),
    .takes_relu = true,
    .open = open_unit,
    .forward = forward_sum,
    .backward = backward_sum,
};

const lungo_unit_type lungo_blocked_split_unit = {
    .name = "blocked",
    .state_size = sizeof(elementwise),
    .open = open_split,
    .forward = forward_split,
    .backward = backward_split,
};
