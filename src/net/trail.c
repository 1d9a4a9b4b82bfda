/* Where a failure happened, for its error text. */
#include "net/passes.h"

lungo_status lungo_net_trail_layer(const lungo_net *net, const Caffe__LayerParameter *layer) {
    lungo_position at = lungo_document_position(net->document, layer);
    if (net->failed_at) *net->failed_at = (lungo_position){NULL, at.line, at.column};
    const char *name = lungo_or_empty(layer->name), *type = lungo_or_empty(layer->type);
    if (!at.file) return lungo_trail("in layer '%s' (%s)", name, type);
    return lungo_trail("in layer '%s' (%s), %s:%d", name, type, at.file, at.line);
}

lungo_status lungo_net_trail(const lungo_net *net, const lungo_layer *layer) {
    for (int i = 0; layer && i < net->layer_count; i++)
        if (net->layers[i] == layer) lungo_net_trail_layer(net, net->param->layer[i]);
    const char *phase = net->phase == LUNGO_TRAIN ? "TRAIN" : "TEST";
    if (!net->name[0]) return lungo_trail("in %s net", phase);
    return lungo_trail("in %s net '%s'", phase, net->name);
}
