/* One parameter for several layers.
 *
 * Within a net, the first layer that names a parameter owns it, and later ones of that name stand
 * on its values and its gradient, to which all of them add. Between nets, all parameters of a layer
 * that the donor has too, by the layer's name, stand on the donor's values. */
#include <string.h>

#include "base/log.h"
#include "net/passes.h"

/* ---- within the net ---- */

static const lungo_layer *find_owner(const lungo_net *net, int before, const char *name,
                                     lungo_layer_param **out) {
    for (int i = 0; i < before; i++) {
        lungo_layer *layer = net->layers[i];
        for (int j = 0; j < layer->param_count; j++) {
            if (strcmp(lungo_or_empty(layer->params[j].share_name), name) != 0) continue;
            *out = &layer->params[j];
            return layer;
        }
    }
    return NULL;
}

static lungo_status check_shape(const lungo_layer_param *param, const lungo_layer *owner,
                                const lungo_layer_param *owned) {
    const lungo_blob *mine = param->blob, *theirs = owned->blob;
    bool fits = param->permissive ? mine->count == theirs->count
                                  : lungo_shape_equal(&mine->shape, &theirs->shape);
    if (fits) return LUNGO_OK;
    return lungo_fail(LUNGO_ERR_CONFIG,
                      "cannot share parameter '%s': expected %s %s as its owner, layer '%s', has, "
                      "got %s%s",
                      param->share_name, param->permissive ? "the count of" : "shape",
                      lungo_shape_text(&theirs->shape).text, owner->name,
                      lungo_shape_text(&mine->shape).text,
                      !param->permissive && mine->count == theirs->count
                          ? " (share_mode: PERMISSIVE asks for equal counts only)"
                          : "");
}

/* Whoever states a multiplier first decides, the owner before all others. */
static lungo_status agree(const char *field, const lungo_layer_param *param,
                          const lungo_layer *owner, bool stated, float value, bool *known,
                          float *decided) {
    if (!stated) return LUNGO_OK;
    if (*known && *decided != value)
        return lungo_fail(LUNGO_ERR_CONFIG,
                          "shared parameter '%s' (owner: layer '%s'): expected the same %s "
                          "wherever it is given, %g, got %g",
                          param->share_name, owner->name, field, *decided, value);
    *known = true;
    *decided = value;
    return LUNGO_OK;
}

static lungo_status agree_on_multipliers(const lungo_layer_param *param, const lungo_layer *owner,
                                         lungo_layer_param *owned) {
    LUNGO_TRY(agree("lr_mult", param, owner, param->has_lr_mult, param->lr_mult,
                    &owned->has_lr_mult, &owned->lr_mult));
    return agree("decay_mult", param, owner, param->has_decay_mult, param->decay_mult,
                 &owned->has_decay_mult, &owned->decay_mult);
}

static lungo_status share_with_owner(const lungo_net *net, int before, lungo_layer_param *param) {
    lungo_layer_param *owned;
    const char *name = lungo_or_empty(param->share_name);
    const lungo_layer *owner = name[0] ? find_owner(net, before, name, &owned) : NULL;
    if (!owner) return LUNGO_OK;
    lungo_log_info("net.cpp", 467, "Sharing parameters '%s' owned by layer '%s', param index %d",
                   name, owner->name, (int)(owned - owner->params));
    LUNGO_TRY(check_shape(param, owner, owned));
    LUNGO_TRY(agree_on_multipliers(param, owner, owned));
    lungo_blob_share_data(param->blob, owned->blob);
    lungo_blob_share_diff(param->blob, owned->blob);
    param->owned = false;
    param->borrowed = owned->borrowed;
    return LUNGO_OK;
}

/* ---- with a donor ---- */

static const lungo_layer *find_layer(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->layer_count; i++)
        if (strcmp(net->layers[i]->name, name) == 0) return net->layers[i];
    return NULL;
}

static lungo_status borrow(lungo_layer *layer, const lungo_layer *lender) {
    if (lender->param_count != layer->param_count)
        return lungo_fail(
            LUNGO_ERR_CONFIG,
            "cannot use the parameters of the net it shares with: expected %d of them "
            "as layer '%s' has there, got %d",
            lender->param_count, lender->name, layer->param_count);
    for (int j = 0; j < layer->param_count; j++) {
        lungo_layer_param *param = &layer->params[j];
        lungo_blob *theirs = lender->params[j].blob;
        if (!lungo_shape_equal(&param->blob->shape, &theirs->shape))
            return lungo_fail(LUNGO_ERR_CONFIG,
                              "cannot use param %d of the net it shares with: expected shape %s as "
                              "layer '%s' has there, got %s",
                              j, lungo_shape_text(&theirs->shape).text, lender->name,
                              lungo_shape_text(&param->blob->shape).text);
        lungo_blob_share_data(param->blob, theirs);
        param->owned = false;
        param->borrowed = true;
    }
    return LUNGO_OK;
}

lungo_status lungo_net_share_params(lungo_net_builder *builder, int index) {
    lungo_net *net = builder->net;
    lungo_layer *layer = net->layers[index];
    for (int j = 0; j < layer->param_count; j++)
        LUNGO_TRY(share_with_owner(net, index, &layer->params[j]));
    const lungo_layer *lender = builder->donor ? find_layer(builder->donor, layer->name) : NULL;
    return lender ? borrow(layer, lender) : LUNGO_OK;
}
