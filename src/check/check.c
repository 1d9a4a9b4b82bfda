/* Reading a file, and holding what it defines against the rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "check/file.h"
#include "check/rules.h"
#include "proto/message.h"
#include "proto/text.h"
#include "proto/upgrade.h"
#include "store/hdf5.h"

static const struct {
    lungo_rule_kind kind;
    void (*look)(const lungo_subject *subject);
} rules[] = {
#define RULE(id, name, severity, kind, function, brief) {kind, function},
#include "check/rules.def"
#undef RULE
};

void lungo_check_apply(lungo_subject *subject, lungo_rule_kind kind) {
    for (int i = 0; i < LUNGO_CHECK_RULES; i++) {
        if (rules[i].kind != kind || !rules[i].look) continue;
        subject->rule = (lungo_rule_id)i;
        rules[i].look(subject);
    }
}

/* ---- reading ---- */

lungo_position lungo_split_error(const char *path, const char **message) {
    const char *text = lungo_error_text();
    lungo_position at = {0};
    int length = 0;
    size_t name = strlen(path);
    if (strncmp(text, "lungo: ", 7) == 0) text += 7;
    bool here = strncmp(text, path, name) == 0 && text[name] == ':';
    if (here && sscanf(text + name, ":%d:%d: %n", &at.line, &at.column, &length) == 2 && length)
        text += name + (size_t)length;
    *message = text;
    return at;
}

void lungo_report(const lungo_checked_file *file, lungo_rule_id rule, lungo_position at,
                  const char *message) {
    lungo_subject subject = {.check = file->check, .rule = rule, .file = file->path};
    lungo_find(&subject, at, "%s", message);
}

void lungo_report_error(const lungo_checked_file *file, lungo_rule_id rule) {
    const char *message;
    lungo_position at = lungo_split_error(file->path, &message);
    lungo_report(file, rule, at, message);
}

static bool is_further(lungo_position a, lungo_position b) {
    return a.line > b.line || (a.line == b.line && a.column > b.column);
}

/* As a net or as a solver, whichever it is; what is neither was meant to be the one whose parser
 * got further. False: the error is reported. *status: out of memory alone. */
static bool parse(lungo_checked_file *file, const char *text, size_t length, lungo_status *status) {
    const ProtobufCMessageDescriptor *types[] = {&caffe__net_parameter__descriptor,
                                                 &caffe__solver_parameter__descriptor};
    lungo_position furthest = {.line = -1};
    char *message = NULL;
    for (int i = 0; i < 2; i++) {
        const char *text_of_error;
        *status =
            lungo_text_parse(file->document, &file->message, types[i], text, length, file->path);
        if (*status == LUNGO_OK) {
            free(message);
            return true;
        }
        lungo_position at = lungo_split_error(file->path, &text_of_error);
        if (!is_further(at, furthest)) continue;
        furthest = at;
        free(message);
        message = strdup(text_of_error);
    }
    lungo_report(file, LUNGO_CHECK_CANNOT_READ, furthest, message ? message : "out of memory");
    free(message);
    *status = LUNGO_OK;
    return false;
}

/* False: there is nothing to look at, and that is reported. */
static bool read_any(lungo_checked_file *file, lungo_status *status) {
    char *text;
    size_t length;
    *status = LUNGO_OK;
    size_t most = lungo_document_limits(file->document)->text; /* parse refuses what has more */
    if (lungo_file_read_at_most(&text, &length, file->path, most)) {
        lungo_report_error(file, LUNGO_CHECK_CANNOT_READ);
        return false;
    }
    bool parsed = parse(file, text, length, status);
    free(text);
    return parsed;
}

/* ---- nets ---- */

static void report_old_net(const lungo_checked_file *file, const Caffe__NetParameter *param) {
    if (!lungo_upgrade_net_is_due(param)) return;
    const char *form = "a setting (ceil_mode, three params of BatchNorm or the like)";
    lungo_position at = {0};
    if (param->n_layers) {
        form = param->layers[0]->layer ? "the V0 format" : "the V1 format";
        at = lungo_document_position(file->document, param->layers[0]);
    } else if (param->n_input) {
        form = "net-level input";
        at = lungo_message_position(file->document, &param->base, "input");
    }
    char text[200];
    snprintf(text, sizeof text,
             "%s is an old form, which is read as it is. `upgrade_net_proto_text OLD NEW` writes "
             "today's",
             form);
    lungo_report(file, LUNGO_CHECK_OLD_FORMAT, at, text);
}

/* False: the error is reported. */
bool lungo_checked_upgrade(const lungo_checked_file *file, Caffe__NetParameter *param) {
    bool complete;
    report_old_net(file, param);
    if (lungo_upgrade_net_noting(file->document, param, file->path, &complete)) {
        lungo_report_error(file, LUNGO_CHECK_CANNOT_BUILD);
        return false;
    }
    if (!complete)
        lungo_report(file, LUNGO_CHECK_OLD_FORMAT, (lungo_position){0},
                     "settings of the old form have no place in today's and are left out. "
                     "`upgrade_net_proto_text` names them");
    return true;
}

/* All rules that fit; the subject is to be disposed of. */
lungo_status lungo_check_subject(lungo_subject *subject, const lungo_checked_file *file,
                                 Caffe__NetParameter *param, lungo_phase phase) {
    *subject = (lungo_subject){.check = file->check,
                               .file = file->path,
                               .document = file->document,
                               .param = param,
                               .phase = phase,
                               .both_phases = subject->both_phases,
                               .weights = subject->weights,
                               .weights_path = file->options->weights,
                               .solver = subject->solver,
                               .solver_document = subject->solver_document};
    LUNGO_TRY(lungo_subject_init(subject));
    lungo_check_apply(subject, LUNGO_RULE_GRAPH);
    if (!subject->net) return LUNGO_OK;
    lungo_check_apply(subject, LUNGO_RULE_BUILT);
    if (phase == LUNGO_TRAIN && subject->has_loss) lungo_check_apply(subject, LUNGO_RULE_LEARNS);
    if (subject->weights) lungo_check_apply(subject, LUNGO_RULE_WEIGHTS);
    return LUNGO_OK;
}

static bool speaks_of_phases(const Caffe__NetParameter *param) {
    for (size_t i = 0; i < param->n_layer; i++) {
        const Caffe__LayerParameter *layer = param->layer[i];
        for (size_t j = 0; j < layer->n_include; j++)
            if (layer->include[j]->has_phase) return true;
        for (size_t j = 0; j < layer->n_exclude; j++)
            if (layer->exclude[j]->has_phase) return true;
    }
    return false;
}

static lungo_status set_phase(const lungo_checked_file *file, Caffe__NetParameter *param,
                              lungo_phase phase) {
    lungo_net_options state = LUNGO_NET_OPTIONS_INIT;
    state.phase = phase;
    state.level = file->options->level;
    state.stages = file->options->stages;
    state.stage_count = file->options->stage_count;
    return lungo_net_set_state(file->document, param, &state);
}

/* Whether the net has something to begin with in the phase that is set. */
static bool begins(const Caffe__NetParameter *param) {
    for (size_t i = 0; i < param->n_layer; i++)
        if (param->layer[i]->n_bottom == 0 && param->layer[i]->n_top > 0 &&
            lungo_net_includes(param->state, param->layer[i]))
            return true;
    return false;
}

static bool has_loss(const Caffe__NetParameter *param) {
    for (size_t i = 0; i < param->n_layer; i++) {
        const lungo_layer_type *type;
        if (!lungo_layer_find_type(&type, param->layer[i]->type ?: "") && type->flags & LUNGO_LOSS)
            return true;
    }
    return false;
}

static lungo_status check_phase(const lungo_checked_file *file, Caffe__NetParameter *param,
                                lungo_phase phase, bool both, const lungo_model *model) {
    LUNGO_TRY(set_phase(file, param, phase));
    lungo_subject subject = {.both_phases = both, .weights = model};
    lungo_status status = lungo_check_subject(&subject, file, param, phase);
    lungo_subject_dispose(&subject);
    return status;
}

/* Weights are those of the train net, where there is one. */
static lungo_status check_net(const lungo_checked_file *file, const lungo_model *model) {
    Caffe__NetParameter *param = (Caffe__NetParameter *)file->message;
    bool ready[2] = {false, false};
    if (!lungo_checked_upgrade(file, param)) return LUNGO_OK;
    for (int phase = 0; phase < 2 && speaks_of_phases(param); phase++) {
        LUNGO_TRY(set_phase(file, param, (lungo_phase)phase));
        ready[phase] = begins(param);
    }
    if (!ready[LUNGO_TRAIN] && !ready[LUNGO_TEST])
        ready[has_loss(param) ? LUNGO_TRAIN : LUNGO_TEST] = true;
    bool both = ready[LUNGO_TRAIN] && ready[LUNGO_TEST];
    if (ready[LUNGO_TRAIN]) LUNGO_TRY(check_phase(file, param, LUNGO_TRAIN, both, model));
    if (!ready[LUNGO_TEST]) return LUNGO_OK;
    return check_phase(file, param, LUNGO_TEST, both, both ? NULL : model);
}

/* ---- all of it ---- */

static lungo_status open_weights(lungo_model **out, const lungo_checked_file *file) {
    const char *path = file->options->weights;
    if (!path) return LUNGO_OK;
    bool is_hdf5;
    if (lungo_hdf5_is_file(&is_hdf5, path) == LUNGO_OK && is_hdf5)
        return lungo_fail(LUNGO_ERR_UNSUPPORTED,
                          "'%s': expected a .caffemodel to hold against the net, got HDF5", path);
    lungo_checked_file weights = {.check = file->check, .path = path};
    if (!lungo_model_open(out, path)) return LUNGO_OK;
    *out = NULL;
    lungo_report_error(&weights, LUNGO_CHECK_CANNOT_READ);
    return LUNGO_OK;
}

static lungo_status check_message(const lungo_checked_file *file) {
    lungo_model *model = NULL;
    LUNGO_TRY(open_weights(&model, file));
    bool net = file->message->descriptor == &caffe__net_parameter__descriptor;
    lungo_status status = net ? check_net(file, model) : lungo_check_solver(file, model);
    lungo_model_free(model);
    return status;
}

/* The file that was asked for comes first; then by place, and within a place in the order in which
 * they were found. */
static bool is_after(const lungo_finding *a, const lungo_finding *b, const char *first) {
    int files = strcmp(a->file, b->file);
    if (files != 0) return strcmp(b->file, first) == 0 || (strcmp(a->file, first) && files > 0);
    return a->line > b->line || (a->line == b->line && a->column > b->column);
}

static void sort(lungo_check *check, const char *first) {
    lungo_finding *findings = check->findings;
    for (size_t i = 1; i < check->count; i++)
        for (size_t j = i; j > 0 && is_after(&findings[j - 1], &findings[j], first); j--) {
            lungo_finding swapped = findings[j];
            findings[j] = findings[j - 1];
            findings[j - 1] = swapped;
        }
}

static lungo_status run(lungo_check *check, const char *path, const lungo_check_options *options) {
    lungo_checked_file file = {.check = check, .options = options, .path = path};
    lungo_status status;
    LUNGO_TRY(lungo_document_new(&file.document));
    lungo_document_set_limits(file.document, &options->limits);
    if (read_any(&file, &status)) status = check_message(&file);
    lungo_document_free(file.document);
    if (status) return status;
    sort(check, path);
    return check->out_of_memory ? lungo_fail_memory("findings", 0) : LUNGO_OK;
}

lungo_status lungo_check_file(lungo_check **out, const char *path,
                              const lungo_check_options *options) {
    static const lungo_check_options defaults = LUNGO_CHECK_OPTIONS_INIT;
    lungo_check *check = calloc(1, sizeof *check);
    if (!check) return lungo_fail_memory("a check", sizeof *check);
    lungo_status status = run(check, path, options ? options : &defaults);
    if (status)
        lungo_check_free(check);
    else
        *out = check;
    return status;
}
