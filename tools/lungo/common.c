/* What several commands do. */
#include <string.h>

#include "commands.h"
#include "support/glog.h"
#include "support/limits.h"
#include "support/sizes.h"

void warn_of_gpu(const command_flags *flags) {
    if (*flags->gpu)
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "--gpu=%s: this build computes on the CPU", flags->gpu);
    if (strchr(flags->gpu, ',') || !strcmp(flags->gpu, "all"))
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "--gpu=%s: Caffe trains on a batch per GPU in each iteration; for the same here, "
                  "multiply batch_size, or iter_size, by the number of GPUs",
                  flags->gpu);
}

void say_cpu(const command_flags *flags, int line) {
    warn_of_gpu(flags);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", line, "Use CPU.");
}

/* `options` has what the flags do not say. */
static lungo_net *open_net(const command_flags *flags, const char *path,
                           lungo_net_options options) {
    word_list stages;
    size_t max_memory;
    if (!sizes_parse(&max_memory, "max-memory", flags->max_memory) ||
        !limits_parse(&options.limits, &flags->limits))
        return NULL;
    if (!words_split(&stages, flags->stage)) {
        glog_complain("out of memory");
        return NULL;
    }
    options.level = flags->level;
    options.stages = stages.words;
    options.stage_count = stages.count;
    options.log_plan = flags->log_plan;
    options.max_memory = max_memory;
    options.skip_bad_records = flags->skip_bad_records;
    lungo_net *net = NULL;
    if (lungo_engine_parse(&options.engine, flags->engine) ||
        lungo_unknown_fields_parse(&options.unknown_fields, flags->unknown_fields) ||
        lungo_precision_parse(&options.precision, flags->precision) ||
        lungo_net_open(&net, path, &options))
        glog_report_error();
    words_dispose(&stages);
    return net;
}

lungo_net *open_model(const command_flags *flags, lungo_phase phase, bool forward_only) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.forward_only = forward_only;
    return open_net(flags, flags->model, options);
}

lungo_net *open_seeded(const command_flags *flags, const char *path) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.seed = flags->seed;
    options.forward_only = true;
    return open_net(flags, path, options);
}

lungo_net *open_shapes(const command_flags *flags, const char *path, lungo_phase phase) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.shapes_only = true;
    return open_net(flags, path, options);
}
