/* Two definitions field by field, by walking their descriptors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caffe.pb-c.h"
#include "proto/definition.h"
#include "proto/message.h"
#include "proto/text.h"

/* ---- reading what may be either ---- */

static int line_of_error(const char *path) {
    const char *at = strstr(lungo_error_text(), path);
    int line = 0;
    return at && sscanf(at + strlen(path), ":%d", &line) == 1 ? line : 0;
}

/* What is neither was meant to be the one whose parser got further. The error under way is that of
 * the net. */
static lungo_status read_solver(lungo_definition **out, const char *path,
                                const lungo_definition_options *options) {
    lungo_definition_options strict = {.limits = options->limits};
    lungo_definition_kind kind = LUNGO_DEFINITION_SOLVER_TEXT;
    int line = line_of_error(path);
    lungo_held_error held;
    lungo_error_hold(&held);
    lungo_status status = lungo_definition_read(out, kind, path, &strict);
    if (status && line_of_error(path) <= line) {
        kind = LUNGO_DEFINITION_NET_TEXT;
        status = lungo_error_raise(&held);
    }
    if (status && options->skip_unknown) return lungo_definition_read(out, kind, path, options);
    return status;
}

lungo_status lungo_definition_read_any(lungo_definition **out, const char *path,
                                       const lungo_definition_options *options) {
    static const lungo_definition_options defaults = LUNGO_DEFINITION_OPTIONS_INIT;
    if (!options) options = &defaults;
    lungo_definition_options strict = {.limits = options->limits};
    lungo_status status = lungo_definition_read(out, LUNGO_DEFINITION_NET_TEXT, path, &strict);
    return status == LUNGO_ERR_PARSE ? read_solver(out, path, options) : status;
}

/* ---- values ---- */

typedef struct comparison {
    lungo_document *document; /* for messages of defaults */
    lungo_difference_function *function;
    void *user;
    const char *layer;
    char path[512]; /* of the field, as far as the walk has come */
    bool failed;    /* out of memory */
} comparison;

static void report(comparison *job, const char *a, const char *b) {
    job->function(job->user, &(lungo_difference){job->layer, job->path, a, b});
}

/* Repeated fields cannot have a default in the schema; those of these names do have one. */
static const char *default_of_repeated(const ProtobufCFieldDescriptor *field) {
    static const char *const defaults[][2] = {{"pad", "0"}, {"stride", "1"}, {"dilation", "1"}};
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (strcmp(field->name, defaults[i][0]) == 0) return defaults[i][1];
    return NULL;
}

/* All values: "3", "[3, 5]"; the default where none is given; empty: nothing. */
static void print_values(lungo_buffer *out, const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field) {
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    size_t count = lungo_message_count(message, field);
    if (!repeated && (count || field->default_value)) {
        lungo_text_print_value(out, field, lungo_message_value(message, field, 0));
        return;
    }
    const char *fallback = repeated && count == 0 ? default_of_repeated(field) : NULL;
    if (fallback) lungo_buffer_puts(out, fallback);
    for (size_t i = 0; i < count; i++) {
        if (count > 1) lungo_buffer_puts(out, i ? ", " : "[");
        lungo_text_print_value(out, field, lungo_message_value(message, field, i));
    }
    if (count > 1) lungo_buffer_puts(out, "]");
}

static const char *text_or_null(const lungo_buffer *buffer) {
    return buffer->length ? buffer->bytes : NULL;
}

static void compare_values(comparison *job, const ProtobufCMessage *a, const ProtobufCMessage *b,
                           const ProtobufCFieldDescriptor *field) {
    lungo_buffer first = {0}, second = {0};
    print_values(&first, a, field);
    print_values(&second, b, field);
    job->failed |= first.failed || second.failed;
    if (strcmp(lungo_buffer_text(&first), lungo_buffer_text(&second)))
        report(job, text_or_null(&first), text_or_null(&second));
    lungo_buffer_dispose(&first);
    lungo_buffer_dispose(&second);
}

/* ---- messages ---- */

static void compare_messages(comparison *job, const ProtobufCMessage *a, const ProtobufCMessage *b);

static const ProtobufCMessage *part_of(const ProtobufCMessage *message,
                                       const ProtobufCFieldDescriptor *field, size_t index) {
    if (index >= lungo_message_count(message, field)) return NULL;
    return *(ProtobufCMessage *const *)lungo_message_value(message, field, index);
}

/* Where there is no message, one with nothing in it stands for it. */
static const ProtobufCMessage *or_defaults(comparison *job, const ProtobufCMessage *message,
                                           const ProtobufCFieldDescriptor *field) {
    if (!message) message = lungo_message_new(job->document, field->descriptor);
    job->failed |= !message;
    return message;
}

static void compare_parts(comparison *job, const ProtobufCMessage *a, const ProtobufCMessage *b,
                          const ProtobufCFieldDescriptor *field) {
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    size_t length = strlen(job->path), room = sizeof job->path - length;
    for (size_t i = 0;; i++) {
        const ProtobufCMessage *first = part_of(a, field, i), *second = part_of(b, field, i);
        if (!first && !second) break;
        first = or_defaults(job, first, field);
        second = or_defaults(job, second, field);
        if (repeated) snprintf(job->path + length, room, "[%zu]", i);
        if (!job->failed) compare_messages(job, first, second);
    }
    job->path[length] = '\0';
}

static void compare_field(comparison *job, const ProtobufCMessage *a, const ProtobufCMessage *b,
                          const ProtobufCFieldDescriptor *field) {
    size_t length = strlen(job->path);
    snprintf(job->path + length, sizeof job->path - length, "%s%s", length ? "." : "", field->name);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        compare_parts(job, a, b, field);
    else
        compare_values(job, a, b, field);
    job->path[length] = '\0';
}

static void compare_messages(comparison *job, const ProtobufCMessage *a,
                             const ProtobufCMessage *b) {
    for (unsigned i = 0; i < a->descriptor->n_fields; i++)
        compare_field(job, a, b, &a->descriptor->fields[i]);
}

/* ---- nets ---- */

static const char *name_of(const Caffe__LayerParameter *layer) {
    return layer->name ? layer->name : "";
}

/* How many layers before it have its name. */
static size_t number_of(const Caffe__NetParameter *net, size_t index) {
    size_t count = 0;
    for (size_t i = 0; i < index; i++)
        count += strcmp(name_of(net->layer[i]), name_of(net->layer[index])) == 0;
    return count;
}

/* The layer of `net` that goes with this one; n_layer: none. */
static size_t match(const Caffe__NetParameter *net, const Caffe__NetParameter *other,
                    size_t index) {
    size_t skip = number_of(other, index), i = 0;
    for (; i < net->n_layer; i++)
        if (strcmp(name_of(net->layer[i]), name_of(other->layer[index])) == 0 && skip-- == 0) break;
    return i;
}

static void report_layer(comparison *job, const Caffe__LayerParameter *layer, bool in_a) {
    const char *type = layer->type ? layer->type : "";
    job->layer = name_of(layer);
    snprintf(job->path, sizeof job->path, "type");
    report(job, in_a ? type : NULL, in_a ? NULL : type);
    job->path[0] = '\0';
}

static void report_order(comparison *job, const Caffe__NetParameter *a, size_t at,
                         const Caffe__NetParameter *b, size_t there) {
    snprintf(job->path, sizeof job->path, "(order)");
    report(job, at ? name_of(a->layer[at - 1]) : NULL, there ? name_of(b->layer[there - 1]) : NULL);
    job->path[0] = '\0';
}

static void compare_layers(comparison *job, const Caffe__NetParameter *a,
                           const Caffe__NetParameter *b) {
    size_t furthest = 0;
    for (size_t i = 0; i < a->n_layer; i++) {
        size_t there = match(b, a, i);
        if (there == b->n_layer) {
            report_layer(job, a->layer[i], true);
            continue;
        }
        job->layer = name_of(a->layer[i]);
        if (there < furthest) report_order(job, a, i, b, there);
        if (there > furthest) furthest = there;
        compare_messages(job, &a->layer[i]->base, &b->layer[there]->base);
    }
    for (size_t i = 0; i < b->n_layer; i++)
        if (match(a, b, i) == a->n_layer) report_layer(job, b->layer[i], false);
}

static void compare_nets(comparison *job, const Caffe__NetParameter *a,
                         const Caffe__NetParameter *b) {
    Caffe__NetParameter first = *a, second = *b;
    first.n_layer = second.n_layer = 0;
    compare_messages(job, &first.base, &second.base);
    compare_layers(job, a, b);
}

/* ---- */

lungo_status lungo_definition_compare(const lungo_definition *a, const lungo_definition *b,
                                      lungo_difference_function *function, void *user) {
    comparison job = {.function = function, .user = user, .layer = ""};
    if (a->message->descriptor != b->message->descriptor)
        return lungo_fail(LUNGO_ERR_USAGE,
                          "expected two nets or two solvers, got %s, a %s, and "
                          "%s, a %s",
                          a->name, a->message->descriptor->short_name, b->name,
                          b->message->descriptor->short_name);
    LUNGO_TRY(lungo_document_new(&job.document));
    if (a->kind == LUNGO_DEFINITION_SOLVER_TEXT)
        compare_messages(&job, a->message, b->message);
    else
        compare_nets(&job, (const Caffe__NetParameter *)a->message,
                     (const Caffe__NetParameter *)b->message);
    lungo_document_free(job.document);
    return job.failed ? lungo_fail_memory("a comparison", sizeof job) : LUNGO_OK;
}
