/* Which layers belong to the net in its state: Caffe's NetState and NetStateRule.
 *
 * A rule is met when all that it says holds: phase, min_level, max_level, every stage, no
 * not_stage. A layer with include rules is in when one of them is met; otherwise it is in unless
 * one of its exclude rules is met. The log says which part of a rule was the first not to hold. */
#include <string.h>

#include "base/log.h"
#include "net/passes.h"
#include "proto/message.h"

static bool has_stage(const Caffe__NetState *state, const char *stage) {
    for (size_t i = 0; i < state->n_stage; i++)
        if (strcmp(state->stage[i], stage) == 0) return true;
    return false;
}

static bool phase_fits(const Caffe__NetState *state, const Caffe__NetStateRule *rule,
                       const char *layer) {
    if (!rule->has_phase || rule->phase == state->phase) return true;
    lungo_log_info("net.cpp", 296,
                   "The NetState phase (%d) differed from the phase (%d) specified by a rule in "
                   "layer %s",
                   state->phase, rule->phase, layer);
    return false;
}

/* "above the min_level": Caffe's words. */
static bool level_fits(const Caffe__NetState *state, const Caffe__NetStateRule *rule,
                       const char *layer) {
    if (rule->has_min_level && state->level < rule->min_level) {
        lungo_log_info("net.cpp", 306,
                       "The NetState level (%d) is above the min_level (%d) specified by a rule in "
                       "layer %s",
                       state->level, rule->min_level, layer);
        return false;
    }
    if (rule->has_max_level && state->level > rule->max_level) {
        lungo_log_info("net.cpp", 316,
                       "The NetState level (%d) is above the max_level (%d) specified by a rule in "
                       "layer %s",
                       state->level, rule->max_level, layer);
        return false;
    }
    return true;
}

static bool stages_fit(const Caffe__NetState *state, const Caffe__NetStateRule *rule,
                       const char *layer) {
    for (size_t i = 0; i < rule->n_stage; i++) {
        if (has_stage(state, rule->stage[i])) continue;
        lungo_log_info("net.cpp", 332,
                       "The NetState did not contain stage '%s' specified by a rule in layer %s",
                       rule->stage[i], layer);
        return false;
    }
    for (size_t i = 0; i < rule->n_not_stage; i++) {
        if (!has_stage(state, rule->not_stage[i])) continue;
        lungo_log_info("net.cpp", 347,
                       "The NetState contained a not_stage '%s' specified by a rule in layer %s",
                       rule->not_stage[i], layer);
        return false;
    }
    return true;
}

static bool is_met(const Caffe__NetState *state, const Caffe__NetStateRule *rule,
                   const char *layer) {
    return phase_fits(state, rule, layer) && level_fits(state, rule, layer) &&
           stages_fit(state, rule, layer);
}

static bool any_met(const Caffe__NetState *state, Caffe__NetStateRule *const *rules, size_t count,
                    const char *layer) {
    for (size_t i = 0; i < count; i++)
        if (is_met(state, rules[i], layer)) return true;
    return false;
}

bool lungo_net_includes(const Caffe__NetState *state, const Caffe__LayerParameter *layer) {
    const char *name = lungo_or_empty(layer->name);
    if (layer->n_include > 0) return any_met(state, layer->include, layer->n_include, name);
    return !any_met(state, layer->exclude, layer->n_exclude, name);
}

lungo_status lungo_net_filter(lungo_net_builder *builder) {
    static const Caffe__NetState defaults = CAFFE__NET_STATE__INIT;
    Caffe__NetParameter *param = builder->param;
    const Caffe__NetState *state = param->state ? param->state : &defaults;
    size_t kept = 0;
    for (size_t i = 0; i < param->n_layer; i++) {
        Caffe__LayerParameter *layer = param->layer[i];
        if (layer->n_include > 0 && layer->n_exclude > 0) {
            lungo_fail(LUNGO_ERR_CONFIG,
                       "layer has both include and exclude rules: expected one kind, got %zu "
                       "include and %zu exclude",
                       layer->n_include, layer->n_exclude);
            return lungo_net_trail_layer(builder->net, layer);
        }
        if (lungo_net_includes(state, layer)) param->layer[kept++] = layer;
    }
    param->n_layer = kept;
    return LUNGO_OK;
}

lungo_status lungo_net_set_state(lungo_document *document, Caffe__NetParameter *param,
                                 const lungo_net_options *options) {
    ProtobufCMessage *made =
        lungo_message_ensure(document, &param->base, lungo_message_field(&param->base, "state"));
    if (!made) return lungo_fail_memory("a net's state", sizeof(Caffe__NetState));
    Caffe__NetState *state = (Caffe__NetState *)made;
    const ProtobufCFieldDescriptor *stages = lungo_message_field(made, "stage");
    state->has_phase = state->has_level = true;
    state->phase = options->phase == LUNGO_TRAIN ? CAFFE__PHASE__TRAIN : CAFFE__PHASE__TEST;
    state->level = options->level;
    for (size_t i = 0; i < options->stage_count; i++) {
        char **stage = lungo_message_add(document, made, stages);
        if (!stage) return lungo_fail_memory("a net's state", sizeof *stage);
        *stage = lungo_arena_string(lungo_document_arena(document), options->stages[i]);
        if (!*stage) return lungo_fail_memory("a net's state", sizeof *stage);
    }
    return LUNGO_OK;
}
