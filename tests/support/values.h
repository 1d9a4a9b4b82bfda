/* What a net must hold, and definitions that must be refused. */
#ifndef LUNGO_TESTS_SUPPORT_VALUES_H
#define LUNGO_TESTS_SUPPORT_VALUES_H

#include "support/nets.h"

/* x -> h by a layer of its own, so that a layer under test can work in place on h. */
#define LEAD LAYER1("lead", "Power", "x", "h", "power_param { scale: 1.25 }")

/* The net cannot be opened: this code, and a text that contains `part`. */
void lungo_test_refused(const char *text, lungo_status code, const char *part);

/* All values (the whole gradient) of a blob, which must have this many, within 1e-5 relative to the
 * larger of |expected| and 1. */
void lungo_test_values(const lungo_net *net, const char *blob, const float *expected, size_t count);
void lungo_test_diffs(const lungo_net *net, const char *blob, const float *expected, size_t count);

/* The shape of a blob. */
void lungo_test_shape(const lungo_net *net, const char *blob, const lungo_shape *expected);

#endif
