/* Any text as a net: it is refused, or built for its shapes; if those are small, it also runs
 * forward and backward. */
#include "fuzz/input.h"
#include "plan/plan.h"
#include "proto/text.h"
#include "proto/upgrade.h"

enum { MOST_FLOATS = 1 << 18 };

static bool is_small(const lungo_net *net) {
    size_t floats = net->param_floats;
    for (int i = 0; i < net->blob_count && floats <= MOST_FLOATS; i++)
        floats += net->blobs[i]->count;
    return floats <= MOST_FLOATS;
}

static bool builds_small(const Caffe__NetParameter *param, const lungo_document *document) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT, .no_memory = true};
    lungo_net *net;
    if (lungo_net_build(&net, param, document, &options)) return false;
    bool small = is_small(net);
    lungo_net_dispose(net);
    return small;
}

static void run(const Caffe__NetParameter *param, const lungo_document *document) {
    lungo_net_build_options options = {.open = LUNGO_NET_OPTIONS_INIT};
    options.open.seed = 1;
    lungo_net *net;
    if (lungo_plan_open_net(&net, param, document, &options)) return;
    float loss;
    if (lungo_net_forward(net, &loss) == LUNGO_OK && lungo_net_backward(net) == LUNGO_OK)
        for (int i = 0; i < net->param_count; i++)
            require(!net->gradients || !net->params[i].blob->diff->stale);
    lungo_net_free(net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lungo_document *document;
    ProtobufCMessage *message;
    require(lungo_document_new(&document) == LUNGO_OK);
    if (!lungo_text_parse(document, &message, &caffe__net_parameter__descriptor, (const char *)data,
                          size, "fuzz") &&
        !lungo_upgrade_net(document, (Caffe__NetParameter *)message, "fuzz") &&
        builds_small((Caffe__NetParameter *)message, document))
        run((Caffe__NetParameter *)message, document);
    lungo_document_free(document);
    return 0;
}
