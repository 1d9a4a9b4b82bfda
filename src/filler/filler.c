/* A table: name -> what it demands of its settings, and how it fills. All arithmetic is in float
 * and in Caffe's order of operations: a different rounding would be a different net for the same
 * seed. */
#include "filler/filler.h"

#include <math.h>
#include <string.h>

#include "base/buffer.h"

typedef Caffe__FillerParameter filler_settings;

typedef struct target {
    const filler_settings *settings;
    const lungo_shape *shape;
    float *values;
    size_t count;
    lungo_rng *rng;
} target;

typedef struct filler_type {
    const char *name;
    int least_axes;
    lungo_status (*check)(const filler_settings *, const lungo_shape *); /* NULL: nothing to ask */
    void (*fill)(const target *);
} filler_type;

/* ---- what settings must be ---- */

static lungo_status check_uniform(const filler_settings *settings, const lungo_shape *shape) {
    (void)shape;
    if (settings->min <= settings->max && isfinite(settings->max - settings->min)) return LUNGO_OK;
    return lungo_fail(
        LUNGO_ERR_CONFIG,
        "filler 'uniform': expected min <= max and a finite range, got min %g, max %g",
        (double)settings->min, (double)settings->max);
}

/* `sparse` non-zero weights on average among the shape's first dimension, hence at most as many. */
static lungo_status check_sparse(int sparse, const lungo_shape *shape) {
    if (sparse < -1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "filler 'gaussian': expected sparse >= 0, or -1 for none, got %d",
                          sparse);
    if (shape->axes == 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "filler 'gaussian': expected at least 1 axis for sparse, got shape ()");
    if (sparse <= shape->dim[0]) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "filler 'gaussian': expected sparse <= %d, the first dimension of shape %s, "
                      "got %d",
                      shape->dim[0], lungo_shape_text(shape).text, sparse);
}

static lungo_status check_gaussian(const filler_settings *settings, const lungo_shape *shape) {
    if (!(settings->std > 0))
        return lungo_fail(LUNGO_ERR_CONFIG, "filler 'gaussian': expected std > 0, got %g",
                          (double)settings->std);
    return settings->sparse == -1 ? LUNGO_OK : check_sparse(settings->sparse, shape);
}

static lungo_status check_bilinear(const filler_settings *settings, const lungo_shape *shape) {
    (void)settings;
    if (shape->axes == 4 && shape->dim[2] == shape->dim[3]) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "filler 'bilinear': expected 4 axes with a square kernel, got shape %s",
                      lungo_shape_text(shape).text);
}

/* ---- filling ---- */

static void fill_uniform(const target *to, float low, float high) {
    for (size_t i = 0; i < to->count; i++)
        to->values[i] = lungo_rng_uniform(to->rng, low, high);
}

static void fill_gaussian(const target *to, float mean, float std) {
    for (size_t i = 0; i < to->count; i++)
        to->values[i] = lungo_rng_gaussian(to->rng, mean, std);
}

static void constant(const target *to) {
    for (size_t i = 0; i < to->count; i++)
        to->values[i] = to->settings->value;
}

static void uniform(const target *to) {
    fill_uniform(to, to->settings->min, to->settings->max);
}

static void gaussian(const target *to) {
    fill_gaussian(to, to->settings->mean, to->settings->std);
    if (to->settings->sparse < 0) return;
    float kept = (float)to->settings->sparse / (float)to->shape->dim[0];
    for (size_t i = 0; i < to->count; i++)
        to->values[i] *= (float)lungo_rng_bernoulli(to->rng, kept);
}

static void positive_unitball(const target *to) {
    fill_uniform(to, 0, 1);
    size_t size = to->count / (size_t)to->shape->dim[0];
    for (float *item = to->values; item < to->values + to->count; item += size) {
        float sum = 0;
        for (size_t i = 0; i < size; i++)
            sum += item[i];
        for (size_t i = 0; i < size; i++)
            item[i] /= sum;
    }
}

/* The n of xavier and msra, from the shape as stored: axis 0 as the outputs, axis 1 as the inputs.
 */
static float fan(const target *to) {
    int count = (int)to->count;
    int in = count / to->shape->dim[0];
    int out = to->shape->axes > 1 ? count / to->shape->dim[1] : count;
    switch (to->settings->variance_norm) {
    case CAFFE__FILLER_PARAMETER__VARIANCE_NORM__FAN_OUT:
        return (float)out;
    case CAFFE__FILLER_PARAMETER__VARIANCE_NORM__AVERAGE:
        return (float)((int64_t)in + out) / 2;
    default:
        return (float)in;
    }
}

static void xavier(const target *to) {
    float scale = sqrtf(3 / fan(to));
    fill_uniform(to, -scale, scale);
}

static void msra(const target *to) {
    fill_gaussian(to, 0, sqrtf(2 / fan(to)));
}

/* A tent along each axis: 1 at the centre, falling to 0 one input pixel away. */
static void bilinear(const target *to) {
    int width = to->shape->dim[3];
    float factor = (float)((width + 1) / 2);
    float centre = (float)((width - 1) / (2.0 * factor));
    for (size_t i = 0; i < to->count; i++) {
        float x = (float)(i % (size_t)width), y = (float)(i / (size_t)width % (size_t)width);
        to->values[i] = (1 - fabsf(x / factor - centre)) * (1 - fabsf(y / factor - centre));
    }
}

/* ---- the table ---- */

static const filler_type types[] = {
    {"constant", 0, NULL, constant},
    {"uniform", 0, check_uniform, uniform},
    {"gaussian", 0, check_gaussian, gaussian},
    {"positive_unitball", 1, NULL, positive_unitball},
    {"xavier", 1, NULL, xavier},
    {"msra", 1, NULL, msra},
    {"bilinear", 4, check_bilinear, bilinear},
};
enum { TYPES = sizeof types / sizeof *types };

static lungo_status unknown_type(const char *name) {
    lungo_buffer known = {0};
    for (int i = 0; i < TYPES; i++)
        lungo_buffer_printf(&known, "%s%s", i > 0 ? ", " : "", types[i].name);
    lungo_status status =
        lungo_fail(LUNGO_ERR_CONFIG, "unknown filler type '%s': expected one of %s", name,
                   lungo_buffer_text(&known));
    lungo_buffer_dispose(&known);
    return status;
}

static lungo_status find_type(const filler_type **out, const char *name) {
    for (int i = 0; i < TYPES; i++) {
        if (strcmp(types[i].name, name)) continue;
        *out = &types[i];
        return LUNGO_OK;
    }
    return unknown_type(name);
}

static lungo_status check(const filler_type **out, const filler_settings *settings,
                          const lungo_shape *shape) {
    const filler_type *type;
    LUNGO_TRY(find_type(&type, settings->type));
    LUNGO_TRY(lungo_shape_check(shape));
    if (lungo_shape_count(shape) == 0)
        return lungo_fail(LUNGO_ERR_CONFIG, "filler '%s': expected values to fill, got shape %s",
                          type->name, lungo_shape_text(shape).text);
    if (shape->axes < type->least_axes)
        return lungo_fail(LUNGO_ERR_CONFIG, "filler '%s': expected %d or more axes, got shape %s",
                          type->name, type->least_axes, lungo_shape_text(shape).text);
    if (settings->sparse != -1 && type->fill != gaussian)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "filler '%s': expected no sparse, which is for 'gaussian' alone, got %d",
                          type->name, settings->sparse);
    if (type->check) LUNGO_TRY(type->check(settings, shape));
    *out = type;
    return LUNGO_OK;
}

static const filler_settings defaults = CAFFE__FILLER_PARAMETER__INIT;

lungo_status lungo_filler_check(const Caffe__FillerParameter *filler, const lungo_shape *shape) {
    const filler_type *type;
    return check(&type, filler ? filler : &defaults, shape);
}

lungo_status lungo_filler_fill(const Caffe__FillerParameter *filler, const lungo_shape *shape,
                               float *values, lungo_rng *rng) {
    const filler_settings *settings = filler ? filler : &defaults;
    const filler_type *type;
    LUNGO_TRY(check(&type, settings, shape));
    type->fill(&(target){settings, shape, values, lungo_shape_count(shape), rng});
    return LUNGO_OK;
}
