/* Two .caffemodels, blob by blob. Layers are matched by their names, those of one name in their
 * order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "info.h"
#include "lungo/model.h"
#include "support/columns.h"
#include "support/glog.h"

typedef struct weights_view {
    const lungo_model *a, *b;
    double tolerance;
    column_table table;
    size_t blobs, different;
} weights_view;

/* How many layers before it have its name. */
static size_t number_of(const lungo_model *model, size_t layer) {
    size_t count = 0;
    for (size_t i = 0; i < layer; i++)
        count +=
            strcmp(lungo_model_layer(model, i).name, lungo_model_layer(model, layer).name) == 0;
    return count;
}

/* The layer of `model` that goes with this one of `other`; its layer count: none. */
static size_t match(const lungo_model *model, const lungo_model *other, size_t layer) {
    const char *name = lungo_model_layer(other, layer).name;
    size_t skip = number_of(other, layer), i = 0;
    for (; i < lungo_model_layer_count(model); i++)
        if (strcmp(lungo_model_layer(model, i).name, name) == 0 && skip-- == 0) break;
    return i;
}

static void add_row(weights_view *view, const char *layer, size_t index, const char *shape,
                    const char *const numbers[3], const char *verdict) {
    char blob[24];
    snprintf(blob, sizeof blob, "%zu", index);
    view->blobs++;
    view->different += *verdict != '\0';
    columns_add(&view->table,
                (const char *[]){layer, blob, shape, numbers[0], numbers[1], numbers[2], verdict});
}

/* A blob that only one of them has. */
static bool add_lone(weights_view *view, const lungo_model *model, size_t layer, size_t index) {
    lungo_shape shape;
    size_t count;
    if (lungo_model_blob_shape(&shape, &count, model, layer, index))
        return glog_report_error() == 0;
    add_row(view, lungo_model_layer(model, layer).name, index, info_shape_text(&shape).text,
            (const char *[]){"", "", ""},
            model == view->a ? "only in the first" : "only in the second");
    return true;
}

static bool same_shape(const lungo_shape *a, const lungo_shape *b) {
    return a->axes == b->axes && memcmp(a->dim, b->dim, (size_t)a->axes * sizeof *a->dim) == 0;
}

static void add_values(weights_view *view, const char *layer, size_t index,
                       const lungo_shape *shape, const value_distance *distance) {
    char most[24], relative[24], cosine[24];
    bool equal = distance->same || distance->relative <= view->tolerance;
    snprintf(most, sizeof most, "%.6g", distance->most);
    snprintf(relative, sizeof relative, "%.6g", distance->relative);
    snprintf(cosine, sizeof cosine, "%.9g", distance->cosine);
    add_row(view, layer, index, info_shape_text(shape).text,
            (const char *[]){most, relative, cosine}, equal ? "" : "differs");
}

typedef struct stored_pair {
    size_t layer_a, layer_b, index;
    lungo_shape shape_a, shape_b;
    size_t count_a, count_b;
} stored_pair;

static bool compare_values(weights_view *view, const stored_pair *pair) {
    float *a = malloc((pair->count_a + 1) * sizeof *a),
          *b = malloc((pair->count_b + 1) * sizeof *b);
    bool done = a && b;
    if (!done) {
        glog_complain("out of memory");
    } else if (lungo_model_blob_values(a, pair->count_a, view->a, pair->layer_a, pair->index) ||
               lungo_model_blob_values(b, pair->count_b, view->b, pair->layer_b, pair->index)) {
        done = glog_report_error() == 0;
    } else {
        value_distance distance = diff_distance(a, b, pair->count_a);
        add_values(view, lungo_model_layer(view->a, pair->layer_a).name, pair->index,
                   &pair->shape_a, &distance);
    }
    free(a);
    free(b);
    return done;
}

static bool compare_blob(weights_view *view, size_t layer_a, size_t layer_b, size_t index) {
    stored_pair pair = {.layer_a = layer_a, .layer_b = layer_b, .index = index};
    if (lungo_model_blob_shape(&pair.shape_a, &pair.count_a, view->a, layer_a, index) ||
        lungo_model_blob_shape(&pair.shape_b, &pair.count_b, view->b, layer_b, index))
        return glog_report_error() == 0;
    if (same_shape(&pair.shape_a, &pair.shape_b)) return compare_values(view, &pair);
    char verdict[500];
    snprintf(verdict, sizeof verdict, "%s in the second", info_shape_text(&pair.shape_b).text);
    add_row(view, lungo_model_layer(view->a, layer_a).name, index,
            info_shape_text(&pair.shape_a).text, (const char *[]){"", "", ""}, verdict);
    return true;
}

static size_t blobs_of(const lungo_model *model, size_t layer) {
    return layer < lungo_model_layer_count(model) ? lungo_model_layer(model, layer).blob_count : 0;
}

static bool compare_layer(weights_view *view, size_t a, size_t b) {
    size_t blobs_a = blobs_of(view->a, a), blobs_b = blobs_of(view->b, b);
    bool done = true;
    for (size_t j = 0; done && (j < blobs_a || j < blobs_b); j++)
        done = j >= blobs_b   ? add_lone(view, view->a, a, j)
               : j >= blobs_a ? add_lone(view, view->b, b, j)
                              : compare_blob(view, a, b, j);
    return done;
}

static bool compare_all(weights_view *view) {
    static const char *const heads[] = {"layer",    "blob",   "shape", "largest difference",
                                        "relative", "cosine", ""};
    size_t count = lungo_model_layer_count(view->a);
    columns_add(&view->table, heads);
    for (size_t i = 0; i < count; i++)
        if (!compare_layer(view, i, match(view->b, view->a, i))) return false;
    for (size_t i = 0; i < lungo_model_layer_count(view->b); i++)
        if (match(view->a, view->b, i) == count && !compare_layer(view, count, i)) return false;
    columns_print(&view->table);
    printf("%zu of %zu blobs differ\n", view->different, view->blobs);
    return !view->table.failed || glog_complain("out of memory") == 0;
}

int diff_weights(const command_flags *flags, const char *a, const char *b) {
    weights_view view = {.table = {.columns = 7, .left = {[0] = true, [2] = true, [6] = true}}};
    lungo_model *first = NULL, *second = NULL;
    if (!diff_tolerance(&view.tolerance, flags, 0)) return DIFF_TROUBLE;
    bool done = !lungo_model_open(&first, a) && !lungo_model_open(&second, b);
    if (!done) glog_report_error();
    view.a = first;
    view.b = second;
    done = done && compare_all(&view);
    columns_dispose(&view.table);
    lungo_model_free(first);
    lungo_model_free(second);
    if (!done) return DIFF_TROUBLE;
    return view.different ? DIFF_DIFFERENT : DIFF_EQUAL;
}
