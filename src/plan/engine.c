/* The engines and precisions: their names, and what this build has. */
#include <string.h>

#include "plan/step.h"
#include "plan/units.h"
#include "lungo/suggest.h"

static const char *const names[] = {[LUNGO_ENGINE_DEFAULT] = "",
                                    [LUNGO_ENGINE_REFERENCE] = "reference",
                                    [LUNGO_ENGINE_BLAS] = "blas",
                                    [LUNGO_ENGINE_ONEDNN] = "onednn"};
enum { ENGINES = sizeof names / sizeof *names };

static const char *const precisions[] = {
    [LUNGO_PRECISION_FLOAT] = "float", [LUNGO_PRECISION_BF16] = "bf16"};
enum { PRECISIONS = sizeof precisions / sizeof *precisions };

static const char *name_at(const void *list, size_t index) {
    return ((const char *const *)list)[index];
}

lungo_status lungo_engine_parse(lungo_engine *out, const char *name) {
    for (size_t i = 0; i < ENGINES; i++) {
        if (strcmp(names[i], name) != 0) continue;
        *out = (lungo_engine)i;
        return LUNGO_OK;
    }
    char suggestion[LUNGO_SUGGEST_MAX];
    lungo_suggest(suggestion, name, name_at, names + 1, ENGINES - 1);
    return lungo_fail(LUNGO_ERR_CONFIG, "engine: expected reference, blas or onednn, got '%s'%s",
                      name, suggestion);
}

const char *lungo_engine_name(lungo_engine engine) {
    return engine == LUNGO_ENGINE_DEFAULT ? "default" : names[engine];
}

lungo_status lungo_precision_parse(lungo_precision *out, const char *name) {
    for (size_t i = 0; i < PRECISIONS; i++) {
        if (*name && strcmp(precisions[i], name) != 0) continue;
        *out = (lungo_precision)i;
        return LUNGO_OK;
    }
    return lungo_fail(LUNGO_ERR_CONFIG, "precision: expected float or bf16, got '%s'", name);
}

/* ---- what computes what ---- */

static const lungo_unit_table reference = {
    [LUNGO_OP_CONVOLUTION] = &lungo_reference_filters_unit,
    [LUNGO_OP_DECONVOLUTION] = &lungo_reference_filters_unit,
    [LUNGO_OP_INNER_PRODUCT] = &lungo_reference_inner_product_unit,
};

static const lungo_unit_table blas = {0};

#ifdef LUNGO_HAVE_ONEDNN
static const lungo_unit_table onednn = {
    [LUNGO_OP_CONVOLUTION] = &lungo_blocked_convolution_unit,
    [LUNGO_OP_DECONVOLUTION] = &lungo_onednn_deconvolution_unit,
    [LUNGO_OP_INNER_PRODUCT] = &lungo_onednn_inner_product_unit,
    [LUNGO_OP_LRN] = &lungo_onednn_lrn_unit,
    [LUNGO_OP_POOLING] = &lungo_blocked_pooling_unit,
    [LUNGO_OP_BATCH_NORM] = &lungo_blocked_batch_norm_unit,
    [LUNGO_OP_RELU] = &lungo_blocked_relu_unit,
    [LUNGO_OP_SUM] = &lungo_blocked_sum_unit,
    [LUNGO_OP_CONCAT] = &lungo_blocked_concat_unit,
    [LUNGO_OP_SPLIT] = &lungo_blocked_split_unit,
    [LUNGO_OP_IDENTITY] = &lungo_blocked_identity_unit,
};
enum { FASTEST = LUNGO_ENGINE_ONEDNN };
#else
enum { FASTEST = LUNGO_ENGINE_BLAS };
#endif

static const lungo_unit_table *const tables[ENGINES] = {
    [LUNGO_ENGINE_REFERENCE] = &reference,
    [LUNGO_ENGINE_BLAS] = &blas,
#ifdef LUNGO_HAVE_ONEDNN
    [LUNGO_ENGINE_ONEDNN] = &onednn,
#endif
};

static lungo_status check_precision(lungo_engine engine, lungo_precision precision) {
    if (precision == LUNGO_PRECISION_FLOAT) return LUNGO_OK;
    if (engine != LUNGO_ENGINE_DEFAULT && engine != LUNGO_ENGINE_ONEDNN)
        return lungo_fail(
            LUNGO_ERR_UNSUPPORTED,
            "precision %s: engine %s computes in float; leave the engine out, or take "
            "onednn",
            precisions[precision], names[engine]);
#ifdef LUNGO_HAVE_ONEDNN
    return lungo_onednn_need_bf16();
#else
    return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                      "precision %s: this build has no oneDNN; install libdnnl-dev and build anew, "
                      "or take precision float",
                      precisions[precision]);
#endif
}

lungo_status lungo_engine_units(lungo_engine engine, lungo_precision precision,
                                const lungo_unit_table **out) {
    lungo_engine chosen = engine == LUNGO_ENGINE_DEFAULT ? FASTEST : engine;
    LUNGO_TRY(check_precision(engine, precision));
    *out = tables[chosen];
    if (*out) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                      "engine %s: this build has no oneDNN; install libdnnl-dev and build anew, or "
                      "take engine blas",
                      names[chosen]);
}

int lungo_plan_onednn_version(void) {
#ifdef LUNGO_HAVE_ONEDNN
    return lungo_onednn_version();
#else
    return 0;
#endif
}
