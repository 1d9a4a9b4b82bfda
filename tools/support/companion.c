#include "support/companion.h"

#include <stdio.h>

#include "lungo/status.h"
#include "support/glog.h"

static int print_help(const companion *tool) {
    printf("%s\nflags:\n", tool->usage);
    flags_print(tool->flags);
    return 0;
}

static int refuse_words(const companion *tool) {
    if (tool->log_text)
        glog_line(LUNGO_LOG_ERROR, tool->log_file, tool->log_line, "%s", tool->log_text);
    else
        print_help(tool);
    return 1;
}

static int run(const companion *tool, const flag_result *given) {
    if (given->version) {
        printf("%s version %s\n", tool->name, lungo_version());
        return 0;
    }
    if (given->help) return print_help(tool);
    if (given->word_count < tool->least || given->word_count > tool->most)
        return refuse_words(tool);
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
