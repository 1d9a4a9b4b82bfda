/* upgrade_net_proto_text: a net's prototxt of any age in Caffe's current form. */
#include "support/upgrade_file.h"

int main(int argc, char **argv) {
    static const upgrade_tool tool = {.name = "upgrade_net_proto_text",
                                      .words = "v0_net_proto_file_in net_proto_file_out",
                                      .brief = "bring a net's prototxt to the current form",
                                      .log_file = "upgrade_net_proto_text.cpp",
                                      .wrote_line = 49,
                                      .kind = LUNGO_DEFINITION_NET_TEXT,
                                      .form = "text",
                                      .message = "NetParameter"};
    return upgrade_main(&tool, argc, argv);
}
