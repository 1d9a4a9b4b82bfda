/* Small nets for tests, and the log lines they write. */
#ifndef LUNGO_TESTS_SUPPORT_NETS_H
#define LUNGO_TESTS_SUPPORT_NETS_H

#include "base/log.h"
#include "net/net.h"

/* One line of prototxt: an Input layer with a top of this shape, e.g. INPUT("x", "dim: 2 dim: 3").
 */
#define INPUT(top, dims)                                                                           \
    "layer { name: 'in_" top "' type: 'Input' top: '" top "' input_param { shape { " dims " } } "  \
    "}\n"

/* A layer with one bottom and one top; `more` may be "". */
#define LAYER1(name, type, bottom, top, more)                                                      \
    "layer { name: '" name "' type: '" type "' bottom: '" bottom "' top: '" top "' " more " }\n"

/* Opens it (file name "net.prototxt", seed 7), and fails the test when that fails. */
lungo_net *lungo_test_net(lungo_phase phase, const char *text);

/* The same, for errors. */
lungo_status lungo_try_net(lungo_phase phase, const char *text);

lungo_layer *lungo_test_layer(const lungo_net *net, const char *name);

/* Writes values[0 .. count) into the data or diff of the named blob. */
void lungo_set_data(lungo_net *net, const char *blob, const float *values, size_t count);
void lungo_set_diff(lungo_net *net, const char *blob, const float *values, size_t count);

/* From capture on, log lines are kept as "file.cpp:12] text\n", levels W and E with the letter in
 * front; lines of Lungo's own are left out. */
void lungo_log_capture(void);
const char *lungo_log_captured(void);
void lungo_log_release(void);

#endif
