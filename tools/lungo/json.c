#include "json.h"

#include "support/glog.h"

bool json_print(json_t *json) {
    bool done = json && json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0;
    json_decref(json);
    putchar('\n');
    return done || glog_complain("this cannot be written as JSON: expected names in UTF-8") == 0;
}
