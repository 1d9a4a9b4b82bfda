/* What weight decay does to each parameter, for people to read: one line per parameter, with a note
 * on what surprises those who come from elsewhere. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solver/solver.h"

static const lungo_layer_param *layer_param(const lungo_solver *solver, size_t index) {
    const lungo_learnable *param = &solver->net->params[index];
    return &solver->net->layers[param->layer]->params[param->index];
}

static void name_rule(lungo_decay_info *info, const lungo_decay *decay) {
    static const char *const scales[] = {"LR", "SCHEDULE", "NONE"};
    static const char *const points[] = {"WITH_UPDATE", "AFTER_UPDATE"};
    static const char *const types[] = {"L2", "L1"};
    if (info->weight_decay == 0)
        snprintf(info->rule, sizeof info->rule, "none");
    else if (decay->type == LUNGO_DECAY_DECOUPLED)
        snprintf(info->rule, sizeof info->rule, "decoupled %s %s", scales[decay->scale],
                 points[decay->point]);
    else
        snprintf(info->rule, sizeof info->rule, "%s", types[decay->type]);
}

/* L1 takes the same from small and large weights; momentum and adaptive rules do as they please. */
static float shrink_of(const lungo_solver *solver, const lungo_decay_info *info,
                       const lungo_decay_terms *terms) {
    if (info->weight_decay == 0 || info->param.lr_mult == 0) return 0;
    if (solver->decay.type == LUNGO_DECAY_DECOUPLED)
        return terms->shrink_with_update + terms->shrink_after_update;
    bool plain = strcmp(solver->rule->name, "SGD") == 0 && solver->param->momentum == 0;
    return plain && solver->decay.type == LUNGO_DECAY_L2 ? info->rate * terms->l2 : NAN;
}

/* The first that holds. */
static const char *note_of(const lungo_solver *solver, size_t index, const lungo_decay_info *info) {
    const lungo_layer_param *param = layer_param(solver, index);
    const char *type = solver->net->layers[solver->net->params[index].layer]->type->name;
    bool decays = info->weight_decay != 0;
    if (param->frozen) return "statistics, not learned: never changed by the solver";
    if (info->param.lr_mult == 0 && decays && param->has_decay_mult)
        return "lr_mult is 0, so it never changes: its decay_mult does nothing to it";
    if (info->param.lr_mult == 0) return "";
    if (!isnan(info->shrink) && !(info->shrink >= 0 && info->shrink < 1))
        return "this takes less than nothing or all of the weight in one update";
    if (!decays) return "";
    if (strcmp(type, "Scale") == 0 && info->param.index == 0)
        return "Scale's factor is drawn to 0, not to 1: decay_mult: 0 leaves it alone";
    if (info->param.index > 0 && !param->has_decay_mult)
        return "a bias that decays because no decay_mult is given for it, as in Caffe";
    return "";
}

lungo_decay_info lungo_solver_decay(const lungo_solver *solver, size_t index) {
    float rate =
        lungo_policy_peek(solver->policy, solver->param, solver->iter, solver->current_step);
    lungo_decay_info info = {.param = lungo_net_param(solver->net, index)};
    lungo_decay_terms terms =
        lungo_decay_of(&solver->decay, rate, info.param.lr_mult, info.param.decay_mult);
    info.rate = rate * info.param.lr_mult;
    info.weight_decay = solver->param->weight_decay * info.param.decay_mult;
    info.shrink = shrink_of(solver, &info, &terms);
    name_rule(&info, &solver->decay);
    info.note = note_of(solver, index, &info);
    return info;
}

void lungo_solver_log_decay(const lungo_solver *solver) {
    for (size_t i = 0; i < lungo_net_param_count(solver->net); i++) {
        lungo_decay_info info = lungo_solver_decay(solver, i);
        lungo_note("%s[%zu] %s: lr %g, decay %g (%s)%s%s", info.param.layer, info.param.index,
                   lungo_shape_text(&info.param.blob->shape).text, info.rate, info.weight_decay,
                   info.rule, *info.note ? ": " : "", info.note);
    }
}
