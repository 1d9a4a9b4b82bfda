/* Writing a net as a .caffemodel, byte for byte as Caffe writes it: every layer of the net that
 * runs, automatic Splits too, with its settings and its learned blobs; layers that share a
 * parameter repeat it. It goes to the file in pieces, so that no second copy of the weights is
 * needed. */
#include <stdlib.h>
#include <string.h>

#include "blob/stored.h"
#include "net/net.h"
#include "proto/wire.h"
#include "store/hdf5.h"
#include "weights/hdf5.h"
#include "weights/save.h"

enum { NET_NAME = 1, NET_LAYER = 100, LAYER_BLOBS = 7 };

/* A layer's settings in protobuf's form. The blobs go between fields 6 and 8. */
typedef struct packed_layer {
    uint8_t *bytes;
    size_t length, before_blobs;
} packed_layer;

/* What Caffe's layers add to their settings when they are set up. */
typedef struct completed_settings {
    Caffe__LayerParameter message;
    Caffe__ParamSpec frozen;
    Caffe__ParamSpec *params[LUNGO_MAX_PARAMS];
    float *loss_weights;
} completed_settings;

static void complete_params(completed_settings *settings, const lungo_layer *layer) {
    Caffe__LayerParameter *message = &settings->message;
    settings->frozen = (Caffe__ParamSpec)CAFFE__PARAM_SPEC__INIT;
    settings->frozen.has_lr_mult = true;
    settings->frozen.lr_mult = 0;
    size_t given = message->n_param;
    for (size_t j = 0; j < given; j++)
        settings->params[j] = message->param[j];
    for (size_t j = given; j < (size_t)layer->param_count && layer->params[j].frozen; j++)
        settings->params[message->n_param++] = &settings->frozen;
    message->param = settings->params;
}

/* A loss has weight 1 at its first top unless it says otherwise. */
static lungo_status complete_loss_weights(completed_settings *settings, const lungo_layer *layer) {
    Caffe__LayerParameter *message = &settings->message;
    if (!(layer->type->flags & LUNGO_LOSS) || message->n_loss_weight > 0 || message->n_top == 0)
        return LUNGO_OK;
    settings->loss_weights = calloc(message->n_top, sizeof *settings->loss_weights);
    if (!settings->loss_weights) return lungo_fail_memory("loss weights", message->n_top);
    settings->loss_weights[0] = 1;
    message->loss_weight = settings->loss_weights;
    message->n_loss_weight = message->n_top;
    return LUNGO_OK;
}

static lungo_status find_place_of_blobs(packed_layer *packed) {
    lungo_wire wire = lungo_wire_over(packed->bytes, packed->length, "a packed layer");
    while (lungo_wire_more(&wire)) {
        lungo_wire_field field;
        packed->before_blobs = packed->length - lungo_wire_left(&wire);
        LUNGO_TRY(lungo_wire_next(&wire, &field));
        if (field.number > LAYER_BLOBS) return LUNGO_OK;
    }
    packed->before_blobs = packed->length;
    return LUNGO_OK;
}

/* The caller frees settings->loss_weights. */
static lungo_status complete(completed_settings *settings, const lungo_net *net, int index) {
    *settings = (completed_settings){.message = *net->param->layer[index]};
    settings->message.n_blobs = 0;
    complete_params(settings, net->layers[index]);
    return complete_loss_weights(settings, net->layers[index]);
}

static lungo_status pack_layer(packed_layer *out, const lungo_net *net, int index) {
    completed_settings settings;
    LUNGO_TRY(complete(&settings, net, index));
    size_t length = caffe__layer_parameter__get_packed_size(&settings.message);
    *out = (packed_layer){.bytes = malloc(length ? length : 1), .length = length};
    if (out->bytes) caffe__layer_parameter__pack(&settings.message, out->bytes);
    free(settings.loss_weights);
    if (!out->bytes) return lungo_fail_memory("a layer's settings", length);
    lungo_status status = find_place_of_blobs(out);
    if (status) free(out->bytes);
    return status;
}

static size_t blobs_size(const lungo_layer *layer, bool with_gradients) {
    size_t size = 0;
    for (int j = 0; j < layer->param_count; j++)
        size += lungo_stored_blob_size(LAYER_BLOBS, &layer->params[j].blob->shape, with_gradients);
    return size;
}

static lungo_status write_head(lungo_file_writer *file, uint32_t number, size_t length) {
    lungo_buffer head = {0};
    lungo_wire_put_tag(&head, number, LUNGO_WIRE_BYTES);
    lungo_wire_put_varint(&head, length);
    lungo_status status = head.failed ? lungo_fail_memory("a record's head", head.length)
                                      : lungo_file_writer_write(file, head.bytes, head.length);
    lungo_buffer_dispose(&head);
    return status;
}

static lungo_status write_blobs(lungo_file_writer *file, const lungo_layer *layer,
                                bool with_gradients) {
    for (int j = 0; j < layer->param_count; j++) {
        lungo_blob *blob = layer->params[j].blob;
        if (with_gradients) lungo_blob_settle_diff(blob);
        LUNGO_TRY(lungo_stored_blob_write(file, LAYER_BLOBS, &blob->shape, lungo_data(blob),
                                          with_gradients ? lungo_diff(blob) : NULL));
    }
    return LUNGO_OK;
}

static lungo_status write_layer(lungo_file_writer *file, const lungo_net *net, int index,
                                bool with_gradients) {
    const lungo_layer *layer = net->layers[index];
    packed_layer packed;
    LUNGO_TRY(pack_layer(&packed, net, index));
    size_t first = packed.before_blobs;
    lungo_status status =
        write_head(file, NET_LAYER, packed.length + blobs_size(layer, with_gradients));
    if (!status) status = lungo_file_writer_write(file, packed.bytes, first);
    if (!status) status = write_blobs(file, layer, with_gradients);
    if (!status)
        status = lungo_file_writer_write(file, packed.bytes + first, packed.length - first);
    free(packed.bytes);
    return status;
}

static lungo_status write_net(lungo_file_writer *file, const lungo_net *net, bool with_gradients) {
    size_t length = strlen(net->name);
    LUNGO_TRY(write_head(file, NET_NAME, length));
    LUNGO_TRY(lungo_file_writer_write(file, net->name, length));
    for (int i = 0; i < net->layer_count; i++)
        if (write_layer(file, net, i, with_gradients)) return lungo_net_trail(net, net->layers[i]);
    return LUNGO_OK;
}

static lungo_status check_values(const lungo_net *net, bool with_gradients) {
    for (int i = 0; i < net->layer_count; i++) {
        const lungo_layer *layer = net->layers[i];
        for (int j = 0; j < layer->param_count; j++) {
            const lungo_blob *blob = layer->params[j].blob;
            if (!lungo_data(blob) || (with_gradients && !lungo_diff(blob)))
                return lungo_fail(LUNGO_ERR_USAGE, "param %d of layer '%s' has no %s to save", j,
                                  layer->name, lungo_data(blob) ? "gradients" : "values");
        }
    }
    return LUNGO_OK;
}

/* ---- how large it will be ---- */

static lungo_status settings_size(size_t *out, const lungo_net *net, int index) {
    completed_settings settings;
    LUNGO_TRY(complete(&settings, net, index));
    *out = caffe__layer_parameter__get_packed_size(&settings.message);
    free(settings.loss_weights);
    return LUNGO_OK;
}

static size_t record_size(uint32_t number, size_t length) {
    return lungo_wire_varint_size((uint64_t)number << 3) + lungo_wire_varint_size(length) + length;
}

static lungo_status list_sizes(size_t *total, size_t *layers, const lungo_net *net,
                               bool with_gradients) {
    *total = record_size(NET_NAME, strlen(net->name));
    for (int i = 0; i < net->layer_count; i++) {
        size_t settings;
        LUNGO_TRY(settings_size(&settings, net, i));
        layers[i] = record_size(NET_LAYER, settings + blobs_size(net->layers[i], with_gradients));
        *total += layers[i];
    }
    return LUNGO_OK;
}

static lungo_status refuse_size(const lungo_net *net, size_t total, size_t *layers, size_t most) {
    lungo_fail(
        LUNGO_ERR_MEMORY,
        "weights of %zu bytes: expected at most %zu, which is the most that a .caffemodel "
        "can hold; HDF5 holds more: `snapshot_format: HDF5` in a solver, or a name that ends "
        "in .h5",
        total, most);
    lungo_net_trail_largest(net, layers);
    return lungo_error_code();
}

lungo_status lungo_weights_check_size(const lungo_net *net, bool with_gradients, size_t most) {
    size_t total;
    size_t *layers = calloc((size_t)net->layer_count + 1, sizeof *layers);
    if (!layers) return lungo_fail_memory("a list of sizes", (size_t)net->layer_count);
    lungo_status status = list_sizes(&total, layers, net, with_gradients);
    if (!status && total > most) status = refuse_size(net, total, layers, most);
    free(layers);
    return status;
}

/* ---- */

static lungo_status save_model(const lungo_net *net, const char *path, bool with_gradients) {
    lungo_file_writer *file;
    LUNGO_TRY(lungo_weights_check_size(net, with_gradients, LUNGO_MODEL_MOST));
    LUNGO_TRY(lungo_file_writer_open(&file, path));
    lungo_status status = write_net(file, net, with_gradients);
    if (!status) return lungo_file_writer_commit(file);
    lungo_file_writer_abandon(file);
    return status;
}

static lungo_status save(const lungo_net *net, const char *path, bool with_gradients) {
    LUNGO_TRY(check_values(net, with_gradients));
    return lungo_hdf5_is_name(path) ? lungo_weights_save_hdf5(net, path, with_gradients)
                                    : save_model(net, path, with_gradients);
}

lungo_status lungo_net_save_weights(const lungo_net *net, const char *path, bool with_gradients) {
    if (save(net, path, with_gradients) == LUNGO_OK) return LUNGO_OK;
    return lungo_trail("while saving weights to %s", path);
}
