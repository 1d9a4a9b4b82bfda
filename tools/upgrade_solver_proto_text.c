/* upgrade_solver_proto_text: a solver's prototxt of any age in Caffe's current form. */
#include <stddef.h>

#include "support/companion.h"
#include "support/upgrade_file.h"

static const upgrade_names names = {LUNGO_DEFINITION_SOLVER_TEXT, "upgrade_solver_proto_text.cpp",
                                    49, "text", "SolverParameter"};

static int run(const char *const *words, int count) {
    (void)count;
    return upgrade_file(&names, words[0], words[1]);
}

int main(int argc, char **argv) {
    static tool_flag flags[] = {{0}};
    static const companion tool = {
        .page = {.name = "upgrade_solver_proto_text",
                 .words = "old_solver_proto_file_in solver_proto_file_out",
                 .brief = "bring a solver's prototxt to the current form",
                 .about = "The output is replaced if it exists; an input that is up to date is "
                          "written as it is.",
                 .status = "0 done, 1 not everything could be upgraded, 2 no such input."},
        .flags = flags,
        .least = 2,
        .most = 2,
        .log_file = "upgrade_solver_proto_text.cpp",
        .log_line = 22,
        .log_text =
            "Usage: upgrade_solver_proto_text old_solver_proto_file_in solver_proto_file_out",
        .run = run};
    return companion_main(&tool, argc, argv);
}
