/* The steps of lungo_upgrade_net that work on layers. */
#ifndef LUNGO_PROTO_UPGRADE_LAYERS_H
#define LUNGO_PROTO_UPGRADE_LAYERS_H

#include <stdbool.h>

#include "base/error.h"
#include "caffe.pb-c.h"
#include "proto/document.h"

/* V0 -> V1. *complete: nothing had to be left out. */
bool lungo_upgrade_is_v0(const Caffe__NetParameter *net);
lungo_status lungo_upgrade_from_v0(lungo_document *document, Caffe__NetParameter *net,
                                   bool *complete);

/* scale, mean_file, crop_size, mirror of the data layers' own messages -> transform_param. */
bool lungo_upgrade_has_transform_fields(const Caffe__NetParameter *net);
lungo_status lungo_upgrade_transform_fields(lungo_document *document, Caffe__NetParameter *net);
/* In current layers these fields stand for nothing: says so. */
void lungo_upgrade_warn_of_transform_fields(const lungo_document *document,
                                            const Caffe__NetParameter *net);

/* V1 -> V2. */
lungo_status lungo_upgrade_from_v1(lungo_document *document, Caffe__NetParameter *net);

/* Fields of forks that say what Caffe says with others: hole -> dilation; ceil_mode, torch_pooling
 * -> round_mode. */
bool lungo_upgrade_has_fork_fields(const Caffe__NetParameter *net);
lungo_status lungo_upgrade_fork_fields(lungo_document *document, Caffe__NetParameter *net);

#endif
