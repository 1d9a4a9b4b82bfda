/* upgrade_net_proto_text, upgrade_net_proto_binary and upgrade_solver_proto_text as a user runs
 * them; the expected files are what Caffe's tools of these names wrote. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "support/command.h"
#include "support/suites.h"
#include "weights/model.h"

#define GOLDEN LUNGO_SOURCE_DIR "/tests/golden/upgrade/tool_"
#define BINARY LUNGO_BINARY_DIR "/bin/upgrade_net_proto_binary "
#define TEXT   LUNGO_BINARY_DIR "/bin/upgrade_net_proto_text "
#define SOLVER LUNGO_BINARY_DIR "/bin/upgrade_solver_proto_text "

#define V1_LINES(in)                                                                               \
    "upgrade_proto.cpp:55] Attempting to upgrade input file specified using deprecated "           \
    "V1LayerParameter: " in "\n"                                                                   \
    "upgrade_proto.cpp:63] Successfully upgraded file specified using deprecated "                 \
    "V1LayerParameter\n"

START_TEST(a_net_is_written_as_by_caffe) {
    ck_assert_int_eq(
        lungo_command("cp " GOLDEN "upgrade_net_proto_text.in.prototxt old && " TEXT "old new"), 0);
    lungo_test_same_files("new", GOLDEN "upgrade_net_proto_text.out.prototxt");
    lungo_command_logged(V1_LINES("old") "upgrade_net_proto_text.cpp:49] Wrote upgraded "
                                         "NetParameter text proto to new\n");
}
END_TEST

START_TEST(a_solver_is_written_as_by_caffe) {
    ck_assert_int_eq(lungo_command(SOLVER GOLDEN "upgrade_solver_proto_text.in.prototxt new"), 0);
    lungo_test_same_files("new", GOLDEN "upgrade_solver_proto_text.out.prototxt");
    lungo_command_wrote("err", "upgrade_solver_proto_text.cpp:49] Wrote upgraded SolverParameter "
                               "text proto to new");
}
END_TEST

START_TEST(what_is_up_to_date_is_written_again) {
    lungo_test_file("net", "layer { type: 'ReLU' name: 'r' }");
    ck_assert_int_eq(lungo_command(TEXT "net net"), 0);
    lungo_command_logged("upgrade_net_proto_text.cpp:43] File already in latest proto format: net\n"
                         "upgrade_net_proto_text.cpp:49] Wrote upgraded NetParameter text proto to "
                         "net\n");
    lungo_test_file("expected", "layer {\n  name: \"r\"\n  type: \"ReLU\"\n}\n");
    lungo_test_same_files("net", "expected");
    lungo_test_file("solver", "type: 'Adam' net_param { layers { type: RELU } }");
    ck_assert_int_eq(lungo_command(SOLVER "solver solver"), 0);
    lungo_command_wrote("err", "upgrade_solver_proto_text.cpp:43] File already in latest");
    lungo_command_wrote("solver", "layers {\n    type: RELU\n  }\n");
}
END_TEST

/* ---- weights ---- */

/* A V1 InnerProduct layer "ip" with one blob 1x2 of 1 and -2. */
#define V1_WEIGHTS                                                                                 \
    "\x0a\x01n\x12\x1a\x22\x02ip\x28\x0e\x32\x12\x2a\x08\x00\x00\x80\x3f\x00\x00\x00\xc0"          \
    "\x3a\x06\x0a\x04\x01\x82\x80\x00"

START_TEST(weights_keep_their_blobs) {
    lungo_model *model;
    lungo_stored_blob blob;
    lungo_test_bytes("old", V1_WEIGHTS, sizeof V1_WEIGHTS - 1);
    ck_assert_int_eq(lungo_command(BINARY "old new"), 0);
    lungo_command_logged(V1_LINES("old") "upgrade_net_proto_binary.cpp:48] Wrote upgraded "
                                         "NetParameter binary proto to new\n");
    ck_ok(lungo_model_open(&model, "new"));
    ck_assert_uint_eq(lungo_model_layer_count(model), 1);
    ck_assert_str_eq(lungo_model_layer(model, 0).name, "ip");
    ck_assert_str_eq(lungo_model_layer(model, 0).type, "InnerProduct");
    ck_ok(lungo_model_blob(&blob, model, 0, 0));
    lungo_model_free(model);
    ck_assert_int_eq(lungo_command(BINARY "new again"), 0);
    lungo_test_same_files("again", "new");
    lungo_command_wrote("err", "File already in latest proto format: new");
}
END_TEST

/* ---- refusals ---- */

START_TEST(unreadable_input_is_status_2) {
    ck_assert_int_eq(lungo_command(TEXT "absent new"), 2);
    lungo_command_wrote("err", "cannot open 'absent': No such file or directory");
    lungo_command_wrote("err", "upgrade_net_proto_text.cpp:30] Failed to parse input text file as "
                               "NetParameter: absent");
    lungo_test_file("bad", "name: 'x'\nfoo: 3");
    ck_assert_int_eq(lungo_command(TEXT "bad new"), 2);
    lungo_command_wrote("err", "bad:2:4: unknown field 'foo'");
    ck_assert_int_eq(lungo_command(BINARY "bad new"), 2);
    lungo_command_wrote("err", "Failed to parse input binary file as NetParameter: bad");
    ck_assert_int_eq(lungo_command(SOLVER "bad new"), 2);
    lungo_command_wrote("err", "Failed to parse input text file as SolverParameter: bad");
    ck_assert(!lungo_file_exists("new"));
}
END_TEST

START_TEST(what_cannot_be_upgraded_leaves_no_output) {
    lungo_test_file("both", "solver_type: SGD type: 'SGD'");
    lungo_command_refused(lungo_command(SOLVER "both new"), "cannot be both specified");
    lungo_test_file("mixed", "layers { type: RELU } layer { type: 'ReLU' }");
    lungo_command_refused(lungo_command(TEXT "mixed new"), "Refusing to upgrade inconsistent");
    ck_assert(!lungo_file_exists("new"));
    lungo_test_file("net", "name: 'x'");
    lungo_command_refused(lungo_command(TEXT "net no/new"), "cannot write 'no/new'");
}
END_TEST

/* As Caffe does it: the rest is written, and the status says that it is not all. */
START_TEST(settings_without_a_place_are_left_out) {
    lungo_test_file("v0", "layers { layer { name: 'r' type: 'relu' pad: 1 } }");
    ck_assert_int_eq(lungo_command(TEXT "v0 new"), 1);
    lungo_command_wrote("err", "upgrade_proto.cpp:283] Unknown parameter pad for layer type relu");
    lungo_command_wrote("err",
                        "upgrade_net_proto_text.cpp:39] Encountered error(s) while upgrading "
                        "prototxt; see details above.");
    lungo_command_wrote("new", "type: \"ReLU\"");
}
END_TEST

START_TEST(unknown_fields_are_left_out_on_demand) {
    lungo_test_file("forked", "layers { type: RELU name: 'r' }\nowned { by: 'a fork' }");
    ck_assert_int_eq(lungo_command(TEXT "-unknown-fields=warn forked new"), 0);
    lungo_command_wrote("err", "forked:2:1: unknown field 'owned' in NetParameter is passed over");
    lungo_command_wrote("new", "type: \"ReLU\"");
    lungo_test_file("solver", "solver_type: SGD\nowned: 1");
    ck_assert_int_eq(lungo_command(SOLVER "-unknown-fields=warn solver new"), 0);
    lungo_command_wrote("new", "type: \"SGD\"");
    lungo_command_refused(lungo_command(TEXT "-unknown-fields=drop forked new"),
                          "unknown-fields: expected error or warn, got 'drop'");
    lungo_command_refused(lungo_command(BINARY "-unknown-fields=warn forked new"),
                          "unknown command line flag 'unknown-fields'");
}
END_TEST

START_TEST(usage) {
    lungo_command_refused(lungo_command(TEXT "one"), "upgrade_net_proto_text.cpp:22] Usage: "
                                                     "upgrade_net_proto_text v0_net_proto_file_in "
                                                     "net_proto_file_out");
    lungo_command_refused(lungo_command(SOLVER), "Usage: upgrade_solver_proto_text "
                                                 "old_solver_proto_file_in solver_proto_file_out");
    ck_assert_int_eq(lungo_command(BINARY "--help"), 0);
    lungo_command_wrote("out", "usage: upgrade_net_proto_binary");
}
END_TEST

Suite *lungo_suite_upgrade_tools(void);
Suite *lungo_suite_upgrade_tools(void) {
    const TTest *const tests[] = {a_net_is_written_as_by_caffe,
                                  a_solver_is_written_as_by_caffe,
                                  what_is_up_to_date_is_written_again,
                                  weights_keep_their_blobs,
                                  unreadable_input_is_status_2,
                                  what_cannot_be_upgraded_leaves_no_output,
                                  settings_without_a_place_are_left_out,
                                  unknown_fields_are_left_out_on_demand,
                                  usage,
                                  NULL};
    return lungo_test_folder_suite("upgrade_tools", tests);
}
