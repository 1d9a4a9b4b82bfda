/* Rules about the solver's numbers. */
#include <string.h>

#include "check/rules.h"
#include "lungo/data.h"
#include "proto/message.h"

/* ---- tests ---- */

/* Records, and how many of them a batch has; false: nothing that can be counted. */
static bool count_records(const Caffe__LayerParameter *layer, size_t *records, size_t *batch) {
    lungo_db_reader *reader;
    lungo_image_list *list;
    if (lungo_is_type(layer, "Data") && layer->data_param && layer->data_param->source) {
        *batch = layer->data_param->batch_size;
        if (lungo_db_reader_open(&reader, NULL, layer->data_param->source)) return false;
        lungo_status status = lungo_db_reader_count(reader, records);
        lungo_db_reader_close(reader);
        return status == LUNGO_OK;
    }
    const Caffe__ImageDataParameter *image = layer->image_data_param;
    if (!lungo_is_type(layer, "ImageData") || !image || !image->source) return false;
    *batch = image->batch_size;
    if (lungo_image_list_open(&list, image->source)) return false;
    *records = lungo_image_list_count(list);
    lungo_image_list_free(list);
    return true;
}

static void check_coverage(const lungo_subject *subject, size_t test,
                           const Caffe__LayerParameter *data) {
    size_t records, batch, iterations = (size_t)subject->solver->test_iter[test];
    if (!count_records(data, &records, &batch) || batch == 0) return;
    size_t seen = iterations * batch, wanted = (records + batch - 1) / batch;
    if (seen == records) return;
    const char *effect =
        seen < records ? "the rest are never tested in one test" : "some are counted twice";
    lungo_find_setting(
        subject, "test_iter",
        "test_iter %zu x batch_size %zu of layer '%s' makes %zu, of %zu records: %s. "
        "Expected test_iter %zu%s",
        iterations, batch, data->name ?: "", seen, records, effect, wanted,
        records % batch ? ", and a batch_size that divides them" : "");
}

void lungo_check_test_coverage(const lungo_subject *subject) {
    for (size_t t = 0; t < subject->test_count; t++)
        for (size_t i = 0; i < subject->tests[t].layer_count; i++)
            check_coverage(subject, t, subject->tests[t].layers[i]);
}

void lungo_check_never_tests(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    if (param->n_test_iter == 0 || param->max_iter <= 0) return;
    if (param->test_interval <= param->max_iter) return;
    lungo_find_setting(subject, "test_interval",
                       "test_interval %d is beyond max_iter %d: only the untrained net is tested. "
                       "Expected a part of max_iter",
                       param->test_interval, param->max_iter);
}

void lungo_check_last_untested(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    if (param->n_test_iter == 0 || param->test_interval <= 0) return;
    if (param->max_iter < param->test_interval || param->max_iter % param->test_interval == 0)
        return;
    lungo_find_setting(subject, "test_interval",
                       "the last test is made in iteration %d, and training ends in %d: the last "
                       "model is not tested. Expected a test_interval that divides max_iter",
                       param->max_iter / param->test_interval * param->test_interval,
                       param->max_iter);
}

void lungo_check_never_snapshot(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    if (param->max_iter <= 0 || param->snapshot <= param->max_iter) return;
    lungo_find_setting(subject, "snapshot",
                       "snapshot %d is beyond max_iter %d: %s. Expected a part of max_iter",
                       param->snapshot, param->max_iter,
                       param->snapshot_after_train
                           ? "there is one at the end only, and a run that breaks off is lost"
                           : "there will be none");
}

/* ---- the rate ---- */

static bool has_policy(const Caffe__SolverParameter *param, const char *name) {
    return param->lr_policy && strcmp(param->lr_policy, name) == 0;
}

static void check_stepvalues(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    for (size_t i = 0; i < param->n_stepvalue; i++) {
        if (param->max_iter > 0 && param->stepvalue[i] >= param->max_iter) {
            lungo_find_setting(subject, "stepvalue",
                               "stepvalue %d is never reached: training ends at max_iter %d",
                               param->stepvalue[i], param->max_iter);
            return;
        }
        if (i == 0 || param->stepvalue[i] > param->stepvalue[i - 1]) continue;
        lungo_find_setting(subject, "stepvalue",
                           "stepvalue %d stands behind %d. Expected rising values",
                           param->stepvalue[i], param->stepvalue[i - 1]);
        return;
    }
}

void lungo_check_steps(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    if (has_policy(param, "multistep")) check_stepvalues(subject);
    if (!has_policy(param, "step") || param->max_iter <= 0 || param->stepsize < param->max_iter)
        return;
    lungo_find_setting(subject, "stepsize",
                       "stepsize %d is never reached: training ends at max_iter %d, so the rate "
                       "stays base_lr. Lower it, or say lr_policy: \"fixed\"",
                       param->stepsize, param->max_iter);
}

/* What each setting is for. */
static const struct {
    const char *field, *needed, *used; /* by lr_policy, or by type when `by_type` */
    bool by_type;
} settings[] = {
    {"gamma", "step exp inv multistep sigmoid", "step exp inv multistep sigmoid", false},
    {"power", "inv poly", "inv poly", false},
    {"stepsize", "step sigmoid", "step sigmoid", false},
    {"stepvalue", "multistep", "multistep", false},
    {"momentum2", "", "Adam", true},
    {"rms_decay", "", "RMSProp", true},
    {"delta", "", "AdaGrad RMSProp AdaDelta Adam", true},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; length && (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static bool is_given(const Caffe__SolverParameter *param, const char *field) {
    return lungo_message_has(&param->base, lungo_message_field(&param->base, field));
}

void lungo_check_policy_missing(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    for (int i = 0; i < SETTINGS && param->lr_policy; i++) {
        if (!has_word(settings[i].needed, param->lr_policy) || is_given(param, settings[i].field))
            continue;
        lungo_find_setting(subject, "lr_policy", "lr_policy \"%s\" needs %s, which is not given%s",
                           param->lr_policy, settings[i].field,
                           strcmp(settings[i].field, "stepvalue") ? " and counts as 0" : "");
    }
}

void lungo_check_unused_settings(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    for (int i = 0; i < SETTINGS; i++) {
        const char *chosen = settings[i].by_type ? param->type : param->lr_policy;
        if (!chosen || !is_given(param, settings[i].field)) continue;
        if (has_word(settings[i].used, chosen)) continue;
        lungo_find_setting(subject, settings[i].field,
                           "%s does nothing with %s \"%s\"; it is for: %s. Drop it",
                           settings[i].field, settings[i].by_type ? "type" : "lr_policy", chosen,
                           settings[i].used);
    }
}

/* ---- the rest ---- */

void lungo_check_no_max_iter(const lungo_subject *subject) {
    if (!subject->solver->has_max_iter)
        lungo_find_setting(subject, "max_iter",
                           "max_iter is not given, so `lungo train` does not know when to stop. "
                           "Give it, unless a program steps this solver");
}

void lungo_check_no_display(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    if (param->display > 0 && (param->max_iter <= 0 || param->display <= param->max_iter)) return;
    lungo_find_setting(
        subject, "display",
        "display is %d: the log will not show the loss. Expected a part of max_iter, "
        "100 for example",
        param->display);
}

void lungo_check_nothing_learns(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    if (subject->net && !subject->has_loss)
        lungo_find_setting(subject, "net",
                           "the train net has no loss, so nothing learns. Give it a loss layer, or "
                           "a loss_weight");
    if (param->base_lr == 0)
        lungo_find_setting(subject, "base_lr",
                           "base_lr is 0, or not given: no parameter will change. Give it");
}

void lungo_check_ignored_settings(const lungo_subject *subject) {
    const Caffe__SolverParameter *param = subject->solver;
    if (param->has_solver_mode && param->solver_mode == CAFFE__SOLVER_PARAMETER__SOLVER_MODE__GPU)
        lungo_find_setting(subject, "solver_mode",
                           "solver_mode: GPU does nothing: this build computes on the CPU");
    static const char *const fields[] = {"device_id", "layer_wise_reduce"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (is_given(param, fields[i]))
            lungo_find_setting(subject, fields[i], "%s is for GPUs and does nothing here",
                               fields[i]);
}
