/* lungo info FILE: the layers of a net, their shapes, parameters, multiply-adds and activations, as
 * a table or as JSON; or what a .caffemodel holds. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "info.h"
#include "json.h"
#include "support/columns.h"
#include "support/glog.h"

/* ---- shapes and files ---- */

shape_text info_shape_text(const lungo_shape *shape) {
    shape_text out = {"()"};
    size_t used = 0;
    for (int i = 0; i < shape->axes && used < sizeof out.text; i++)
        used += (size_t)snprintf(out.text + used, sizeof out.text - used, "%s%d", i ? "x" : "",
                                 shape->dim[i]);
    return out;
}

json_t *info_shape_json(const lungo_shape *shape) {
    json_t *array = json_array();
    for (int i = 0; i < shape->axes; i++)
        json_array_append_new(array, json_integer(shape->dim[i]));
    return array;
}

bool info_is_binary(const char *path) {
    unsigned char bytes[4096];
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file) fclose(file);
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 9) return true;
    return false;
}

/* ---- sums ---- */

typedef struct net_sums {
    size_t params, learned, activations;
    unsigned long long macs;
    int batch; /* 0: the net has no data to count */
} net_sums;

static size_t count_params(const lungo_net *net, size_t layer) {
    size_t count = 0;
    for (size_t j = 0; j < lungo_net_layer(net, layer).param_count; j++)
        count += lungo_blob_count(lungo_net_layer_param(net, layer, j));
    return count;
}

/* What its first layer makes has the items of a batch along its first axis. */
static int batch_of(const lungo_net *net) {
    if (lungo_net_layer_count(net) == 0 || lungo_net_layer(net, 0).top_count == 0) return 0;
    const lungo_shape *shape = lungo_blob_shape(lungo_net_layer_top(net, 0, 0));
    return shape->axes > 0 ? shape->dim[0] : 0;
}

static net_sums add_up(const lungo_net *net) {
    net_sums sums = {.batch = batch_of(net)};
    for (size_t i = 0; i < lungo_net_layer_count(net); i++) {
        lungo_layer_info layer = lungo_net_layer(net, i);
        sums.activations += layer.activations;
        sums.macs += layer.macs;
    }
    for (size_t i = 0; i < lungo_net_param_count(net); i++) {
        lungo_param_info param = lungo_net_param(net, i);
        size_t count = lungo_blob_count(param.blob);
        sums.params += count;
        if (param.lr_mult != 0) sums.learned += count;
    }
    return sums;
}

/* ---- as a table ---- */

/* "20x50x8x8, 20": of all tops, as far as they fit. */
static void list_tops(char *out, size_t size, const lungo_net *net, size_t layer) {
    size_t used = 0;
    *out = '\0';
    for (size_t j = 0; j < lungo_net_layer(net, layer).top_count && used < size; j++)
        used += (size_t)snprintf(
            out + used, size - used, "%s%s", j ? ", " : "",
            info_shape_text(lungo_blob_shape(lungo_net_layer_top(net, layer, j))).text);
}

static void add_row(column_table *table, const lungo_net *net, size_t index) {
    char tops[200], params[24], macs[24], activations[24];
    lungo_layer_info layer = lungo_net_layer(net, index);
    size_t count = count_params(net, index);
    list_tops(tops, sizeof tops, net, index);
    snprintf(params, sizeof params, count ? "%zu" : "", count);
    snprintf(macs, sizeof macs, layer.macs ? "%llu" : "", layer.macs);
    snprintf(activations, sizeof activations, layer.activations ? "%zu" : "", layer.activations);
    columns_add(table, (const char *[]){layer.name, layer.type, tops, params, macs, activations});
}

static void print_sums(const lungo_net *net, const net_sums *sums) {
    printf("%zu layers; parameters %zu (%.1f MB), of which %zu learn\n", lungo_net_layer_count(net),
           sums->params, (double)sums->params * 4e-6, sums->learned);
    printf("multiply-adds of a forward pass: %.4g G", (double)sums->macs * 1e-9);
    if (sums->batch > 1)
        printf(", %.4g G for each of %d items", (double)sums->macs * 1e-9 / sums->batch,
               sums->batch);
    printf("\nactivations: %.1f MB\n", (double)sums->activations * 4e-6);
}

static bool print_table(const lungo_net *net) {
    static const char *const heads[] = {"layer",      "type",          "output",
                                        "parameters", "multiply-adds", "activations"};
    column_table table = {.columns = 6, .left = {true, true, true}};
    net_sums sums = add_up(net);
    columns_add(&table, heads);
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        add_row(&table, net, i);
    columns_print(&table);
    bool done = !table.failed;
    columns_dispose(&table);
    if (!done) return glog_complain("out of memory") == 0;
    print_sums(net, &sums);
    return true;
}

/* ---- as JSON ---- */

static json_t *shapes(const lungo_net *net, size_t layer, size_t count,
                      lungo_blob *(*get)(const lungo_net *, size_t, size_t)) {
    json_t *array = json_array();
    for (size_t j = 0; j < count; j++) {
        const lungo_blob *blob = get(net, layer, j);
        json_array_append_new(array, json_pack("{s:s, s:o}", "name", lungo_blob_name(blob), "shape",
                                               info_shape_json(lungo_blob_shape(blob))));
    }
    return array;
}

static json_t *layer_json(const lungo_net *net, size_t index) {
    lungo_layer_info layer = lungo_net_layer(net, index);
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:I}", "name", layer.name, "type",
                     layer.type, "bottoms",
                     shapes(net, index, layer.bottom_count, lungo_net_layer_bottom), "tops",
                     shapes(net, index, layer.top_count, lungo_net_layer_top), "params",
                     shapes(net, index, layer.param_count, lungo_net_layer_param), "parameters",
                     (json_int_t)count_params(net, index), "macs", (json_int_t)layer.macs,
                     "activations", (json_int_t)layer.activations);
}

static json_t *net_json(const lungo_net *net) {
    net_sums sums = add_up(net);
    json_t *layers = json_array();
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        json_array_append_new(layers, layer_json(net, i));
    return json_pack("{s:s, s:s, s:o, s:i, s:I, s:I, s:I, s:I}", "name", lungo_net_name(net),
                     "phase", lungo_net_phase(net) == LUNGO_TRAIN ? "TRAIN" : "TEST", "layers",
                     layers, "batch", sums.batch, "parameters", (json_int_t)sums.params, "learned",
                     (json_int_t)sums.learned, "macs", (json_int_t)sums.macs, "activations",
                     (json_int_t)sums.activations);
}

/* ---- */

static bool show_net(const command_flags *flags, const char *path, json_t **json) {
    bool train = strcmp(flags->phase, "TRAIN") == 0;
    if (*flags->phase && !train && strcmp(flags->phase, "TEST"))
        return glog_complain("--phase: expected TRAIN or TEST, got '%s'", flags->phase) == 0;
    lungo_net *net = open_shapes(flags, path, train ? LUNGO_TRAIN : LUNGO_TEST);
    if (!net) return false;
    bool done = true;
    if (json)
        *json = net_json(net);
    else
        done = print_table(net);
    lungo_net_free(net);
    return done;
}

static bool show(const command_flags *flags, const char *path) {
    json_t *json = NULL, **place = flags->json ? &json : NULL;
    bool done = info_is_binary(path) ? info_model(path, place) : show_net(flags, path, place);
    return done && (!place || json_print(json));
}

/* Weights beside the net are a second table, or a second value. */
int cmd_info(const command_flags *flags, const char *const *words, int word_count) {
    if (word_count != 1)
        return glog_complain("info: expected one net or .caffemodel, got %d words", word_count);
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    if (!show(flags, words[0])) return 1;
    return *flags->weights && !show(flags, flags->weights);
}
