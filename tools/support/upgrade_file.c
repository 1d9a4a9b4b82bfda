#include "support/upgrade_file.h"

#include <stdio.h>

#include "lungo/net.h"
#include "support/companion.h"
#include "support/glog.h"
#include "support/limits.h"

/* Lines that Caffe's three tools have at the same place. */
enum { USAGE_LINE = 22, UNREADABLE_LINE = 30, TROUBLE_LINE = 39, CURRENT_LINE = 43 };

static const upgrade_tool *tool; /* the one that runs */
static const char *unknown_fields = "error";
static flag_list limits;

/* Of prototxts; what a .caffemodel has of unknown fields is kept. */
static tool_flag flags_of_texts[] = {
    LIMIT_FLAG(&limits, NULL),
    {"unknown-fields", FLAG_TEXT, &unknown_fields, "error|warn",
     "error, or warn: leave out fields that Caffe does not have, each with a warning.", NULL,
     false},
    {0},
};
static tool_flag flags_of_binaries[] = {LIMIT_FLAG(&limits, NULL), {0}};

static lungo_status upgrade(lungo_definition *definition, const char *in, bool *complete) {
    if (!lungo_definition_is_old(definition)) {
        glog_line(LUNGO_LOG_ERROR, tool->log_file, CURRENT_LINE,
                  "File already in latest proto format: %s", in);
        return LUNGO_OK;
    }
    lungo_status status = lungo_definition_upgrade(definition, complete);
    if (!status && !*complete)
        glog_line(LUNGO_LOG_ERROR, tool->log_file, TROUBLE_LINE,
                  "Encountered error(s) while upgrading prototxt; see details above.");
    return status;
}

static int upgrade_file(const char *in, const char *out) {
    lungo_definition *definition;
    lungo_unknown_fields unknown;
    lungo_definition_options options = LUNGO_DEFINITION_OPTIONS_INIT;
    bool complete = true;
    if (lungo_unknown_fields_parse(&unknown, unknown_fields)) return glog_report_error();
    if (!limits_parse(&options.limits, &limits)) return 1;
    options.skip_unknown = unknown == LUNGO_UNKNOWN_WARN;
    if (lungo_definition_read(&definition, tool->kind, in, &options)) {
        glog_report_error();
        glog_line(LUNGO_LOG_ERROR, tool->log_file, UNREADABLE_LINE,
                  "Failed to parse input %s file as %s: %s", tool->form, tool->message, in);
        return 2;
    }
    lungo_status status = upgrade(definition, in, &complete);
    if (!status) status = lungo_definition_write(definition, out);
    lungo_definition_free(definition);
    if (status) return glog_report_error();
    glog_line(LUNGO_LOG_INFO, tool->log_file, tool->wrote_line, "Wrote upgraded %s %s proto to %s",
              tool->message, tool->form, out);
    return complete ? 0 : 1;
}

static int run(const char *const *words, int count) {
    (void)count;
    return upgrade_file(words[0], words[1]);
}

int upgrade_main(const upgrade_tool *described, int argc, char **argv) {
    char usage[200];
    snprintf(usage, sizeof usage, "Usage: %s %s", described->name, described->words);
    const companion page = {
        .page = {.name = described->name,
                 .words = described->words,
                 .brief = described->brief,
                 .about = "The output is replaced if it exists; an input that is up to date is "
                          "written as it is.",
                 .status = "0 done, 1 not everything could be upgraded, 2 no such input."},
        .flags =
            described->kind == LUNGO_DEFINITION_NET_BINARY ? flags_of_binaries : flags_of_texts,
        .least = 2,
        .most = 2,
        .log_file = described->log_file,
        .log_line = USAGE_LINE,
        .log_text = usage,
        .run = run};
    tool = described;
    return companion_main(&page, argc, argv);
}
