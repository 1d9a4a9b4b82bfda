/* Files of lungo train --metrics: a JSON object per line, see include/lungo/solver.h. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/curves.h"
#include "support/glog.h"

static bool add_value(run_curves *run, curve_kind kind, int test_net, const char *name,
                      size_t index, curve_point point) {
    char *numbered;
    if (asprintf(&numbered, index ? "%s[%zu]" : "%s", name, index) < 0)
        return glog_complain("out of memory"), false;
    bool done = curves_add(run, kind, test_net, numbered, point);
    free(numbered);
    return done;
}

/* A number or an array of such; null stands for one that is not finite. */
static bool add_values(run_curves *run, curve_kind kind, int test_net, const char *name,
                       const json_t *values, curve_point point) {
    size_t count = json_is_array(values) ? json_array_size(values) : 1;
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_is_array(values) ? json_array_get(values, i) : values;
        point.value = json_is_number(value) ? json_number_value(value) : (double)NAN;
        if (!add_value(run, kind, test_net, name, i, point)) return false;
    }
    return true;
}

static bool take_object(run_curves *run, json_t *object) {
    const char *phase = json_string_value(json_object_get(object, "phase"));
    bool is_test = phase && !strcmp(phase, "test");
    int net = (int)json_integer_value(json_object_get(object, "net"));
    curve_point point = {json_number_value(json_object_get(object, "iteration")),
                         json_number_value(json_object_get(object, "time")), 0};
    static const char *const totals[] = {"loss", "lr"};
    for (int i = 0; i < 2 && !is_test; i++) {
        const json_t *value = json_object_get(object, totals[i]);
        if (value && !add_values(run, CURVE_TRAIN, 0, totals[i], value, point)) return false;
    }
    const char *name;
    json_t *values;
    json_object_foreach(json_object_get(object, "outputs"), name, values) {
        if (!add_values(run, is_test ? CURVE_TEST : CURVE_BATCH, net, name, values, point))
            return false;
    }
    return true;
}

bool curves_take_metrics_line(run_curves *run, const char *line) {
    json_error_t error;
    json_t *object = json_loads(line, 0, &error);
    if (!object) return true; /* a line that was being written when the process was killed */
    bool done = take_object(run, object);
    json_decref(object);
    return done;
}
