#include "kernels/affine.h"

#include <math.h>

#include "kernels/batch_norm.h"
#include "math/vector.h"

void lungo_affine_begin(const lungo_affine *affine, const float *b) {
    lungo_fill(affine->channels, 1, affine->factor);
    for (size_t c = 0; c < affine->channels; c++)
        affine->shift[c] = b ? b[c] : 0;
}

void lungo_affine_normalise(const lungo_affine *affine, const float *mean, const float *variance,
                            float count, float eps) {
    const lungo_batch_norm one = {.channels = 1};
    for (size_t c = 0; c < affine->channels; c++) {
        float m, v;
        lungo_batch_norm_stored(&one, &mean[c], &variance[c], count, &m, &v);
        float rstd = 1 / sqrtf(v + eps);
        affine->factor[c] *= rstd;
        affine->shift[c] = (affine->shift[c] - m) * rstd;
    }
}

void lungo_affine_scale(const lungo_affine *affine, const float *gamma, const float *beta) {
    for (size_t c = 0; c < affine->channels; c++) {
        float g = gamma ? gamma[c] : 1;
        affine->factor[c] *= g;
        affine->shift[c] = affine->shift[c] * g + (beta ? beta[c] : 0);
    }
}

bool lungo_affine_is_finite(const lungo_affine *affine) {
    return isfinite(lungo_squares(affine->channels, affine->factor)) &&
           isfinite(lungo_squares(affine->channels, affine->shift));
}

void lungo_affine_fold(const lungo_affine *affine, const lungo_affine_weights *shape,
                       const float *w, float *out) {
    for (size_t r = 0; r < shape->rows; r++) {
        const float *factor = affine->factor + r / shape->rows_per_group * shape->per_row;
        for (size_t k = 0; k < shape->per_row; k++) {
            size_t at = (r * shape->per_row + k) * shape->length;
            for (size_t i = at; i < at + shape->length; i++)
                out[i] = factor[k] * w[i];
        }
    }
}
