#include "plan/onednn/onednn.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "plan/units.h"

/* One engine and one stream for the whole process; they hold nothing that runs could share. */
static dnnl_engine_t engine;
static dnnl_stream_t stream;
static dnnl_status_t started;

static void start(void) {
    started = dnnl_engine_create(&engine, dnnl_cpu, 0);
    if (!started) started = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
}

static lungo_status need_engine(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    return lungo_onednn_check(started, "an engine");
}

lungo_status lungo_onednn_check(dnnl_status_t status, const char *what) {
    if (status == dnnl_success) return LUNGO_OK;
    if (status == dnnl_out_of_memory) return lungo_fail(LUNGO_ERR_MEMORY, "oneDNN: %s", what);
    return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                      "oneDNN: %s: expected success, got status %d; engine blas does without it",
                      what, (int)status);
}

int lungo_onednn_version(void) {
    const dnnl_version_t *version = dnnl_version();
    return version->major * 10000 + version->minor * 100 + version->patch;
}

/* ---- primitives ---- */

static bool is_reference(const lungo_primitive *primitive) {
    return strstr(lungo_primitive_info(primitive), "ref") != NULL;
}

lungo_status lungo_primitive_choose(lungo_primitive *out, const void *op,
                                    const_dnnl_primitive_attr_t attributes,
                                    const lungo_primitive *hint, bool *found) {
    *out = (lungo_primitive){0};
    *found = false;
    LUNGO_TRY(need_engine());
    dnnl_status_t status =
        dnnl_primitive_desc_create(&out->desc, op, attributes, engine, hint ? hint->desc : NULL);
    if (status == dnnl_unimplemented || status == dnnl_invalid_arguments) return LUNGO_OK;
    LUNGO_TRY(lungo_onednn_check(status, "a description"));
    *found = !is_reference(out);
    if (!*found) lungo_primitive_dispose(out);
    return LUNGO_OK;
}

lungo_status lungo_primitive_choose_reorder(lungo_primitive *out, const dnnl_memory_desc_t *from,
                                            const dnnl_memory_desc_t *to) {
    dnnl_primitive_attr_t attributes;
    *out = (lungo_primitive){0};
    LUNGO_TRY(need_engine());
    LUNGO_TRY(lungo_onednn_attributes(&attributes, NULL));
    dnnl_status_t status =
        dnnl_reorder_primitive_desc_create(&out->desc, from, engine, to, engine, attributes);
    dnnl_primitive_attr_destroy(attributes);
    return lungo_onednn_check(status, "a reorder");
}

static lungo_status add_argument(lungo_primitive *primitive, int id) {
    dnnl_exec_arg_t *next = &primitive->arguments[primitive->argument_count];
    next->arg = id;
    LUNGO_TRY(
        lungo_onednn_check(dnnl_memory_create(&next->memory, lungo_primitive_layout(primitive, id),
                                              engine, DNNL_MEMORY_NONE),
                           "a memory object"));
    primitive->argument_count++;
    return LUNGO_OK;
}

lungo_status lungo_primitive_ready(lungo_primitive *primitive, const int *ids) {
    LUNGO_TRY(lungo_onednn_check(dnnl_primitive_create(&primitive->made, primitive->desc),
                                 "a primitive"));
    for (int i = 0; ids[i] != 0; i++)
        LUNGO_TRY(add_argument(primitive, ids[i]));
    primitive->scratch =
        lungo_layout_floats(lungo_primitive_layout(primitive, DNNL_ARG_SCRATCHPAD));
    return primitive->scratch > 0 ? add_argument(primitive, DNNL_ARG_SCRATCHPAD) : LUNGO_OK;
}

void lungo_primitive_dispose(lungo_primitive *primitive) {
    for (int i = 0; i < primitive->argument_count; i++)
        dnnl_memory_destroy(primitive->arguments[i].memory);
    if (primitive->made) dnnl_primitive_destroy(primitive->made);
    if (primitive->desc) dnnl_primitive_desc_destroy(primitive->desc);
    *primitive = (lungo_primitive){0};
}

const char *lungo_primitive_info(const lungo_primitive *primitive) {
    const char *info = "";
    if (primitive->desc)
        dnnl_primitive_desc_query(primitive->desc, dnnl_query_impl_info_str, 0, &info);
    return info;
}

const dnnl_memory_desc_t *lungo_primitive_layout(const lungo_primitive *primitive, int id) {
    return dnnl_primitive_desc_query_md(primitive->desc, dnnl_query_exec_arg_md, id);
}

size_t lungo_layout_floats(const dnnl_memory_desc_t *layout) {
    return (dnnl_memory_desc_get_size(layout) + sizeof(float) - 1) / sizeof(float);
}

/* Setting a handle makes oneDNN clear the padding behind it, so it is set only when it is new. */
void lungo_primitive_bind(lungo_primitive *primitive, int id, const float *values) {
    for (int i = 0; i < primitive->argument_count; i++) {
        void *now = NULL;
        if (primitive->arguments[i].arg != id) continue;
        dnnl_memory_get_data_handle(primitive->arguments[i].memory, &now);
        if (now != values)
            dnnl_memory_set_data_handle(primitive->arguments[i].memory, (void *)(uintptr_t)values);
    }
}

lungo_status lungo_primitive_run(lungo_primitive *primitive, float *scratch) {
    lungo_primitive_bind(primitive, DNNL_ARG_SCRATCHPAD, scratch);
    return lungo_onednn_check(dnnl_primitive_execute(primitive->made, stream,
                                                     primitive->argument_count,
                                                     primitive->arguments),
                              lungo_primitive_info(primitive));
}

/* ---- attributes and layouts ---- */

size_t lungo_onednn_aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

static dnnl_status_t add_after(dnnl_primitive_attr_t attributes, const lungo_after *after) {
    dnnl_post_ops_t chain;
    dnnl_status_t status = dnnl_post_ops_create(&chain);
    if (status) return status;
    if (after->adds_up) status = dnnl_post_ops_append_sum(chain, 1.0f);
    if (!status && after->added)
        status = dnnl_post_ops_append_binary(chain, dnnl_binary_add, after->added);
    if (!status && after->relu_slope)
        status =
            dnnl_post_ops_append_eltwise(chain, 1.0f, dnnl_eltwise_relu, *after->relu_slope, 0.0f);
    if (!status) status = dnnl_primitive_attr_set_post_ops(attributes, chain);
    dnnl_post_ops_destroy(chain);
    return status;
}

lungo_status lungo_onednn_attributes(dnnl_primitive_attr_t *out, const lungo_after *after) {
    LUNGO_TRY(lungo_onednn_check(dnnl_primitive_attr_create(out), "attributes"));
    dnnl_status_t status = dnnl_primitive_attr_set_scratchpad_mode(*out, dnnl_scratchpad_mode_user);
    if (!status && after) status = add_after(*out, after);
    if (status) dnnl_primitive_attr_destroy(*out);
    return lungo_onednn_check(status, "attributes");
}

static const dnnl_format_tag_t plain_tags[] = {
    dnnl_format_tag_undef, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde, dnnl_abcdef};
static const dnnl_format_tag_t tags_of_8[] = {[3] = dnnl_aBc8b, dnnl_aBcd8b, dnnl_aBcde8b};
static const dnnl_format_tag_t tags_of_16[] = {[3] = dnnl_aBc16b, dnnl_aBcd16b, dnnl_aBcde16b};

lungo_status lungo_onednn_plain(dnnl_memory_desc_t *out, int axes, const dnnl_dims_t dims) {
    return lungo_onednn_check(
        dnnl_memory_desc_init_by_tag(out, axes, dims, dnnl_f32, plain_tags[axes]), "a layout");
}

lungo_status lungo_onednn_images(dnnl_memory_desc_t *out, const lungo_shape *shape, bool blocked) {
    dnnl_dims_t dims;
    for (int i = 0; i < shape->axes; i++)
        dims[i] = shape->dim[i];
    if (!blocked) return lungo_onednn_plain(out, shape->axes, dims);
    const dnnl_format_tag_t *tags = lungo_plan_lanes() == 16 ? tags_of_16 : tags_of_8;
    return lungo_onednn_check(
        dnnl_memory_desc_init_by_tag(out, shape->axes, dims, dnnl_f32, tags[shape->axes]),
        "a layout");
}

/* ---- bfloat16 ---- */

lungo_status lungo_onednn_need_bf16(void) {
    static const char *const lacks = "precision bf16: expected a %s with AVX-512 and its bfloat16 "
                                     "instructions (avx512_bf16), got one without; take precision "
                                     "float";
    bool processor = (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) ==
                     dnnl_cpu_isa_avx512_core_bf16;
    if (!processor) return lungo_fail(LUNGO_ERR_UNSUPPORTED, lacks, "processor");
    if (lungo_plan_lanes() < 16) return lungo_fail(LUNGO_ERR_UNSUPPORTED, lacks, "build");
    return LUNGO_OK;
}

dnnl_memory_desc_t lungo_onednn_bf16(dnnl_memory_desc_t layout) {
    layout.data_type = dnnl_bf16;
    return layout;
}

bool lungo_primitive_takes_bf16(const lungo_primitive *primitive, int id) {
    return primitive->desc && lungo_primitive_layout(primitive, id)->data_type == dnnl_bf16;
}

lungo_status lungo_narrowed_open(lungo_narrowed *narrowed, const dnnl_memory_desc_t *layout) {
    static const int ids[] = {DNNL_ARG_FROM, DNNL_ARG_TO, 0};
    dnnl_memory_desc_t narrow = lungo_onednn_bf16(*layout);
    narrowed->floats = lungo_onednn_aligned(lungo_layout_floats(&narrow));
    LUNGO_TRY(lungo_primitive_choose_reorder(&narrowed->reorder, layout, &narrow));
    return lungo_primitive_ready(&narrowed->reorder, ids);
}

lungo_status lungo_narrowed_make(lungo_narrowed *narrowed, const float *values, float *copy,
                                 float *scratch) {
    if (narrowed->of == values) return LUNGO_OK;
    lungo_primitive_bind(&narrowed->reorder, DNNL_ARG_FROM, values);
    lungo_primitive_bind(&narrowed->reorder, DNNL_ARG_TO, copy);
    LUNGO_TRY(lungo_primitive_run(&narrowed->reorder, scratch));
    narrowed->of = values;
    return LUNGO_OK;
}

void lungo_narrowed_dispose(lungo_narrowed *narrowed) {
    lungo_primitive_dispose(&narrowed->reorder);
    *narrowed = (lungo_narrowed){0};
}

/* ---- weights ---- */

lungo_status lungo_packed_weights_open(lungo_packed_weights *packed,
                                       const dnnl_memory_desc_t *plain,
                                       const dnnl_memory_desc_t *wanted, bool always) {
    static const int ids[] = {DNNL_ARG_FROM, DNNL_ARG_TO, 0};
    if (dnnl_memory_desc_equal(plain, wanted) && !always) return LUNGO_OK;
    size_t floats = lungo_layout_floats(wanted);
    packed->version = UINT64_MAX;
    packed->values = lungo_new_floats(floats);
    if (!packed->values) return lungo_fail_memory("packed weights", floats * sizeof(float));
    LUNGO_TRY(lungo_primitive_choose_reorder(&packed->reorder, plain, wanted));
    return lungo_primitive_ready(&packed->reorder, ids);
}

lungo_status lungo_packed_weights_make(lungo_packed_weights *packed, const float *values,
                                       float *scratch) {
    double start = lungo_clock_seconds();
    lungo_primitive_bind(&packed->reorder, DNNL_ARG_FROM, values);
    lungo_primitive_bind(&packed->reorder, DNNL_ARG_TO, packed->values);
    LUNGO_TRY(lungo_primitive_run(&packed->reorder, scratch));
    packed->seconds = lungo_clock_seconds() - start;
    return LUNGO_OK;
}

lungo_status lungo_packed_weights_get(lungo_packed_weights *packed, const lungo_blob *weights,
                                      float *scratch, const float **out) {
    const float *values = lungo_data(weights);
    *out = packed->values ? packed->values : values;
    if (!packed->values || packed->version == weights->data->version) return LUNGO_OK;
    LUNGO_TRY(lungo_packed_weights_make(packed, values, scratch));
    packed->version = weights->data->version;
    return LUNGO_OK;
}

void lungo_packed_weights_dispose(lungo_packed_weights *packed) {
    lungo_primitive_dispose(&packed->reorder);
    lungo_free_floats(packed->values);
    *packed = (lungo_packed_weights){0};
}
