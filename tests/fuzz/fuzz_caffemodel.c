/* Any bytes as weights: every blob that is accepted has as many values as its shape says, and can
 * be copied. As a net: what is accepted survives its upgrade, or is refused. */
#include "fuzz/input.h"
#include "proto/upgrade.h"
#include "proto/wire_decode.h"
#include "weights/model.h"

static void copy_blob(const lungo_stored_blob *blob) {
    require(blob->count == lungo_shape_count(&blob->shape));
    if (blob->count == 0) return;
    float *values = malloc(blob->count * sizeof *values);
    require(values != NULL);
    require(lungo_stored_blob_data(blob, values) == LUNGO_OK);
    if (blob->diff.field) require(lungo_stored_blob_diff(blob, values) == LUNGO_OK);
    free(values);
}

static void check_weights(const uint8_t *data, size_t size) {
    lungo_model *model;
    if (lungo_model_over(&model, data, size, "fuzz")) return;
    for (size_t i = 0; i < lungo_model_layer_count(model); i++)
        for (size_t j = 0; j < lungo_model_layer(model, i).blob_count; j++) {
            lungo_stored_blob blob;
            if (lungo_model_blob(&blob, model, i, j) == LUNGO_OK) copy_blob(&blob);
        }
    lungo_model_free(model);
}

static void check_net(const uint8_t *data, size_t size) {
    lungo_document *document;
    ProtobufCMessage *net;
    require(lungo_document_new(&document) == LUNGO_OK);
    if (!lungo_wire_decode(document, &net, &caffe__net_parameter__descriptor, data, size, "fuzz") &&
        !lungo_upgrade_net(document, (Caffe__NetParameter *)net, "fuzz"))
        require(((Caffe__NetParameter *)net)->n_layers == 0);
    lungo_document_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_weights(data, size);
    check_net(data, size);
    return 0;
}
