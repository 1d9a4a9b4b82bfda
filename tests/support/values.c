#include "support/values.h"

#include <math.h>
#include <string.h>

#include "support/suites.h"

void lungo_test_refused(const char *text, lungo_status code, const char *part) {
    ck_fails(lungo_try_net(LUNGO_TRAIN, text), code, part);
}

static lungo_blob *find(const lungo_net *net, const char *name) {
    lungo_blob *blob = lungo_net_blob(net, name);
    ck_assert_msg(blob != NULL, "no blob '%s'", name);
    return blob;
}

static void compare(const lungo_blob *blob, const float *got, const float *expected, size_t count) {
    ck_assert_msg(got != NULL, "blob '%s' has none", blob->name);
    ck_assert_msg(blob->count == count, "blob '%s': expected %zu values, got %zu", blob->name,
                  count, blob->count);
    for (size_t i = 0; i < count; i++) {
        float bound = 1e-5f * fmaxf(1, fabsf(expected[i]));
        ck_assert_msg(fabsf(got[i] - expected[i]) <= bound, "blob '%s'[%zu]: expected %g, got %g",
                      blob->name, i, expected[i], got[i]);
    }
}

void lungo_test_values(const lungo_net *net, const char *blob, const float *expected,
                       size_t count) {
    compare(find(net, blob), lungo_data(find(net, blob)), expected, count);
}

void lungo_test_diffs(const lungo_net *net, const char *blob, const float *expected, size_t count) {
    compare(find(net, blob), lungo_diff(find(net, blob)), expected, count);
}

void lungo_test_shape(const lungo_net *net, const char *blob, const lungo_shape *expected) {
    const lungo_shape *got = lungo_blob_shape(find(net, blob));
    ck_assert_msg(lungo_shape_equal(got, expected), "blob '%s': expected shape %s, got %s", blob,
                  lungo_shape_text(expected).text, lungo_shape_text(got).text);
}
