#include "support/nets.h"

#include <string.h>

#include "support/suites.h"

static lungo_status open_net(lungo_net **out, lungo_phase phase, const char *text) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.phase = phase;
    options.seed = 7;
    return lungo_net_open_text(out, text, "net.prototxt", &options);
}

lungo_net *lungo_test_net(lungo_phase phase, const char *text) {
    lungo_net *net = NULL;
    ck_ok(open_net(&net, phase, text));
    return net;
}

lungo_status lungo_try_net(lungo_phase phase, const char *text) {
    lungo_net *net;
    LUNGO_TRY(open_net(&net, phase, text));
    lungo_net_free(net);
    return LUNGO_OK;
}

lungo_layer *lungo_test_layer(const lungo_net *net, const char *name) {
    for (int i = 0; i < net->layer_count; i++)
        if (strcmp(net->layers[i]->name, name) == 0) return net->layers[i];
    ck_abort_msg("the net has no layer '%s'", name);
    return NULL;
}

static lungo_blob *find_blob(lungo_net *net, const char *name, size_t count) {
    lungo_blob *blob = lungo_net_blob(net, name);
    ck_assert_msg(blob != NULL, "the net has no blob '%s'", name);
    ck_assert_uint_eq(lungo_blob_count(blob), count);
    return blob;
}

void lungo_set_data(lungo_net *net, const char *blob, const float *values, size_t count) {
    memcpy(lungo_data_overwrite(find_blob(net, blob, count)), values, count * sizeof *values);
}

void lungo_set_diff(lungo_net *net, const char *blob, const float *values, size_t count) {
    lungo_blob *found = find_blob(net, blob, count);
    ck_assert_msg(lungo_diff(found) != NULL, "blob '%s' has no gradient", blob);
    memcpy(lungo_diff_overwrite(found), values, count * sizeof *values);
}

static lungo_buffer captured;

static void capture(void *user, lungo_log_level level, const char *file, int line,
                    const char *text) {
    if (strcmp(file, "lungo.c") == 0) return;
    static const char *const letters[] = {"", "W", "E"};
    lungo_buffer_printf(user, "%s%s:%d] %s\n", letters[level], file, line, text);
}

void lungo_log_capture(void) {
    lungo_buffer_clear(&captured);
    lungo_set_log(capture, &captured);
}

const char *lungo_log_captured(void) {
    return lungo_buffer_text(&captured);
}

void lungo_log_release(void) {
    lungo_set_log(NULL, NULL);
    lungo_buffer_dispose(&captured);
}
