/* V0 layers: one message with the settings of every type, named by type strings of their own,
 * inside a V1 layer that holds the connections. What it says is moved to the V1 layer around it, so
 * that everything else in the net stays as it is. Padding was a layer then: it becomes the `pad` of
 * the convolution or pooling that reads it. */
#include <string.h>

#include "base/log.h"
#include "proto/message.h"
#include "proto/upgrade.h"
#include "proto/upgrade_layers.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TYPE(name)   CAFFE__V1_LAYER_PARAMETER__LAYER_TYPE__##name

/* Type string, V1 type, and the V1 message that the settings of this type go to. */
static const struct {
    const char *name;
    Caffe__V1LayerParameter__LayerType type;
    const char *param;
} types[] = {
    {"accuracy", TYPE(ACCURACY), NULL},
    {"bnll", TYPE(BNLL), NULL},
    {"concat", TYPE(CONCAT), "concat_param"},
    {"conv", TYPE(CONVOLUTION), "convolution_param"},
    {"data", TYPE(DATA), "data_param"},
    {"dropout", TYPE(DROPOUT), "dropout_param"},
    {"euclidean_loss", TYPE(EUCLIDEAN_LOSS), NULL},
    {"flatten", TYPE(FLATTEN), NULL},
    {"hdf5_data", TYPE(HDF5_DATA), "hdf5_data_param"},
    {"hdf5_output", TYPE(HDF5_OUTPUT), NULL},
    {"im2col", TYPE(IM2COL), NULL},
    {"images", TYPE(IMAGE_DATA), "image_data_param"},
    {"infogain_loss", TYPE(INFOGAIN_LOSS), "infogain_loss_param"},
    {"innerproduct", TYPE(INNER_PRODUCT), "inner_product_param"},
    {"lrn", TYPE(LRN), "lrn_param"},
    {"multinomial_logistic_loss", TYPE(MULTINOMIAL_LOGISTIC_LOSS), NULL},
    {"pool", TYPE(POOLING), "pooling_param"},
    {"relu", TYPE(RELU), NULL},
    {"sigmoid", TYPE(SIGMOID), NULL},
    {"softmax", TYPE(SOFTMAX), NULL},
    {"softmax_loss", TYPE(SOFTMAX_LOSS), NULL},
    {"split", TYPE(SPLIT), NULL},
    {"tanh", TYPE(TANH), NULL},
    {"window_data", TYPE(WINDOW_DATA), "window_data_param"},
};

/* Where each setting goes: for which types, and the name it has in the message of that type. */
#define ANY_TYPE NULL
static const struct {
    const char *from;
    const char *types[6];
    const char *param, *to; /* param: in place of the type's own message; "": the layer itself */
    int line;               /* where Caffe logs that another type has it; 0: all types may */
} moves[] = {
    {"name", {ANY_TYPE}, "", "name", 0},
    {"blobs", {ANY_TYPE}, "", "blobs", 0},
    {"blobs_lr", {ANY_TYPE}, "", "blobs_lr", 0},
    {"weight_decay", {ANY_TYPE}, "", "weight_decay", 0},
    {"num_output", {"conv", "innerproduct"}, NULL, "num_output", 237},
    {"biasterm", {"conv", "innerproduct"}, NULL, "bias_term", 249},
    {"weight_filler", {"conv", "innerproduct"}, NULL, "weight_filler", 261},
    {"bias_filler", {"conv", "innerproduct"}, NULL, "bias_filler", 273},
    {"pad", {"conv", "pool"}, NULL, "pad", 283},
    {"kernelsize", {"conv", "pool"}, NULL, "kernel_size", 295},
    {"group", {"conv"}, NULL, "group", 304},
    {"stride", {"conv", "pool"}, NULL, "stride", 316},
    {"pool", {"pool"}, NULL, "pool", 341},
    {"dropout_ratio", {"dropout"}, NULL, "dropout_ratio", 350},
    {"local_size", {"lrn"}, NULL, "local_size", 359},
    {"alpha", {"lrn"}, NULL, "alpha", 367},
    {"beta", {"lrn"}, NULL, "beta", 375},
    {"k", {"lrn"}, NULL, "k", 383},
    {"source",
     {"data", "hdf5_data", "images", "window_data", "infogain_loss"},
     NULL,
     "source",
     403},
    {"batchsize", {"data", "hdf5_data", "images", "window_data"}, NULL, "batch_size", 429},
    {"scale", {ANY_TYPE}, "transform_param", "scale", 0},
    {"meanfile", {ANY_TYPE}, "transform_param", "mean_file", 0},
    {"cropsize", {ANY_TYPE}, "transform_param", "crop_size", 0},
    {"mirror", {ANY_TYPE}, "transform_param", "mirror", 0},
    {"rand_skip", {"data", "images"}, NULL, "rand_skip", 449},
    {"shuffle_images", {"images"}, NULL, "shuffle", 458},
    {"new_height", {"images"}, NULL, "new_height", 467},
    {"new_width", {"images"}, NULL, "new_width", 476},
    {"concat_dim", {"concat"}, NULL, "concat_dim", 485},
    {"det_fg_threshold", {"window_data"}, NULL, "fg_threshold", 494},
    {"det_bg_threshold", {"window_data"}, NULL, "bg_threshold", 504},
    {"det_fg_fraction", {"window_data"}, NULL, "fg_fraction", 514},
    {"det_context_pad", {"window_data"}, NULL, "context_pad", 524},
    {"det_crop_mode", {"window_data"}, NULL, "crop_mode", 534},
    {"hdf5_output_param", {"hdf5_output"}, "", "hdf5_output_param", 544},
};

static size_t find_type(const char *name) {
    size_t i = 0;
    while (i < COUNT(types) && strcmp(types[i].name, name) != 0)
        i++;
    return i;
}

const char *lungo_upgrade_v0_type(const char *type) {
    size_t at = find_type(type);
    return at < COUNT(types) ? lungo_upgrade_v1_type((int)types[at].type) : NULL;
}

static bool applies(size_t move, const char *type) {
    if (moves[move].types[0] == ANY_TYPE) return true;
    for (size_t i = 0; i < COUNT(moves[move].types) && moves[move].types[i]; i++)
        if (strcmp(moves[move].types[i], type) == 0) return true;
    return false;
}

/* The message that a setting goes to: the layer itself or one of its parameter messages. */
static ProtobufCMessage *target(lungo_document *document, ProtobufCMessage *layer, size_t move,
                                const char *type) {
    const char *param = moves[move].param ? moves[move].param : types[find_type(type)].param;
    if (*param == '\0') return layer;
    return lungo_message_ensure(document, layer, lungo_message_field(layer, param));
}

static lungo_status move_setting(lungo_document *document, Caffe__V1LayerParameter *layer,
                                 size_t move, const char *type, bool *complete) {
    const ProtobufCMessage *old = &layer->layer->base;
    const ProtobufCFieldDescriptor *from = lungo_message_field(old, moves[move].from);
    if (!lungo_message_has(old, from)) return LUNGO_OK;
    if (!applies(move, type)) {
        lungo_log_error("upgrade_proto.cpp", moves[move].line,
                        "Unknown parameter %s for layer type %s", moves[move].from, type);
        *complete = false;
        return LUNGO_OK;
    }
    ProtobufCMessage *to = target(document, &layer->base, move, type);
    if (!to) return lungo_fail_memory(moves[move].to, sizeof(Caffe__ConvolutionParameter));
    return lungo_message_merge_field(document, to, lungo_message_field(to, moves[move].to), old,
                                     from, document);
}

static lungo_status fail_unknown_type(const char *type) {
    lungo_buffer known = {0};
    for (size_t i = 0; i < COUNT(types); i++)
        lungo_buffer_printf(&known, "%s%s", i ? " " : "", types[i].name);
    lungo_status status =
        lungo_fail(LUNGO_ERR_CONFIG, "Unknown layer name: %s: expected a V0 layer type, one of %s",
                   type, lungo_buffer_text(&known));
    lungo_buffer_dispose(&known);
    return status;
}

static lungo_status upgrade_layer(lungo_document *document, Caffe__V1LayerParameter *layer,
                                  bool *complete) {
    const char *type = layer->layer->type ? layer->layer->type : "";
    if (*type) {
        size_t at = find_type(type);
        if (at == COUNT(types)) return fail_unknown_type(type);
        layer->has_type = true;
        layer->type = types[at].type;
    }
    for (size_t i = 0; i < COUNT(moves); i++)
        LUNGO_TRY(move_setting(document, layer, i, type, complete));
    layer->layer = NULL;
    return LUNGO_OK;
}

/* ---- padding layers ---- */

static bool is_padding(const Caffe__V1LayerParameter *layer) {
    return layer->layer && layer->layer->type && strcmp(layer->layer->type, "padding") == 0;
}

static bool makes(const Caffe__V1LayerParameter *layer, const char *blob) {
    for (size_t i = 0; i < layer->n_top; i++)
        if (strcmp(layer->top[i], blob) == 0) return true;
    return false;
}

/* The last layer before `end` that makes the blob; NULL: none. */
static const Caffe__V1LayerParameter *producer(const Caffe__NetParameter *net, size_t end,
                                               const char *blob) {
    while (end-- > 0)
        if (makes(net->layers[end], blob)) return net->layers[end];
    return NULL;
}

static bool is_input(const Caffe__NetParameter *net, const char *blob) {
    for (size_t i = 0; i < net->n_input; i++)
        if (strcmp(net->input[i], blob) == 0) return true;
    return false;
}

static lungo_status check_padding(const Caffe__V1LayerParameter *padding,
                                  const Caffe__V1LayerParameter *reader) {
    const char *type = reader->layer && reader->layer->type ? reader->layer->type : "";
    if (strcmp(type, "conv") != 0 && strcmp(type, "pool") != 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "padding layer '%s': expected a layer of type conv or pool to read it, "
                          "got %s",
                          padding->layer->name ? padding->layer->name : "", type);
    if (reader->n_bottom != 1 || padding->n_bottom != 1 || padding->n_top != 1)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "padding layer '%s': expected 1 bottom, 1 top and a reader of 1 bottom, "
                          "got %zu, %zu and %zu",
                          padding->layer->name ? padding->layer->name : "", padding->n_bottom,
                          padding->n_top, reader->n_bottom);
    return LUNGO_OK;
}

/* Layer `index` reads past padding layers: their pad becomes its own. */
static lungo_status fold_padding_into(const Caffe__NetParameter *net, size_t index) {
    Caffe__V1LayerParameter *layer = net->layers[index];
    for (size_t i = 0; i < layer->n_bottom; i++) {
        const Caffe__V1LayerParameter *source = producer(net, index, layer->bottom[i]);
        if (!source && !is_input(net, layer->bottom[i]))
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "Unknown blob input %s to layer '%s': expected the top of an "
                              "earlier layer or an input of the net",
                              layer->bottom[i],
                              layer->layer && layer->layer->name ? layer->layer->name : "");
        if (!source || !is_padding(source)) continue;
        LUNGO_TRY(check_padding(source, layer));
        layer->layer->has_pad = true;
        layer->layer->pad = source->layer->pad;
        layer->bottom[i] = source->bottom[0];
    }
    return LUNGO_OK;
}

static lungo_status fold_padding(Caffe__NetParameter *net) {
    size_t kept = 0;
    for (size_t i = 0; i < net->n_layers; i++)
        LUNGO_TRY(fold_padding_into(net, i));
    for (size_t i = 0; i < net->n_layers; i++)
        if (!is_padding(net->layers[i])) net->layers[kept++] = net->layers[i];
    net->n_layers = kept;
    return LUNGO_OK;
}

/* ---- the whole ---- */

bool lungo_upgrade_is_v0(const Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layers; i++)
        if (net->layers[i]->layer) return true;
    return false;
}

lungo_status lungo_upgrade_from_v0(lungo_document *document, Caffe__NetParameter *net,
                                   bool *complete) {
    *complete = true;
    LUNGO_TRY(fold_padding(net));
    for (size_t i = 0; i < net->n_layers; i++) {
        Caffe__V1LayerParameter *layer = net->layers[i];
        if (!layer->layer) continue;
        lungo_position position = lungo_document_position(document, layer);
        if (upgrade_layer(document, layer, complete))
            return lungo_trail("in the layer at %s:%d", position.file ? position.file : "?",
                               position.line);
    }
    return LUNGO_OK;
}
