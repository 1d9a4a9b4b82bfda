#include "support/solvers.h"

#include <string.h>

#include "proto/text.h"
#include "support/suites.h"

lungo_solver *lungo_test_solver(const char *text) {
    return lungo_test_solver_with(text, NULL);
}

lungo_solver *lungo_test_solver_with(const char *text, const lungo_solver_options *options) {
    lungo_solver *solver;
    lungo_test_file("solver.prototxt", text);
    ck_ok(lungo_solver_open(&solver, "solver.prototxt", options));
    return solver;
}

lungo_status lungo_try_solver(const char *text) {
    lungo_solver *solver;
    lungo_test_file("solver.prototxt", text);
    lungo_status status = lungo_solver_open(&solver, "solver.prototxt", NULL);
    if (!status) lungo_solver_free(solver);
    return status;
}

float *lungo_test_weights(lungo_solver *solver, const char *layer) {
    lungo_net *net = lungo_solver_net(solver);
    for (size_t i = 0; i < lungo_net_param_count(net); i++) {
        lungo_param_info param = lungo_net_param(net, i);
        if (!strcmp(param.layer, layer)) return lungo_data_update(param.blob);
    }
    ck_abort_msg("the net has no parameter of layer '%s'", layer);
    return NULL;
}

Caffe__SolverParameter *lungo_test_settings(lungo_document **out, const char *text) {
    ProtobufCMessage *message;
    ck_ok(lungo_document_new(out));
    ck_ok(lungo_text_parse(*out, &message, &caffe__solver_parameter__descriptor, text, strlen(text),
                           "solver.prototxt"));
    return (Caffe__SolverParameter *)message;
}

void lungo_test_count_warnings(void *user, lungo_log_level level, const char *file, int line,
                               const char *text) {
    (void)file, (void)line, (void)text;
    *(int *)user += level == LUNGO_LOG_WARNING;
}
