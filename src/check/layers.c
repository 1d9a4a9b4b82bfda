/* Rules about the settings of layers, and what stands before and behind them. */
#include <stdio.h>
#include <string.h>

#include "check/rules.h"
#include "proto/message.h"

static const char *name_of(const Caffe__LayerParameter *layer) {
    return layer->name ?: "";
}

static bool is_any(const char *type, const char *const *types, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(types[i], type) == 0) return true;
    return false;
}
#define IS_ANY(type, ...)                                                                          \
    is_any((type) ?: "", (const char *const[]){__VA_ARGS__},                                       \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* ---- settings ---- */

static bool reads(const lungo_layer_type *type, const char *message) {
    for (int i = 0; i < 4 && type->params[i]; i++)
        if (strcmp(type->params[i], message) == 0) return true;
    return false;
}

static void check_messages(const lungo_subject *subject, size_t index) {
    const Caffe__LayerParameter *layer = subject->layers[index];
    const ProtobufCMessageDescriptor *message = layer->base.descriptor;
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->label == PROTOBUF_C_LABEL_REPEATED ||
            !lungo_message_has(&layer->base, field) || reads(subject->types[index], field->name))
            continue;
        const void *settings = *(void **)lungo_message_value(&layer->base, field, 0);
        lungo_position at = lungo_document_position(subject->document, settings);
        if (!at.line) at = lungo_document_position(subject->document, layer);
        lungo_find(subject, at,
                   "layer '%s': type %s does not read %s. Drop it, or correct the type",
                   name_of(layer), layer->type, field->name);
    }
}

void lungo_check_unread_settings(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++)
        if (subject->types[i]) check_messages(subject, i);
}

/* ---- BatchNorm ---- */

void lungo_check_batch_norm_lr(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++) {
        const Caffe__LayerParameter *layer = subject->layers[i];
        if (!lungo_is_type(layer, "BatchNorm")) continue;
        for (size_t j = 0; j < layer->n_param; j++) {
            if (layer->param[j]->lr_mult == 0) continue;
            lungo_find(
                subject, lungo_document_position(subject->document, layer->param[j]),
                "layer '%s' (BatchNorm): its parameter %zu is a statistic and is not learned: "
                "expected lr_mult 0, got %g. Drop the layer's `param`s",
                name_of(layer), j, layer->param[j]->lr_mult);
            break;
        }
    }
}

static bool has_bias(const Caffe__LayerParameter *layer) {
    if (layer->convolution_param) return layer->convolution_param->bias_term;
    return !layer->inner_product_param || layer->inner_product_param->bias_term;
}

/* Layers that can learn what a Scale would, or stand for it in some other way. */
static bool scales(const Caffe__LayerParameter *layer) {
    if (IS_ANY(layer->type, "Scale", "Bias")) return true;
    return IS_ANY(layer->type, "Convolution", "InnerProduct", "Deconvolution") && has_bias(layer);
}

/* By every layer that takes the blob. */
static bool is_scaled(const lungo_subject *subject, size_t maker, const char *blob) {
    size_t taker = maker;
    bool any = false;
    while ((taker = lungo_subject_taker(subject, maker, blob, taker)) != SIZE_MAX) {
        if (!scales(subject->layers[taker])) return false;
        any = true;
    }
    return any;
}

/* Whether what the layer makes goes on, to some other layer, with neither scale nor shift. */
static bool lacks_scale(const lungo_subject *subject, size_t i) {
    const Caffe__LayerParameter *layer = subject->layers[i];
    if (!lungo_is_type(layer, "BatchNorm") || layer->n_top != 1) return false;
    return lungo_subject_taker(subject, i, layer->top[0], i) != SIZE_MAX &&
           !is_scaled(subject, i, layer->top[0]);
}

static bool uses_batch(const lungo_subject *subject, size_t i) {
    const Caffe__BatchNormParameter *param = subject->layers[i]->batch_norm_param;
    return lungo_is_type(subject->layers[i], "BatchNorm") && param && param->has_use_global_stats &&
           !param->use_global_stats;
}

/* Nets have many of them, all alike: the first one is named, the others counted. */
typedef struct alike {
    size_t first;
    char more[48];
} alike;

static bool find_alike(alike *out, const lungo_subject *subject,
                       bool (*is)(const lungo_subject *subject, size_t i)) {
    size_t count = 0;
    for (size_t i = 0; i < subject->layer_count; i++)
        if (is(subject, i) && count++ == 0) out->first = i;
    out->more[0] = '\0';
    if (count > 1) snprintf(out->more, sizeof out->more, " (and %zu layers like it)", count - 1);
    return count > 0;
}

void lungo_check_batch_norm_scale(const lungo_subject *subject) {
    alike found;
    if (!find_alike(&found, subject, lacks_scale)) return;
    const Caffe__LayerParameter *layer = subject->layers[found.first];
    size_t taker = lungo_subject_taker(subject, found.first, layer->top[0], found.first);
    lungo_find_layer(subject, layer,
                     "layer '%s' (BatchNorm)%s is followed by '%s' (%s): nothing learns the scale "
                     "and the shift that normalising took. Put a Scale with "
                     "scale_param { bias_term: true } behind it",
                     name_of(layer), found.more, name_of(subject->layers[taker]),
                     subject->layers[taker]->type ?: "");
}

void lungo_check_batch_norm_statistics(const lungo_subject *subject) {
    alike found;
    if (subject->phase != LUNGO_TEST || !find_alike(&found, subject, uses_batch)) return;
    const Caffe__LayerParameter *layer = subject->layers[found.first];
    lungo_find_field(subject, layer, &layer->batch_norm_param->base, "use_global_stats",
                     "layer '%s' (BatchNorm)%s normalises by the batch in TEST too, so a score "
                     "depends on which items share its batch. Drop use_global_stats: the phase "
                     "decides then",
                     name_of(layer), found.more);
}

/* ---- losses ---- */

/* The layer, not in place behind others, that makes what the loss scores. */
static const Caffe__LayerParameter *scored(const lungo_subject *subject, size_t loss) {
    const Caffe__LayerParameter *layer = subject->layers[loss];
    if (layer->n_bottom == 0) return NULL;
    size_t maker = lungo_subject_maker(subject, loss, layer->bottom[0]);
    return maker == SIZE_MAX ? NULL : subject->layers[maker];
}

static const struct {
    const char *loss, *before;
} doubles[] = {{"SoftmaxWithLoss", "Softmax"}, {"SigmoidCrossEntropyLoss", "Sigmoid"}};

void lungo_check_normalised_twice(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++) {
        const Caffe__LayerParameter *before = scored(subject, i), *loss = subject->layers[i];
        for (size_t k = 0; before && k < sizeof doubles / sizeof *doubles; k++)
            if (lungo_is_type(loss, doubles[k].loss) && lungo_is_type(before, doubles[k].before))
                lungo_find_layer(
                    subject, loss,
                    "layer '%s' (%s) has a %s of its own, and takes the output of one, "
                    "'%s'. Give it that layer's bottom instead",
                    name_of(loss), loss->type, before->type, name_of(before));
    }
}

void lungo_check_loss_of_cut_values(const lungo_subject *subject) {
    for (size_t i = 0; i < subject->layer_count; i++) {
        const Caffe__LayerParameter *before = scored(subject, i), *loss = subject->layers[i];
        if (!before ||
            !IS_ANY(loss->type, "SoftmaxWithLoss", "SigmoidCrossEntropyLoss", "HingeLoss"))
            continue;
        bool dropout = lungo_is_type(before, "Dropout");
        if (!dropout && !lungo_is_type(before, "ReLU")) continue;
        lungo_find_layer(subject, before,
                         "layer '%s' (%s) stands right before the loss '%s' and sets %s of its "
                         "scores to 0. Move it before the last layer with weights, or drop it",
                         name_of(before), before->type, name_of(loss),
                         dropout ? "some" : "the negative ones");
    }
}

static const char *weight_trouble(const lungo_layer *layer, int top) {
    if (IS_ANY(layer->type->name, "Accuracy", "ArgMax"))
        return "has no gradient. Drop the loss_weight";
    if (!layer->bottom_count || layer->type->flags & LUNGO_LOSS) return NULL;
    if (strcmp(layer->type->name, "Split") == 0 || layer->tops[top]->count == 1) return NULL;
    return "counts all its values into the loss, one by one. Put a Reduction behind it if a mean "
           "is "
           "meant";
}

void lungo_check_loss_weight(const lungo_subject *subject) {
    const lungo_net *net = subject->net;
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        const Caffe__LayerParameter *given = lungo_subject_given(subject, i);
        for (int j = 0; given && j < layer->top_count; j++) {
            const char *trouble = layer->loss_weights[j] != 0 ? weight_trouble(layer, j) : NULL;
            if (!trouble) continue;
            lungo_find_field(subject, given, &given->base, "loss_weight",
                             "layer '%s' (%s) with a loss_weight %s", layer->name,
                             layer->type->name, trouble);
        }
    }
}

/* ---- weights that begin as 0 ---- */

static bool is_zero(const lungo_layer_param *param) {
    const Caffe__FillerParameter *filler = param->filler;
    if (!param->wanted || !param->owned) return false;
    return !filler || (strcmp(filler->type, "constant") == 0 && filler->value == 0);
}

static bool begins_with_zeros(const lungo_layer *layer) {
    return IS_ANY(layer->type->name, "Convolution", "InnerProduct", "Deconvolution") &&
           layer->param_count > 0 && is_zero(&layer->params[0]);
}

/* The one that counts is the second on a path: its input is 0, and so is what it sends back. */
static int zeros_before(const lungo_net *net, const lungo_blob *blob, int below) {
    for (int i = below; i-- > 0;) {
        const lungo_layer *layer = net->layers[i];
        for (int j = 0; j < layer->top_count; j++) {
            if (layer->tops[j] != blob) continue;
            if (begins_with_zeros(layer)) return i;
            int found = layer->bottom_count ? zeros_before(net, layer->bottoms[0], i) : -1;
            return found;
        }
    }
    return -1;
}

static int count_zeros(const lungo_net *net) {
    int count = 0;
    for (int i = 0; i < net->layer_count; i++)
        count += begins_with_zeros(net->layers[i]);
    return count;
}

void lungo_check_zero_weights(const lungo_subject *subject) {
    const lungo_net *net = subject->net;
    if (subject->weights || (subject->solver && subject->solver->n_weights > 0)) return;
    for (int i = 0; i < net->layer_count; i++) {
        if (!begins_with_zeros(net->layers[i])) continue;
        int before = zeros_before(net, net->layers[i]->bottoms[0], i);
        if (before < 0) continue;
        lungo_find_layer(subject, lungo_subject_given(subject, i),
                         "layers '%s' and '%s' begin with weights of 0, which is Caffe's default "
                         "(%d such layers in the net), so neither ever learns. Give them a "
                         "weight_filler, xavier or msra, unless weights are loaded",
                         net->layers[before]->name, net->layers[i]->name, count_zeros(net));
        return;
    }
}
