/* upgrade_solver_proto_text: a solver's prototxt of any age in Caffe's current form. */
#include "support/upgrade_file.h"

int main(int argc, char **argv) {
    static const upgrade_tool tool = {.name = "upgrade_solver_proto_text",
                                      .words = "old_solver_proto_file_in solver_proto_file_out",
                                      .brief = "bring a solver's prototxt to the current form",
                                      .log_file = "upgrade_solver_proto_text.cpp",
                                      .wrote_line = 49,
                                      .kind = LUNGO_DEFINITION_SOLVER_TEXT,
                                      .form = "text",
                                      .message = "SolverParameter"};
    return upgrade_main(&tool, argc, argv);
}
