/* upgrade_net_proto_binary: a .caffemodel of any age in Caffe's current form. */
#include "support/upgrade_file.h"

int main(int argc, char **argv) {
    static const upgrade_tool tool = {.name = "upgrade_net_proto_binary",
                                      .words = "v0_net_proto_file_in net_proto_file_out",
                                      .brief = "bring a .caffemodel to the current form",
                                      .log_file = "upgrade_net_proto_binary.cpp",
                                      .wrote_line = 48,
                                      .kind = LUNGO_DEFINITION_NET_BINARY,
                                      .form = "binary",
                                      .message = "NetParameter"};
    return upgrade_main(&tool, argc, argv);
}
