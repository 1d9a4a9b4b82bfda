/* What weight decay does to each parameter, for people to read: a row per parameter, with notes on
 * what surprises those who come from elsewhere, and what to do about it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "solver/solver.h"

/* ---- notes ---- */

/* Of several that hold, a parameter gets the first. */
typedef enum decay_note {
    NOTE_FROZEN,
    NOTE_ALL,
    NOTE_GROWS,
    NOTE_TOO_SMALL,
    NOTE_FAST,
    NOTE_SLOW,
    NOTE_GAMMA,
    NOTE_SLOPE,
    NOTE_BIAS,
    NOTES
} decay_note;

static const char *const notes[] = {
    [NOTE_FROZEN] = "lr_mult is 0, so it never changes and its decay_mult does nothing to it: drop "
                    "decay_mult, or give it an lr_mult if it is to learn",
    [NOTE_ALL] =
        "decay takes all of the weight, or more, in one update: expected a part in [0, 1); "
        "lower weight_decay or decay_mult (SCHEDULE and NONE do not multiply them by lr)",
    [NOTE_GROWS] = "the decay is negative, so weights grow and nothing stops them: check the signs "
                   "of weight_decay, decay_mult and lr_mult",
    [NOTE_TOO_SMALL] = "takes less than a float can show (3e-8 of the weight), so it does nothing "
                       "by itself: raise weight_decay (decoupled LR multiplies it by lr)",
    [NOTE_FAST] = "takes 1 % or more of the weight in every update, half of it within 70: lower "
                  "weight_decay unless that is meant (SCHEDULE and NONE do not multiply it by lr)",
    [NOTE_SLOW] = "takes less than 1 % of the weight in all max_iter updates: raise weight_decay "
                  "(decoupled decay is not amplified by momentum as L2 is)",
    [NOTE_GAMMA] = "Scale's factor is drawn to 0, not to 1: decay_mult: 0 in its `param` leaves it "
                   "alone",
    [NOTE_SLOPE] = "PReLU's slope is drawn to 0, towards ReLU: decay_mult: 0 in its `param` leaves "
                   "it alone",
    [NOTE_BIAS] = "a bias that decays because no decay_mult is given for it, as in Caffe: "
                  "decay_mult: 0 in its `param`, the layer's second, leaves it alone",
    [NOTES] = "",
};

/* A frozen one holds statistics, which its layer writes. */
static const lungo_layer_param *layer_param(const lungo_solver *solver, size_t index) {
    const lungo_learnable *param = &solver->net->params[index];
    return &solver->net->layers[param->layer]->params[param->index];
}

/* What decay takes at the highest rate: a schedule may begin low, or be near its end. */
static float largest_shrink(const lungo_solver *solver, const lungo_decay_info *info) {
    lungo_decay_terms terms = lungo_decay_of(&solver->decay, solver->param->base_lr,
                                             info->param.lr_mult, info->param.decay_mult);
    return fmaxf(info->shrink, terms.shrink_with_update + terms.shrink_after_update);
}

/* What is wrong with the numbers. */
static decay_note note_on_strength(const lungo_solver *solver, const lungo_decay_info *info) {
    if (info->shrink >= 1) return NOTE_ALL;
    if (info->shrink < 0 || info->rate * info->weight_decay < 0) return NOTE_GROWS;
    if (solver->decay.type != LUNGO_DECAY_DECOUPLED) return NOTES;
    float shrink = largest_shrink(solver, info);
    if (shrink < 0x1p-25f) return NOTE_TOO_SMALL;
    if (shrink >= 0.01f) return NOTE_FAST;
    bool long_run = solver->param->max_iter >= 1000;
    return long_run && shrink * (float)solver->param->max_iter < 0.01f ? NOTE_SLOW : NOTES;
}

/* What decays though few would want it to. */
static decay_note note_on_kind(const lungo_solver *solver, size_t index,
                               const lungo_decay_info *info) {
    const char *type = solver->net->layers[solver->net->params[index].layer]->type->name;
    bool first = info->param.index == 0, vector = lungo_blob_shape(info->param.blob)->axes == 1;
    if (strcmp(type, "Scale") == 0 && first) return NOTE_GAMMA;
    if (strcmp(type, "PReLU") == 0) return NOTE_SLOPE;
    bool bias = vector && (!first || strcmp(type, "Bias") == 0);
    return bias && !layer_param(solver, index)->has_decay_mult ? NOTE_BIAS : NOTES;
}

static decay_note note_of(const lungo_solver *solver, size_t index, const lungo_decay_info *info) {
    const lungo_layer_param *param = layer_param(solver, index);
    if (info->weight_decay == 0 || param->frozen) return NOTES;
    if (info->param.lr_mult == 0) return param->has_decay_mult ? NOTE_FROZEN : NOTES;
    decay_note note = note_on_strength(solver, info);
    return note == NOTES ? note_on_kind(solver, index, info) : note;
}

/* Decay that was asked for and has nothing to do. */
static const char *note_on_net(const lungo_solver *solver) {
    bool decays = false, moves = false;
    for (int i = 0; i < solver->net->param_count; i++) {
        const lungo_learnable *param = &solver->net->params[i];
        bool here = solver->param->weight_decay * param->decay_mult != 0;
        decays |= here;
        moves |= here && param->lr_mult != 0;
    }
    if (moves || solver->net->param_count == 0) return "";
    if (decays) return "nothing decays: lr_mult is 0 wherever decay is not";
    if (solver->param->weight_decay != 0)
        return "nothing decays: decay_mult is 0 for every parameter";
    if (solver->decay.type == LUNGO_DECAY_L2) return "";
    return "nothing decays: a regularization_type is given, but weight_decay is 0";
}

/* ---- one parameter ---- */

static void name_rule(lungo_decay_info *info, const lungo_decay *decay, bool learned) {
    static const char *const scales[] = {"LR", "SCHEDULE", "NONE"};
    static const char *const points[] = {"WITH_UPDATE", "AFTER_UPDATE"};
    static const char *const types[] = {"L2", "L1"};
    if (!learned)
        snprintf(info->rule, sizeof info->rule, "not learned");
    else if (info->param.lr_mult == 0)
        snprintf(info->rule, sizeof info->rule, "never changes");
    else if (info->weight_decay == 0)
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

/* Its note is left for others to write. */
static lungo_decay_info look_at(const lungo_solver *solver, size_t index) {
    float rate =
        lungo_policy_peek(solver->policy, solver->param, solver->iter, solver->current_step);
    lungo_decay_info info = {.param = lungo_net_param(solver->net, index)};
    lungo_decay_terms terms =
        lungo_decay_of(&solver->decay, rate, info.param.lr_mult, info.param.decay_mult);
    info.rate = rate * info.param.lr_mult;
    info.weight_decay = solver->param->weight_decay * info.param.decay_mult;
    info.shrink = shrink_of(solver, &info, &terms);
    name_rule(&info, &solver->decay, !layer_param(solver, index)->frozen);
    return info;
}

lungo_decay_info lungo_solver_decay(const lungo_solver *solver, size_t index) {
    lungo_decay_info info = look_at(solver, index);
    info.note = notes[note_of(solver, index, &info)];
    return info;
}

/* ---- the table ---- */

enum { COLUMNS = 11, CELL = sizeof(lungo_shape_string) };

static const struct {
    const char *head;
    bool left; /* else numbers, with their ends in line */
} columns[COLUMNS] = {{"layer", true},    {"param", false},      {"shape", true}, {"count", false},
                      {"lr_mult", false}, {"decay_mult", false}, {"lr", false},   {"decay", false},
                      {"rule", true},     {"shrinks by", false}, {"note", false}};

/* Numbers of the notes that are in use, from 1, in their order. */
typedef struct note_numbers {
    int of[NOTES + 1];
} note_numbers;

static note_numbers number_notes(const lungo_solver *solver) {
    note_numbers numbers = {{0}};
    for (size_t i = 0; i < lungo_net_param_count(solver->net); i++) {
        lungo_decay_info info = look_at(solver, i);
        numbers.of[note_of(solver, i, &info)] = 1;
    }
    numbers.of[NOTES] = 0;
    for (int k = 0, used = 0; k < NOTES; k++)
        if (numbers.of[k]) numbers.of[k] = ++used;
    return numbers;
}

static void fill_row(char cells[COLUMNS][CELL], const lungo_solver *solver, size_t index,
                     const note_numbers *numbers) {
    lungo_decay_info info = look_at(solver, index);
    const lungo_param_info *param = &info.param;
    int note = numbers->of[note_of(solver, index, &info)];
    snprintf(cells[0], CELL, "%s", param->layer);
    snprintf(cells[1], CELL, "%zu", param->index);
    snprintf(cells[2], CELL, "%s", lungo_shape_text(&param->blob->shape).text);
    snprintf(cells[3], CELL, "%zu", param->blob->count);
    snprintf(cells[4], CELL, "%g", param->lr_mult);
    snprintf(cells[5], CELL, "%g", param->decay_mult);
    snprintf(cells[6], CELL, "%g", info.rate);
    snprintf(cells[7], CELL, "%g", info.weight_decay);
    snprintf(cells[8], CELL, "%s", info.rule);
    snprintf(cells[9], CELL, isnan(info.shrink) ? "-" : "%g", info.shrink);
    snprintf(cells[10], CELL, note ? "%d" : "", note);
}

static void fill_head(char cells[COLUMNS][CELL]) {
    for (int c = 0; c < COLUMNS; c++)
        snprintf(cells[c], CELL, "%s", columns[c].head);
}

static void widen(int widths[COLUMNS], char cells[COLUMNS][CELL]) {
    for (int c = 0; c < COLUMNS; c++)
        if ((int)strlen(cells[c]) > widths[c]) widths[c] = (int)strlen(cells[c]);
}

static void log_row(const int widths[COLUMNS], char cells[COLUMNS][CELL]) {
    char line[COLUMNS * (CELL + 2)] = "";
    size_t used = 0;
    for (int c = 0; c < COLUMNS; c++)
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%*s", c ? "  " : "",
                                 columns[c].left ? -widths[c] : widths[c], cells[c]);
    while (used > 0 && line[used - 1] == ' ')
        line[--used] = '\0';
    lungo_note("%s", line);
}

static void log_notes(const lungo_solver *solver, const note_numbers *numbers) {
    for (int k = 0; k < NOTES; k++)
        if (numbers->of[k]) lungo_note("note %d: %s", numbers->of[k], notes[k]);
    const char *note = note_on_net(solver);
    if (*note) lungo_note("note: %s", note);
}

void lungo_solver_log_decay(const lungo_solver *solver) {
    char cells[COLUMNS][CELL];
    int widths[COLUMNS] = {0};
    size_t count = lungo_net_param_count(solver->net);
    note_numbers numbers = number_notes(solver);
    fill_head(cells);
    widen(widths, cells);
    for (size_t i = 0; i < count; i++) {
        fill_row(cells, solver, i, &numbers);
        widen(widths, cells);
    }
    lungo_note("Weight decay of each parameter in iteration %d:", solver->iter);
    fill_head(cells);
    log_row(widths, cells);
    for (size_t i = 0; i < count; i++) {
        fill_row(cells, solver, i, &numbers);
        log_row(widths, cells);
    }
    log_notes(solver, &numbers);
}
