/* V1 layers: types are enum values, learning rates and sharing stand in parallel lists. All other
 * fields have the same names and types in LayerParameter and move over as they are. */
#include <string.h>

#include "proto/message.h"
#include "proto/upgrade.h"
#include "proto/upgrade_layers.h"

#define TYPE(name) [CAFFE__V1_LAYER_PARAMETER__LAYER_TYPE__##name]
static const char *const types[] = {
    TYPE(NONE) = "",
    TYPE(ABSVAL) = "AbsVal",
    TYPE(ACCURACY) = "Accuracy",
    TYPE(ARGMAX) = "ArgMax",
    TYPE(BNLL) = "BNLL",
    TYPE(CONCAT) = "Concat",
    TYPE(CONTRASTIVE_LOSS) = "ContrastiveLoss",
    TYPE(CONVOLUTION) = "Convolution",
    TYPE(DATA) = "Data",
    TYPE(DECONVOLUTION) = "Deconvolution",
    TYPE(DROPOUT) = "Dropout",
    TYPE(DUMMY_DATA) = "DummyData",
    TYPE(ELTWISE) = "Eltwise",
    TYPE(EUCLIDEAN_LOSS) = "EuclideanLoss",
    TYPE(EXP) = "Exp",
    TYPE(FLATTEN) = "Flatten",
    TYPE(HDF5_DATA) = "HDF5Data",
    TYPE(HDF5_OUTPUT) = "HDF5Output",
    TYPE(HINGE_LOSS) = "HingeLoss",
    TYPE(IM2COL) = "Im2col",
    TYPE(IMAGE_DATA) = "ImageData",
    TYPE(INFOGAIN_LOSS) = "InfogainLoss",
    TYPE(INNER_PRODUCT) = "InnerProduct",
    TYPE(LRN) = "LRN",
    TYPE(MEMORY_DATA) = "MemoryData",
    TYPE(MULTINOMIAL_LOGISTIC_LOSS) = "MultinomialLogisticLoss",
    TYPE(MVN) = "MVN",
    TYPE(POOLING) = "Pooling",
    TYPE(POWER) = "Power",
    TYPE(RELU) = "ReLU",
    TYPE(SIGMOID) = "Sigmoid",
    TYPE(SIGMOID_CROSS_ENTROPY_LOSS) = "SigmoidCrossEntropyLoss",
    TYPE(SILENCE) = "Silence",
    TYPE(SLICE) = "Slice",
    TYPE(SOFTMAX) = "Softmax",
    TYPE(SOFTMAX_LOSS) = "SoftmaxWithLoss",
    TYPE(SPLIT) = "Split",
    TYPE(TANH) = "TanH",
    TYPE(THRESHOLD) = "Threshold",
    TYPE(WINDOW_DATA) = "WindowData",
};

const char *lungo_upgrade_v1_type(int type) {
    return type >= 0 && (size_t)type < sizeof types / sizeof *types ? types[type] : NULL;
}

static lungo_status copy_type(lungo_document *document, Caffe__LayerParameter *layer,
                              const Caffe__V1LayerParameter *old) {
    if (!old->has_type) return LUNGO_OK;
    const char *type = lungo_upgrade_v1_type((int)old->type);
    if (!type)
        return lungo_fail(LUNGO_ERR_CONFIG, "layer '%s': expected a V1 layer type, got number %d",
                          old->name ? old->name : "", (int)old->type);
    layer->type = lungo_arena_string(lungo_document_arena(document), type);
    return layer->type ? LUNGO_OK : lungo_fail_memory("the type of a layer", strlen(type) + 1);
}

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

/* The i-th entry of each list goes to the i-th ParamSpec; what a list lacks stays at its default.
 */
static lungo_status copy_specs(lungo_document *document, Caffe__LayerParameter *layer,
                               const Caffe__V1LayerParameter *old) {
    const ProtobufCFieldDescriptor *field = lungo_message_field(&layer->base, "param");
    size_t count = most(most(old->n_param, old->n_blob_share_mode),
                        most(old->n_blobs_lr, old->n_weight_decay));
    for (size_t i = 0; i < count; i++) {
        Caffe__ParamSpec *spec =
            (Caffe__ParamSpec *)lungo_message_add_message(document, &layer->base, field);
        if (!spec) return lungo_fail_memory("a ParamSpec", sizeof *spec);
        LUNGO_TRY(
            lungo_document_set_position(document, spec, lungo_document_position(document, old)));
        if (i < old->n_param) spec->name = old->param[i];
        if ((spec->has_share_mode = i < old->n_blob_share_mode))
            spec->share_mode = (Caffe__ParamSpec__DimCheckMode)old->blob_share_mode[i];
        if ((spec->has_lr_mult = i < old->n_blobs_lr)) spec->lr_mult = old->blobs_lr[i];
        if ((spec->has_decay_mult = i < old->n_weight_decay))
            spec->decay_mult = old->weight_decay[i];
    }
    return LUNGO_OK;
}

/* Everything that has kept its name and type. `type` and `param` have not, the lists are gone. */
static lungo_status copy_same_fields(lungo_document *document, Caffe__LayerParameter *layer,
                                     const Caffe__V1LayerParameter *old) {
    const ProtobufCMessageDescriptor *descriptor = old->base.descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *from = &descriptor->fields[i];
        const ProtobufCFieldDescriptor *to = lungo_message_field(&layer->base, from->name);
        if (to && to->type == from->type)
            LUNGO_TRY(
                lungo_message_merge_field(document, &layer->base, to, &old->base, from, document));
    }
    return LUNGO_OK;
}

static lungo_status upgrade_layer(lungo_document *document, Caffe__NetParameter *net,
                                  const Caffe__V1LayerParameter *old) {
    Caffe__LayerParameter *layer = (Caffe__LayerParameter *)lungo_message_add_message(
        document, &net->base, lungo_message_field(&net->base, "layer"));
    if (!layer) return lungo_fail_memory("a layer", sizeof *layer);
    LUNGO_TRY(lungo_document_set_position(document, layer, lungo_document_position(document, old)));
    LUNGO_TRY(copy_same_fields(document, layer, old));
    LUNGO_TRY(copy_type(document, layer, old));
    return copy_specs(document, layer, old);
}

lungo_status lungo_upgrade_from_v1(lungo_document *document, Caffe__NetParameter *net) {
    if (net->n_layer > 0)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "Refusing to upgrade inconsistent NetParameter input; the definition "
                          "includes both 'layer' and 'layers' fields: expected layer { type: "
                          "\"Layer\" ... } alone, got %zu 'layer' and %zu 'layers { type: LAYER "
                          "... }'. Manually switch the definition to 'layer' format to continue",
                          net->n_layer, net->n_layers);
    for (size_t i = 0; i < net->n_layers; i++)
        LUNGO_TRY(upgrade_layer(document, net, net->layers[i]));
    lungo_message_clear(&net->base, lungo_message_field(&net->base, "layers"));
    return LUNGO_OK;
}
