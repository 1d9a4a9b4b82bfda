/* Which layers compute gradients, of which bottoms and parameters.
 *
 * From the first layer on: a layer learns when one of its parameters does (lr_mult other than 0) or
 * one of its bottoms comes from a layer that learns; propagate_down overrules this for a bottom.
 * From the last layer back: what no loss depends on is left out, and so is a layer none of whose
 * tops gets a gradient. force_backward overrules all of it, but for bottoms that never have a
 * gradient.
 *
 * Caffe counts parameters that are not learned by gradients (BatchNorm's) as learning unless the
 * prototxt says lr_mult 0; the log shows it, so it is counted here too. */
#include "base/log.h"
#include "net/passes.h"

static bool lr_mult_given_is_zero(const Caffe__LayerParameter *given, int j) {
    return (size_t)j < given->n_param && given->param[j]->lr_mult == 0;
}

void lungo_net_mark_learning(lungo_net_builder *builder, int index) {
    lungo_layer *layer = builder->net->layers[index];
    const Caffe__LayerParameter *given = builder->param->layer[index];
    bool learns = false;
    for (int i = 0; i < layer->bottom_count; i++) {
        bool flows = lungo_wire_of(layer->bottoms[i])->needs_backward;
        learns |= flows;
        layer->bottom_wanted[i] = given->n_propagate_down > 0 ? given->propagate_down[i] : flows;
    }
    for (int j = 0; j < layer->param_count; j++) {
        layer->params[j].asked = !lr_mult_given_is_zero(given, j);
        learns |= layer->params[j].asked;
    }
    layer->needs_backward = learns;
    for (int i = 0; i < layer->top_count && learns; i++)
        lungo_wire_of(layer->tops[i])->needs_backward = true;
}

static void prune(lungo_layer *layer) {
    bool under_loss = false, all_skipped = true;
    for (int i = 0; i < layer->top_count; i++) {
        const lungo_wire *top = lungo_wire_of(layer->tops[i]);
        under_loss |= layer->loss_weights[i] != 0 || top->under_loss;
        all_skipped &= top->skipped;
    }
    bool flows = under_loss && !(layer->needs_backward && all_skipped);
    layer->needs_backward &= flows;
    lungo_log_info("net.cpp", layer->needs_backward ? 200 : 202, "%s %s backward computation.",
                   layer->name, layer->needs_backward ? "needs" : "does not need");
    for (int i = 0; i < layer->bottom_count; i++) {
        lungo_wire *bottom = lungo_wire_of(layer->bottoms[i]);
        bottom->under_loss |= under_loss;
        layer->bottom_wanted[i] &= flows;
        bottom->skipped |= !layer->bottom_wanted[i];
    }
}

static void force(lungo_layer *layer) {
    layer->needs_backward = true;
    for (int i = 0; i < layer->bottom_count; i++)
        layer->bottom_wanted[i] |= lungo_layer_passes(layer->type, i);
    for (int j = 0; j < layer->param_count; j++)
        layer->params[j].asked = true;
}

/* A net that borrows its parameters is there to test them: it gets no memory for gradients, as one
 * that is opened forward_only. */
static void forgo(lungo_layer *layer) {
    layer->needs_backward = false;
    for (int i = 0; i < layer->bottom_count; i++)
        layer->bottom_wanted[i] = false;
}

/* A donor's parameters are its own to train. */
static void want_params(lungo_layer *layer) {
    for (int j = 0; j < layer->param_count; j++) {
        lungo_layer_param *param = &layer->params[j];
        param->wanted = layer->needs_backward && param->asked && !param->frozen && !param->borrowed;
    }
}

void lungo_net_prune_backward(lungo_net_builder *builder) {
    lungo_net *net = builder->net;
    bool forced = builder->param->force_backward;
    net->no_gradients |= builder->donor && !forced;
    for (int i = net->layer_count; i-- > 0;)
        prune(net->layers[i]);
    for (int i = 0; i < net->layer_count; i++) {
        if (forced) force(net->layers[i]);
        if (net->no_gradients) forgo(net->layers[i]);
        want_params(net->layers[i]);
    }
}
