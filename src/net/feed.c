/* Data that the program hands over. */
#include <string.h>

#include "layers/data/memory_data.h"
#include "net/net.h"

static lungo_layer *find_memory_data(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->layer_count; i++) {
        lungo_layer *layer = net->layers[i];
        if (layer->type != &lungo_layer_memory_data) continue;
        if (!name || strcmp(layer->name, name) == 0) return layer;
    }
    return NULL;
}

lungo_status lungo_memory_data_set(lungo_net *net, const char *layer, const float *data,
                                   const float *labels, size_t count) {
    lungo_layer *found = find_memory_data(net, layer);
    if (!found)
        return lungo_fail(LUNGO_ERR_USAGE, "net '%s' has no MemoryData layer%s%s%s", net->name,
                          layer ? " '" : "", layer ? layer : "", layer ? "'" : "");
    if (lungo_memory_data_feed(found, data, labels, count)) return lungo_net_trail(net, found);
    return LUNGO_OK;
}
