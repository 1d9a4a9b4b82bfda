#include "support/companion.h"

#include <stdio.h>

#include "lungo/status.h"
#include "support/glog.h"

static int refuse_words(const companion *tool, const tool_manual *manual) {
    if (tool->log_text)
        glog_line(LUNGO_LOG_ERROR, tool->log_file, tool->log_line, "%s", tool->log_text);
    else
        manual_print_help(manual, &manual->tool);
    return 1;
}

static int run(const companion *tool, const flag_result *given) {
    tool_manual manual = {tool->page, NULL, tool->flags};
    int status;
    if (manual_answer(&manual, given, &status)) return status;
    if (given->word_count < tool->least || given->word_count > tool->most)
        return refuse_words(tool, &manual);
    return tool->run(given->words, given->word_count);
}

int companion_main(const companion *tool, int argc, char **argv) {
    flag_result given;
    glog_start();
    if (!flags_parse(&given, argc, argv, tool->flags)) return 1;
    int status = run(tool, &given);
    if (fflush(stdout) || ferror(stdout)) return glog_complain("cannot write to stdout");
    return status;
}
