/* What two nets give for the same input, blob by blob, in TEST. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "info.h"
#include "lungo/data.h"
#include "support/columns.h"
#include "support/glog.h"

/* Functions below are false when they fail, after saying why. */

typedef struct outputs_view {
    lungo_net *a, *b;
    double tolerance;
    column_table table;
    size_t blobs, different, lone;
    char first[400]; /* where they part */
} outputs_view;

/* ---- inputs ---- */

static bool set_shape(lungo_net *net, lungo_blob *blob, const lungo_shape *shape) {
    return (!lungo_blob_reshape(blob, shape) && !lungo_net_reshape(net)) ||
           glog_report_error() == 0;
}

static bool give(lungo_blob *blob, const float *values, size_t count) {
    if (lungo_blob_count(blob) != count)
        return glog_complain("input '%s': expected %zu values in both nets, got %zu",
                             lungo_blob_name(blob), count, lungo_blob_count(blob)) == 0;
    memcpy(lungo_data_overwrite(blob), values, count * sizeof *values);
    return true;
}

/* In [-1, 1), the same for the same seed and input: xorshift, Marsaglia 2003. */
static void draw(float *values, size_t count, uint32_t seed) {
    uint32_t state = seed * 2654435761u + 1;
    if (state == 0) state = 1;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        values[i] = (float)(state >> 8) * 0x1p-23f - 1;
    }
}

static bool give_random(const outputs_view *view, size_t index, int seed) {
    lungo_blob *a = lungo_net_input(view->a, index), *b = lungo_net_input(view->b, index);
    size_t count = lungo_blob_count(a);
    float *values = malloc((count + 1) * sizeof *values);
    if (!values) return glog_complain("out of memory") == 0;
    draw(values, count, (uint32_t)seed + (uint32_t)index);
    bool done = give(a, values, count) && give(b, values, count);
    free(values);
    return done;
}

/* The file's shape becomes that of the first input. */
static bool give_file(const outputs_view *view, const char *path) {
    float *values;
    lungo_shape shape;
    if (lungo_npy_read(&values, &shape, path)) return glog_report_error() == 0;
    lungo_blob *a = lungo_net_input(view->a, 0), *b = lungo_net_input(view->b, 0);
    size_t count = 1;
    for (int i = 0; i < shape.axes; i++)
        count *= (size_t)shape.dim[i];
    bool done = set_shape(view->a, a, &shape) && set_shape(view->b, b, &shape) &&
                give(a, values, count) && give(b, values, count);
    free(values);
    return done;
}

static bool give_inputs(const outputs_view *view, const command_flags *flags) {
    size_t inputs = lungo_net_input_count(view->a), i = 0;
    if (inputs != lungo_net_input_count(view->b))
        return glog_complain("diff: expected nets with as many inputs, got %zu and %zu", inputs,
                             lungo_net_input_count(view->b)) == 0;
    if (*flags->input && inputs == 0)
        return glog_complain("--input=%s: expected a net with an input, got one that has its own "
                             "data",
                             flags->input) == 0;
    if (*flags->input && !give_file(view, flags->input)) return false;
    for (i = *flags->input != '\0'; i < inputs; i++)
        if (!give_random(view, i, flags->seed)) return false;
    return true;
}

/* ---- outputs ---- */

/* Automatic Splits are no layers of the definition. */
static bool is_given(const lungo_layer_info *layer) {
    return layer->file != NULL;
}

/* Whether a layer before makes a blob of this name: this one changes it in place. */
static bool is_made_before(const lungo_net *net, size_t layer, const char *blob) {
    for (size_t i = 0; i < layer; i++)
        for (size_t j = 0; j < lungo_net_layer(net, i).top_count; j++)
            if (strcmp(lungo_blob_name(lungo_net_layer_top(net, i, j)), blob) == 0) return true;
    return false;
}

static bool is_output(const lungo_net *net, const char *name) {
    for (size_t i = 0; i < lungo_net_output_count(net); i++)
        if (strcmp(lungo_blob_name(lungo_net_output(net, i)), name) == 0) return true;
    return false;
}

static void add_row(outputs_view *view, const lungo_layer_info *layer, const lungo_blob *blob,
                    const char *most, const char *relative, const char *verdict) {
    const char *name = lungo_blob_name(blob);
    columns_add(&view->table, (const char *[]){layer->name, layer->type, name,
                                               info_shape_text(lungo_blob_shape(blob)).text, most,
                                               relative, verdict});
    if (!*verdict) return;
    view->different++;
    if (!*view->first)
        snprintf(view->first, sizeof view->first, "'%s' of layer '%s' (%s)", name, layer->name,
                 layer->type);
}

static void compare_blob(outputs_view *view, const lungo_layer_info *layer, const lungo_blob *a) {
    const lungo_blob *b = lungo_net_blob(view->b, lungo_blob_name(a));
    char most[24], relative[24], verdict[500] = "";
    if (!b) {
        view->lone++;
        if (is_output(view->a, lungo_blob_name(a)))
            add_row(view, layer, a, "", "", "an output of the first net only");
        return;
    }
    view->blobs++;
    if (lungo_blob_count(a) != lungo_blob_count(b)) {
        snprintf(verdict, sizeof verdict, "%s in the second net",
                 info_shape_text(lungo_blob_shape(b)).text);
        add_row(view, layer, a, "", "", verdict);
        return;
    }
    value_distance distance = diff_distance(lungo_data(a), lungo_data(b), lungo_blob_count(a));
    bool equal = distance.same || distance.of_largest <= view->tolerance;
    snprintf(most, sizeof most, "%.6g", distance.most);
    snprintf(relative, sizeof relative, "%.2e", distance.of_largest);
    add_row(view, layer, a, most, relative, equal ? "" : "differs");
}

static void compare_layer(outputs_view *view, size_t index) {
    lungo_layer_info layer = lungo_net_layer(view->a, index);
    for (size_t j = 0; j < layer.top_count && is_given(&layer); j++) {
        const lungo_blob *top = lungo_net_layer_top(view->a, index, j);
        if (!is_made_before(view->a, index, lungo_blob_name(top))) compare_blob(view, &layer, top);
    }
}

static void print_end(const outputs_view *view) {
    printf("%zu of %zu blobs differ by more than %g of their largest value", view->different,
           view->blobs, view->tolerance);
    if (view->lone) printf("; %zu are in the first net only", view->lone);
    printf("\n");
    if (*view->first) printf("the first is %s\n", view->first);
}

/* ---- both nets ---- */

/* Blobs that are asked for before the first forward keep their values. */
static void ask_for_blobs(const lungo_net *asked, const lungo_net *net) {
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        for (size_t j = 0; j < lungo_net_layer(net, i).top_count; j++)
            lungo_net_blob(asked, lungo_blob_name(lungo_net_layer_top(net, i, j)));
}

static lungo_net *open_with_weights(const command_flags *flags, const char *const files[2]) {
    lungo_net *net = open_seeded(flags, files[0]);
    if (!net || !lungo_net_load_weights(net, files[1])) return net;
    glog_report_error();
    lungo_net_free(net);
    return NULL;
}

static bool run(outputs_view *view, const command_flags *flags) {
    static const char *const heads[] = {"layer",    "type", "blob", "shape", "largest difference",
                                        "relative", ""};
    ask_for_blobs(view->b, view->a);
    if (!give_inputs(view, flags)) return false;
    if (lungo_net_forward(view->a, NULL) || lungo_net_forward(view->b, NULL))
        return glog_report_error() == 0;
    columns_add(&view->table, heads);
    for (size_t i = 0; i < lungo_net_layer_count(view->a); i++)
        compare_layer(view, i);
    columns_print(&view->table);
    print_end(view);
    if (view->table.failed) return glog_complain("out of memory") == 0;
    return view->blobs > 0 ||
           glog_complain("diff: expected nets with blobs of the same names, got none") == 0;
}

int diff_outputs(const command_flags *flags, const char *const a[2], const char *const b[2]) {
    outputs_view view = {.table = {.columns = 7, .left = {true, true, true, true, [6] = true}}};
    if (!diff_tolerance(&view.tolerance, flags, 1e-5)) return DIFF_TROUBLE;
    view.a = open_with_weights(flags, a);
    view.b = view.a ? open_with_weights(flags, b) : NULL;
    bool done = view.a && view.b && run(&view, flags);
    columns_dispose(&view.table);
    lungo_net_free(view.a);
    lungo_net_free(view.b);
    if (!done) return DIFF_TROUBLE;
    return view.different ? DIFF_DIFFERENT : DIFF_EQUAL;
}
