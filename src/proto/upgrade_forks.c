/* Some forks gave names of their own to what Caffe has. They are turned into Caffe's, so that no
 * layer knows of them; two that say different things are an error. */
#include "proto/message.h"
#include "proto/upgrade_layers.h"

/* ---- pooling: how an output size with a remainder is rounded ---- */

static bool names_rounding(const Caffe__PoolingParameter *pooling) {
    return pooling && (pooling->has_ceil_mode || pooling->has_torch_pooling);
}

static lungo_status settle_rounding(Caffe__PoolingParameter *pooling) {
    bool round_floor = pooling->round_mode == CAFFE__POOLING_PARAMETER__ROUND_MODE__FLOOR;
    const struct {
        bool given, floor;
    } votes[] = {{pooling->has_round_mode, round_floor},
                 {pooling->has_ceil_mode, !pooling->ceil_mode},
                 {pooling->has_torch_pooling, pooling->torch_pooling}};
    bool up = false, down = false;
    for (size_t i = 0; i < sizeof votes / sizeof *votes; i++) {
        up |= votes[i].given && !votes[i].floor;
        down |= votes[i].given && votes[i].floor;
    }
    if (up && down)
        return lungo_fail(LUNGO_ERR_CONFIG, "pooling_param: expected round_mode, ceil_mode and "
                                            "torch_pooling to say the same, got one for CEIL and "
                                            "one for FLOOR");
    pooling->has_round_mode = true;
    pooling->round_mode = down ? CAFFE__POOLING_PARAMETER__ROUND_MODE__FLOOR
                               : CAFFE__POOLING_PARAMETER__ROUND_MODE__CEIL;
    lungo_message_clear(&pooling->base, lungo_message_field(&pooling->base, "ceil_mode"));
    lungo_message_clear(&pooling->base, lungo_message_field(&pooling->base, "torch_pooling"));
    return LUNGO_OK;
}

/* ---- convolution: holes between the taps of a filter ---- */

static bool names_holes(const Caffe__ConvolutionParameter *filters) {
    return filters && (filters->has_hole || filters->has_hole_h || filters->has_hole_w);
}

static lungo_status settle_holes(lungo_document *document, Caffe__ConvolutionParameter *filters) {
    ProtobufCMessage *message = &filters->base;
    uint32_t holes[] = {filters->hole_h, filters->hole_w};
    bool pair = filters->has_hole_h || filters->has_hole_w;
    if (filters->n_dilation > 0 || (filters->has_hole && pair))
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "convolution_param: expected one of dilation, hole, and the pair hole_h "
                          "and hole_w, got %s",
                          filters->n_dilation > 0 ? "dilation and a hole" : "hole and the pair");
    if (filters->has_hole) holes[0] = filters->hole;
    for (int i = 0; i < 1 + pair; i++) {
        uint32_t *dilation =
            lungo_message_add(document, message, lungo_message_field(message, "dilation"));
        if (!dilation) return lungo_fail_memory("dilation", sizeof *dilation);
        *dilation = holes[i];
    }
    lungo_message_clear(message, lungo_message_field(message, "hole"));
    lungo_message_clear(message, lungo_message_field(message, "hole_h"));
    lungo_message_clear(message, lungo_message_field(message, "hole_w"));
    return LUNGO_OK;
}

/* ---- the whole ---- */

bool lungo_upgrade_has_fork_fields(const Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layer; i++)
        if (names_rounding(net->layer[i]->pooling_param) ||
            names_holes(net->layer[i]->convolution_param))
            return true;
    return false;
}

static lungo_status settle_layer(lungo_document *document, Caffe__LayerParameter *layer) {
    if (names_rounding(layer->pooling_param)) LUNGO_TRY(settle_rounding(layer->pooling_param));
    return names_holes(layer->convolution_param) ? settle_holes(document, layer->convolution_param)
                                                 : LUNGO_OK;
}

lungo_status lungo_upgrade_fork_fields(lungo_document *document, Caffe__NetParameter *net) {
    for (size_t i = 0; i < net->n_layer; i++) {
        lungo_position position = lungo_document_position(document, net->layer[i]);
        if (settle_layer(document, net->layer[i]))
            return lungo_trail("in the layer at %s:%d", position.file ? position.file : "?",
                               position.line);
    }
    return LUNGO_OK;
}
