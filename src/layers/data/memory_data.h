/* Feeding a MemoryData layer. */
#ifndef LUNGO_LAYERS_DATA_MEMORY_DATA_H
#define LUNGO_LAYERS_DATA_MEMORY_DATA_H

#include "layer/layer.h"

extern const lungo_layer_type lungo_layer_memory_data;

/* What lungo_memory_data_set does, for a layer of this type. */
lungo_status lungo_memory_data_feed(lungo_layer *layer, const float *data, const float *labels,
                                    size_t count);

#endif
