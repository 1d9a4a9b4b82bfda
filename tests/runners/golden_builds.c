/* golden_builds FILE.jsonl...: builds nets for their shapes alone and compares with what real Caffe
 * built: layers with their splits, blobs, parameters, outputs.
 *
 * Each line is an object: "file" (a net, its path relative to the .jsonl's folder), "phase", and
 * what Caffe had: "layers" [name, type], "blobs" [name, shape], "params" [layer, shapes],
 * "outputs". The net that is built here is described in the same form, and the two are compared
 * item by item. Nothing is allocated, filled or drawn, so that large nets take no time.
 */
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "proto/text.h"
#include "proto/upgrade.h"

static struct { unsigned passed, failed; } total;

/* ---- building ---- */

static lungo_status build(lungo_net **out, lungo_document *document, const char *path,
                          lungo_phase phase) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT, .no_memory = true};
    ProtobufCMessage *message;
    options.open.phase = phase;
    LUNGO_TRY(lungo_text_read(document, &message, &caffe__net_parameter__descriptor, path));
    Caffe__NetParameter *param = (Caffe__NetParameter *)message;
    LUNGO_TRY(lungo_upgrade_net(document, param, path));
    LUNGO_TRY(lungo_net_set_state(document, param, &options.open));
    return lungo_net_build(out, param, document, &options);
}

static lungo_status open_net(lungo_net **out, const char *path, lungo_phase phase) {
    lungo_document *document;
    LUNGO_TRY(lungo_document_new(&document));
    lungo_status status = build(out, document, path, phase);
    lungo_document_free(document);
    return status;
}

/* ---- the net in the form of the file ---- */

static json_t *shape_of(const lungo_blob *blob) {
    json_t *shape = json_array();
    for (int i = 0; i < blob->shape.axes; i++)
        json_array_append_new(shape, json_integer(blob->shape.dim[i]));
    return shape;
}

static json_t *layers_of(const lungo_net *net) {
    json_t *layers = json_array();
    for (int i = 0; i < net->layer_count; i++)
        json_array_append_new(layers,
                              json_pack("[ss]", net->layers[i]->name, net->layers[i]->type->name));
    return layers;
}

static json_t *blobs_of(const lungo_net *net) {
    json_t *blobs = json_array();
    for (int i = 0; i < net->blob_count; i++)
        json_array_append_new(blobs,
                              json_pack("[so]", net->blobs[i]->name, shape_of(net->blobs[i])));
    return blobs;
}

static json_t *params_of(const lungo_net *net) {
    json_t *params = json_array();
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        if (layer->param_count == 0) continue;
        json_t *shapes = json_array();
        for (int j = 0; j < layer->param_count; j++)
            json_array_append_new(shapes, shape_of(layer->params[j].blob));
        json_array_append_new(params, json_pack("[so]", layer->name, shapes));
    }
    return params;
}

static json_t *outputs_of(const lungo_net *net) {
    json_t *outputs = json_array();
    for (int i = 0; i < net->output_count; i++)
        json_array_append_new(outputs, json_string(net->outputs[i]->name));
    return outputs;
}

/* ---- comparing ---- */

typedef struct net_part {
    const char *key;
    json_t *(*describe)(const lungo_net *);
} net_part;

static const net_part parts[] = {
    {"layers", layers_of}, {"blobs", blobs_of}, {"params", params_of}, {"outputs", outputs_of}};

static void print_item(const char *what, const json_t *item) {
    char *text = item ? json_dumps(item, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    printf("%s %s", what, text ? text : "none");
    free(text);
}

static bool same_list(const char *label, const char *key, const json_t *expected,
                      const json_t *got) {
    size_t items = json_array_size(expected);
    if (json_array_size(got) > items) items = json_array_size(got);
    for (size_t i = 0; i < items; i++) {
        const json_t *theirs = json_array_get(expected, i), *ours = json_array_get(got, i);
        if (theirs && ours && json_equal(theirs, ours)) continue;
        printf("FAIL %s: %s, item %zu: ", label, key, i);
        print_item("expected", theirs);
        print_item(", got", ours);
        putchar('\n');
        return false;
    }
    return true;
}

static bool same_net(const char *label, const json_t *expected, const lungo_net *net) {
    bool same = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        json_t *got = parts[i].describe(net);
        const json_t *list = json_object_get(expected, parts[i].key);
        if (!json_is_array(list)) {
            printf("FAIL %s: expected a list \"%s\" in the case\n", label, parts[i].key);
            same = false;
        } else {
            same &= same_list(label, parts[i].key, list, got);
        }
        json_decref(got);
    }
    return same;
}

/* ---- running ---- */

static bool run_case(const char *folder, const json_t *expected) {
    const char *file = json_string_value(json_object_get(expected, "file"));
    const char *phase = json_string_value(json_object_get(expected, "phase"));
    if (!file || !phase) {
        printf("FAIL %s: expected an object with \"file\" and \"phase\"\n", folder);
        return false;
    }
    char path[4096], label[4096];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(label, sizeof label, "%s %s", file, phase);
    lungo_net *net;
    if (open_net(&net, path, strcmp(phase, "TRAIN") ? LUNGO_TEST : LUNGO_TRAIN)) {
        printf("FAIL %s: %s\n", label, lungo_error_text());
        return false;
    }
    bool same = same_net(label, expected, net);
    lungo_net_dispose(net);
    return same;
}

static void count_case(bool passed) {
    *(passed ? &total.passed : &total.failed) += 1;
}

static void run_lines(const char *path, FILE *stream) {
    char *copy = strdup(path), *line = NULL;
    const char *folder = copy ? dirname(copy) : ".";
    size_t capacity = 0;
    for (unsigned number = 1; getline(&line, &capacity, stream) >= 0; number++) {
        json_error_t error;
        json_t *expected = json_loads(line, 0, &error);
        if (!expected) printf("FAIL %s:%u:%d: %s\n", path, number, error.column, error.text);
        count_case(expected && run_case(folder, expected));
        json_decref(expected);
    }
    free(line);
    free(copy);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: golden_builds FILE.jsonl...   nets as real Caffe built them\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        FILE *stream = fopen(argv[i], "r");
        if (!stream) {
            fprintf(stderr, "golden_builds: cannot read '%s'\n", argv[i]);
            total.failed++;
            continue;
        }
        run_lines(argv[i], stream);
        fclose(stream);
    }
    printf("%u passed, %u failed\n", total.passed, total.failed);
    return total.failed || !total.passed;
}
