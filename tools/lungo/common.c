/* What several commands do. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "support/glog.h"

void warn_of_gpu(const command_flags *flags) {
    if (*flags->gpu)
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "--gpu=%s: this build computes on the CPU", flags->gpu);
}

void say_cpu(const command_flags *flags, int line) {
    warn_of_gpu(flags);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", line, "Use CPU.");
}

bool stages_split(stage_list *out, const char *text) {
    size_t count = 1;
    for (const char *at = text; *at; at++)
        count += *at == ',';
    *out = (stage_list){strdup(text), malloc(count * sizeof *out->names), count};
    if (!out->text || !out->names) {
        stages_dispose(out);
        return false;
    }
    char *at = out->text;
    for (size_t i = 0; i < count; i++) {
        out->names[i] = at;
        at += strcspn(at, ",");
        *at++ = '\0';
    }
    return true;
}

void stages_dispose(stage_list *stages) {
    free(stages->text);
    free(stages->names);
    *stages = (stage_list){0};
}

lungo_net *open_model(const command_flags *flags, lungo_phase phase) {
    stage_list stages;
    if (!stages_split(&stages, flags->stage)) {
        glog_complain("out of memory");
        return NULL;
    }
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.level = flags->level;
    options.stages = stages.names;
    options.stage_count = stages.count;
    options.log_plan = flags->log_plan;
    options.skip_bad_records = flags->skip_bad_records;
    lungo_net *net = NULL;
    if (lungo_engine_parse(&options.engine, flags->engine) ||
        lungo_net_open(&net, flags->model, &options))
        glog_report_error();
    stages_dispose(&stages);
    return net;
}
