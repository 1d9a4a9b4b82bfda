/* lungo info NET.caffemodel: what the file holds, by itself. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "lungo/model.h"
#include "support/columns.h"
#include "support/glog.h"

typedef struct value_range {
    float least, most;
    double mean;
} value_range;

/* False: not read, after saying why. NaN counts as one in all three. */
static bool find_range(value_range *range, const lungo_model *model, size_t layer, size_t index,
                       size_t count) {
    float *values = malloc(count ? count * sizeof *values : 1);
    if (!values) return glog_complain("out of memory") == 0;
    if (lungo_model_blob_values(values, count, model, layer, index)) {
        free(values);
        return glog_report_error() == 0;
    }
    *range = (value_range){count ? values[0] : 0, count ? values[0] : 0, 0};
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] >= range->least)) range->least = values[i];
        if (!(values[i] <= range->most)) range->most = values[i];
        range->mean += values[i];
    }
    if (count) range->mean /= (double)count;
    free(values);
    return true;
}

typedef struct model_blob {
    lungo_model_layer_info layer;
    size_t index, count;
    lungo_shape shape;
    value_range range;
} model_blob;

static void add_row(column_table *table, const model_blob *blob) {
    char index[24], count[24], least[24], most[24], mean[24];
    bool first = blob->index == 0;
    snprintf(index, sizeof index, "%zu", blob->index);
    snprintf(count, sizeof count, "%zu", blob->count);
    snprintf(least, sizeof least, "%.6g", blob->range.least);
    snprintf(most, sizeof most, "%.6g", blob->range.most);
    snprintf(mean, sizeof mean, "%.6g", blob->range.mean);
    columns_add(
        table, (const char *[]){first ? blob->layer.name : "", first ? blob->layer.type : "", index,
                                info_shape_text(&blob->shape).text, count, least, most, mean});
}

/* JSON has no numbers that are not finite. */
static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *blob_json(const model_blob *blob) {
    return json_pack("{s:o, s:I, s:o, s:o, s:o}", "shape", info_shape_json(&blob->shape), "count",
                     (json_int_t)blob->count, "min", number(blob->range.least), "max",
                     number(blob->range.most), "mean", number(blob->range.mean));
}

typedef struct model_view {
    const lungo_model *model;
    column_table table;
    json_t *layers; /* NULL: a table is wanted */
    size_t blobs, values;
} model_view;

static bool view_layer(model_view *view, size_t layer) {
    model_blob blob = {.layer = lungo_model_layer(view->model, layer)};
    json_t *blobs = view->layers ? json_array() : NULL;
    for (; blob.index < blob.layer.blob_count; blob.index++) {
        if (lungo_model_blob_shape(&blob.shape, &blob.count, view->model, layer, blob.index))
            return glog_report_error() == 0;
        if (!find_range(&blob.range, view->model, layer, blob.index, blob.count)) return false;
        view->blobs++;
        view->values += blob.count;
        if (blobs)
            json_array_append_new(blobs, blob_json(&blob));
        else
            add_row(&view->table, &blob);
    }
    if (blobs)
        json_array_append_new(view->layers, json_pack("{s:s, s:s, s:o}", "name", blob.layer.name,
                                                      "type", blob.layer.type, "blobs", blobs));
    return true;
}

static bool view_layers(model_view *view) {
    static const char *const heads[] = {"layer", "type", "blob", "shape",
                                        "count", "min",  "max",  "mean"};
    columns_add(&view->table, heads);
    for (size_t i = 0; i < lungo_model_layer_count(view->model); i++)
        if (!view_layer(view, i)) return false;
    return true;
}

bool info_model(const char *path, json_t **json) {
    lungo_model *model;
    if (lungo_model_open(&model, path)) return glog_report_error() == 0;
    model_view view = {.model = model,
                       .table = {.columns = 8, .left = {true, true, false, true}},
                       .layers = json ? json_array() : NULL};
    bool done = view_layers(&view);
    size_t layers = lungo_model_layer_count(model);
    if (done && json) {
        *json = json_pack("{s:s, s:O, s:I}", "file", path, "layers", view.layers, "values",
                          (json_int_t)view.values);
    } else if (done) {
        columns_print(&view.table);
        printf("%zu layers, %zu blobs, %zu values, %.1f MB\n", layers, view.blobs, view.values,
               (double)view.values * 4e-6);
    }
    json_decref(view.layers);
    columns_dispose(&view.table);
    lungo_model_free(model);
    return done;
}
