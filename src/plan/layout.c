/* What units ask of blobs: their values in one of two layouts. */
#include "math/parallel.h"
#include "plan/step.h"

size_t lungo_plan_lanes(void) {
#ifdef __AVX512F__
    return 16;
#else
    return 8;
#endif
}

lungo_status lungo_blob_block(lungo_blob *blob, bool *done) {
    lungo_blocked layout = lungo_blob_layout(blob, lungo_plan_lanes());
    *done = lungo_blob_is_blocked(blob) || blob->data->layout.lanes == 0;
    if (layout.lanes == 0) *done = false;
    if (!*done) return LUNGO_OK;
    LUNGO_TRY(lungo_storage_block(blob->data, &layout, blob->name));
    return blob->diff->values ? lungo_storage_block(blob->diff, &layout, blob->name) : LUNGO_OK;
}

float *lungo_blob_data_in(lungo_blob *blob, bool blocked, lungo_access access) {
    return blocked ? lungo_storage_blocked(blob->data, access)
                   : lungo_storage_values(blob->data, access);
}

float *lungo_blob_diff_in(lungo_blob *blob, bool blocked, lungo_access access) {
    if (access == LUNGO_OVERWRITE) blob->diff->stale = false;
    return blocked ? lungo_storage_blocked(blob->diff, access)
                   : lungo_storage_values(blob->diff, access);
}

size_t lungo_blob_count_in(const lungo_blob *blob, bool blocked) {
    return blocked ? lungo_blocked_count(&blob->data->layout) : blob->count;
}

void lungo_unit_mask_relu(lungo_unit *unit, bool blocked) {
    if (!unit->relu || !unit->relu->needs_backward) return;
    float slope = unit->relu->param->relu_param->negative_slope;
    size_t count = lungo_blob_count_in(unit->tops[0], blocked);
    const float *y = lungo_blob_data_in(unit->tops[0], blocked, LUNGO_READ);
    float *dy = lungo_blob_diff_in(unit->tops[0], blocked, LUNGO_UPDATE);
#pragma omp parallel for simd if (parallel : lungo_worth_threads(count))
    for (size_t i = 0; i < count; i++)
        dy[i] = y[i] > 0 ? dy[i] : slope * dy[i];
}
