#include "filters.h"

#include <stdlib.h>
#include <string.h>

#include "lungo/model.h"
#include "support/glog.h"
#include "support/sheet.h"

enum { FILTER_AXES = 4 };

/* Its first blob is shaped (filters, channels, height, width), with something to see in it. */
static bool has_filters(lungo_shape *shape, size_t *count, const lungo_model *model, size_t layer) {
    return lungo_model_layer(model, layer).blob_count > 0 &&
           !lungo_model_blob_shape(shape, count, model, layer, 0) && shape->axes == FILTER_AXES &&
           shape->dim[2] * shape->dim[3] > 1;
}

/* SIZE_MAX: there is none, which has been said. */
static size_t find_layer(lungo_shape *shape, size_t *count, const lungo_model *model,
                         const char *name) {
    for (size_t i = 0; i < lungo_model_layer_count(model); i++) {
        if (name && strcmp(lungo_model_layer(model, i).name, name)) continue;
        if (has_filters(shape, count, model, i)) return i;
    }
    if (name)
        glog_complain("draw: expected a layer '%s' with filters in a plane, found none", name);
    else
        glog_complain("draw: expected a layer with filters in a plane, found none");
    return SIZE_MAX;
}

/* All values spread over 0 .. 255. */
static void spread(unsigned char *bytes, const float *values, size_t count) {
    float least = values[0], most = values[0];
    for (size_t i = 1; i < count; i++) {
        if (values[i] < least) least = values[i];
        if (values[i] > most) most = values[i];
    }
    for (size_t i = 0; i < count; i++) {
        float share = (values[i] - least) / (most - least);
        bytes[i] = share > 0 && share <= 1 ? (unsigned char)(share * 255 + 0.5f) : 0;
    }
}

static lungo_status add_filters(contact_sheet *sheet, const lungo_shape *shape,
                                const unsigned char *bytes) {
    size_t size = (size_t)shape->dim[1] * (size_t)shape->dim[2] * (size_t)shape->dim[3];
    lungo_status status = LUNGO_OK;
    for (int i = 0; i < shape->dim[0] && !status && !sheet_is_full(sheet); i++) {
        lungo_datum filter = {.channels = shape->dim[1],
                              .height = shape->dim[2],
                              .width = shape->dim[3],
                              .data = bytes + (size_t)i * size,
                              .data_size = size};
        status = sheet_add_datum(sheet, &filter);
    }
    return status;
}

static bool draw(const lungo_model *model, const char *name, const char *path) {
    static contact_sheet sheet;
    lungo_shape shape;
    size_t count;
    size_t layer = find_layer(&shape, &count, model, name);
    if (layer == SIZE_MAX) return false;
    float *values = calloc(count, sizeof *values);
    unsigned char *bytes = malloc(count);
    bool room = values && bytes;
    lungo_status status = room ? lungo_model_blob_values(values, count, model, layer, 0) : LUNGO_OK;
    if (room && !status) {
        spread(bytes, values, count);
        status = add_filters(&sheet, &shape, bytes);
        if (!status) status = sheet_write(&sheet, path);
    }
    sheet_dispose(&sheet);
    free(bytes);
    free(values);
    if (!room) return !glog_complain("out of memory");
    return !status || !glog_report_error();
}

int draw_filters(const command_flags *flags, const char *const *words, int count) {
    if (count > 1)
        return glog_complain("draw: expected one layer besides --weights, got %d words", count);
    lungo_model *model = NULL;
    if (sheet_check(flags->output) || lungo_model_open(&model, flags->weights))
        return glog_report_error();
    bool done = draw(model, count ? words[0] : NULL, flags->output);
    lungo_model_free(model);
    return done ? 0 : 1;
}
