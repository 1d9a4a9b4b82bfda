/* golden_cases [--engine=NAME] DIR...: replays layer and net cases of real Caffe and compares every
 * number.
 *
 * A case is a folder with net.prototxt, blobs.binaryproto and manifest.txt; any folder given is
 * searched for cases. The manifest says what each blob of the file is: values to write before a
 * forward pass (param, input), values to find after it (output, param_after), gradients to write
 * before a backward pass (output_diff) and to find after it (input_diff, param_diff).
 * The inputs of a MemoryData layer are the arrays it is given. Where there is an expected.h5, it is
 * compared with the written.h5 that the net wrote.
 * Cases that need what this build lacks are listed as skipped, with the reason.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "net/net.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "support/engine.h"
#include "support/folder.h"
#include "support/hdf5_compare.h"

typedef enum case_role {
    INPUT,
    PARAM,
    OUTPUT,
    PARAM_AFTER,
    OUTPUT_DIFF,
    INPUT_DIFF,
    PARAM_DIFF,
    ROLES
} case_role;

static const char *const role_names[ROLES] = {
    "input", "param", "output", "param_after", "output_diff", "input_diff", "param_diff"};

typedef struct case_entry {
    case_role role;
    char name[128]; /* of a blob, or of a layer for the param roles */
    int index;      /* of the parameter */
    const Caffe__BlobProto *blob;
} case_entry;

typedef struct golden_case {
    const char *label; /* the end of its path: Type/case */
    lungo_phase phase;
    double relative, absolute;
    bool backward;
    size_t count;
    case_entry *entries;
    Caffe__BlobProtoVector *blobs;
    lungo_net *net;
    size_t differences; /* failures printed so far */
} golden_case;

static lungo_engine engine;

static struct { unsigned passed, failed, skipped; } total;

static void failure(golden_case *one, const char *text) {
    one->differences++;
    printf("FAIL %s: %s\n", one->label, text);
}

/* ---- reading a case ---- */

static case_role role_of(const char *word) {
    case_role found = 0;
    while (found < ROLES && strcmp(word, role_names[found]))
        found++;
    return found;
}

static bool read_line(golden_case *one, const char *line) {
    char word[32], name[128], phase[16];
    int index = 0;
    if (sscanf(line, "phase %15s", phase) == 1) {
        one->phase = strcmp(phase, "TRAIN") ? LUNGO_TEST : LUNGO_TRAIN;
        return true;
    }
    if (sscanf(line, "tolerance %lf %lf", &one->relative, &one->absolute) == 2) return true;
    if (!strcmp(line, "no_backward")) return !(one->backward = false);
    if (sscanf(line, "%31s %127s %d", word, name, &index) < 2) return false;
    case_entry *next = &one->entries[one->count];
    next->role = role_of(word);
    if (next->role == ROLES || one->count == one->blobs->n_blobs) return false;
    snprintf(next->name, sizeof next->name, "%s", name);
    next->index = index;
    next->blob = one->blobs->blobs[one->count++];
    return true;
}

static bool read_manifest(golden_case *one) {
    char *text, *rest;
    size_t length;
    if (lungo_file_read(&text, &length, "manifest.txt")) return false;
    bool good = true;
    for (char *line = strtok_r(text, "\n", &rest); line && good; line = strtok_r(NULL, "\n", &rest))
        good = read_line(one, line);
    free(text);
    return good && one->count == one->blobs->n_blobs;
}

static bool read_case(golden_case *one) {
    char *bytes;
    size_t length;
    if (lungo_file_read(&bytes, &length, "blobs.binaryproto")) return false;
    one->blobs = caffe__blob_proto_vector__unpack(NULL, length, (const uint8_t *)bytes);
    free(bytes);
    if (!one->blobs) return false;
    one->entries = calloc(one->blobs->n_blobs + 1, sizeof *one->entries);
    return one->entries && read_manifest(one);
}

/* ---- what this build can run ---- */

/* The first layer type of the net that this build lacks, or NULL. */
static const char *lacking_type(lungo_document *document) {
    ProtobufCMessage *message;
    if (lungo_text_read(document, &message, &caffe__net_parameter__descriptor, "net.prototxt"))
        return NULL;
    Caffe__NetParameter *net = (Caffe__NetParameter *)message;
    if (lungo_upgrade_net(document, net, "net.prototxt")) return NULL;
    const lungo_layer_type *type;
    for (size_t i = 0; i < net->n_layer; i++)
        if (lungo_layer_find_type(&type, net->layer[i]->type)) return net->layer[i]->type;
    return NULL;
}

static bool skip(golden_case *one) {
    lungo_document *document;
    if (lungo_document_new(&document)) return false;
    const char *type = lacking_type(document);
    if (type) printf("skipped %s: layer type %s is not built yet\n", one->label, type);
    lungo_document_free(document);
    return type != NULL;
}

/* ---- comparing ---- */

static lungo_blob *find_blob(golden_case *one, const case_entry *entry) {
    if (entry->role != PARAM && entry->role != PARAM_AFTER && entry->role != PARAM_DIFF)
        return lungo_net_blob(one->net, entry->name);
    for (int i = 0; i < one->net->layer_count; i++) {
        lungo_layer *layer = one->net->layers[i];
        if (!strcmp(layer->name, entry->name) && entry->index < layer->param_count)
            return layer->params[entry->index].blob;
    }
    return NULL;
}

static bool same_shape(const case_entry *entry, const lungo_blob *blob) {
    const Caffe__BlobShape *shape = entry->blob->shape;
    bool same = shape && (int)shape->n_dim == blob->shape.axes;
    for (int i = 0; same && i < blob->shape.axes; i++)
        same = shape->dim[i] == blob->shape.dim[i];
    return same;
}

static bool close_enough(const golden_case *one, float expected, float got) {
    if (isnan(expected) || isnan(got)) return isnan(expected) && isnan(got);
    if (expected == got) return true;
    return fabs((double)got - expected) <= one->absolute + one->relative * fabs((double)expected);
}

static void compare(golden_case *one, const case_entry *entry, const float *values) {
    size_t bad = 0, first = 0, count = entry->blob->n_data;
    for (size_t i = 0; i < count; i++) {
        if (close_enough(one, entry->blob->data[i], values ? values[i] : 0.0f)) continue;
        if (bad++ == 0) first = i;
    }
    if (bad == 0) return;
    char text[512];
    snprintf(
        text, sizeof text, "%s %s %d: value %zu: expected %.9g, got %.9g (%zu of %zu differ)%s",
        role_names[entry->role], entry->name, entry->index, first, entry->blob->data[first],
        values ? values[first] : 0.0f, bad, count, values ? "" : "; the net has no gradient here");
    failure(one, text);
}

static bool writes(case_role role) {
    return role == INPUT || role == PARAM || role == OUTPUT_DIFF;
}

static void write_or_compare(golden_case *one, const case_entry *entry, lungo_blob *blob) {
    size_t bytes = blob->count * sizeof(float);
    bool diff =
        entry->role == OUTPUT_DIFF || entry->role == INPUT_DIFF || entry->role == PARAM_DIFF;
    if (!writes(entry->role)) {
        compare(one, entry, diff ? lungo_diff(blob) : lungo_data(blob));
    } else if (!diff) {
        memcpy(lungo_data_overwrite(blob), entry->blob->data, bytes);
    } else if (lungo_diff(blob)) {
        memcpy(lungo_diff_overwrite(blob), entry->blob->data, bytes);
    }
}

static void apply(golden_case *one, case_role role) {
    for (size_t i = 0; i < one->count; i++) {
        const case_entry *entry = &one->entries[i];
        if (entry->role != role) continue;
        lungo_blob *blob = find_blob(one, entry);
        char text[512];
        if (!blob) {
            snprintf(text, sizeof text, "%s %s %d: the net has no such blob", role_names[role],
                     entry->name, entry->index);
            failure(one, text);
        } else if (!same_shape(entry, blob) || entry->blob->n_data != blob->count) {
            snprintf(text, sizeof text, "%s %s %d: expected another shape than %s",
                     role_names[role], entry->name, entry->index,
                     lungo_shape_text(&blob->shape).text);
            failure(one, text);
        } else {
            write_or_compare(one, entry, blob);
        }
    }
}

/* ---- layers with inputs and outputs of their own ---- */

static case_entry *find_input(golden_case *one, const char *name) {
    for (size_t i = 0; i < one->count; i++)
        if (one->entries[i].role == INPUT && !strcmp(one->entries[i].name, name))
            return &one->entries[i];
    return NULL;
}

/* An entry that was handed over is not written to the blob as well. */
static void feed_memory_data(golden_case *one) {
    for (int i = 0; i < one->net->layer_count; i++) {
        lungo_layer *layer = one->net->layers[i];
        if (strcmp(layer->type->name, "MemoryData")) continue;
        case_entry *data = find_input(one, layer->tops[0]->name);
        case_entry *labels = find_input(one, layer->tops[1]->name);
        if (!data || !labels ||
            lungo_memory_data_set(one->net, layer->name, data->blob->data, labels->blob->data,
                                  labels->blob->n_data)) {
            failure(one, data && labels ? lungo_error_text() : "expected inputs for MemoryData");
            continue;
        }
        data->role = labels->role = ROLES;
    }
}

static void judge_values(void *user, const char *dataset, const float *expected,
                         size_t expected_count, const float *got, size_t got_count) {
    golden_case *one = user;
    size_t bad = expected_count != got_count;
    for (size_t i = 0; !bad && i < got_count; i++)
        bad += !close_enough(one, expected[i], got[i]);
    char text[512];
    snprintf(text, sizeof text, "written.h5: dataset %s: expected other values", dataset);
    if (bad) failure(one, text);
}

static void judge_difference(void *user, const char *text) {
    failure(user, text);
}

static void compare_written(golden_case *one) {
    const lungo_hdf5_judge judge = {one, judge_values, judge_difference, NULL};
    if (lungo_file_exists("expected.h5")) lungo_compare_hdf5("expected.h5", "written.h5", &judge);
}

static void replay(golden_case *one) {
    apply(one, PARAM);
    feed_memory_data(one);
    apply(one, INPUT);
    if (lungo_net_forward(one->net, NULL)) {
        failure(one, lungo_error_text());
        return;
    }
    apply(one, OUTPUT);
    apply(one, PARAM_AFTER);
    compare_written(one);
    if (!one->backward) return;
    lungo_net_clear_gradients(one->net);
    apply(one, OUTPUT_DIFF);
    if (lungo_net_backward(one->net)) {
        failure(one, lungo_error_text());
        return;
    }
    apply(one, INPUT_DIFF);
    apply(one, PARAM_DIFF);
}

/* ---- running ---- */

static void run_here(golden_case *one) {
    if (!read_case(one)) {
        failure(one, "expected a manifest.txt that names every blob of blobs.binaryproto");
        return;
    }
    if (skip(one)) {
        total.skipped++;
        return;
    }
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = one->phase;
    options.seed = 1;
    options.engine = engine;
    lungo_status status = lungo_net_open(&one->net, "net.prototxt", &options);
    if (status == LUNGO_ERR_UNSUPPORTED) {
        printf("skipped %s: %s\n", one->label, lungo_error_text());
        total.skipped++;
    } else if (status) {
        failure(one, lungo_error_text());
    } else {
        replay(one);
        if (!one->differences) total.passed++;
    }
}

static const char *label_of(const char *folder) {
    const char *label = folder + strlen(folder);
    for (int slashes = 0; label > folder; label--)
        if (label[-1] == '/' && ++slashes == 2) break;
    return label;
}

static void visit(void *home, const char *folder) {
    char absolute[PATH_MAX];
    golden_case one = {.label = label_of(folder),
                       .phase = LUNGO_TEST,
                       .relative = 1e-4,
                       .absolute = 1e-5,
                       .backward = true};
    char *copy = realpath(folder, absolute) ? lungo_copy_folder(absolute) : NULL;
    if (!copy || chdir(copy)) {
        failure(&one, "cannot work in a copy of the folder");
    } else {
        run_here(&one);
    }
    if (one.differences) total.failed++;
    lungo_net_free(one.net);
    if (one.blobs) caffe__blob_proto_vector__free_unpacked(one.blobs, NULL);
    free(one.entries);
    if (chdir(home)) exit(1);
    lungo_remove_folder(copy);
}

int main(int argc, char **argv) {
    char home[PATH_MAX];
    if (!lungo_take_engine(&engine, &argc, argv)) return 2;
    if (argc < 2 || !getcwd(home, sizeof home)) {
        fprintf(stderr, "usage: golden_cases [--engine=NAME] DIR...   folders with manifest.txt, "
                        "or above such\n");
        return 2;
    }
    for (int i = 1; i < argc; i++)
        if (!lungo_each_folder(argv[i], "manifest.txt", visit, home)) {
            fprintf(stderr, "golden_cases: cannot read the folder '%s'\n", argv[i]);
            total.failed++;
        }
    printf("%u passed, %u failed, %u skipped\n", total.passed, total.failed, total.skipped);
    return total.failed || !total.passed;
}
