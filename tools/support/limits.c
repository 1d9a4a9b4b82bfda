#include "support/limits.h"

#include <stdio.h>

#include "support/glog.h"

bool limits_parse(lungo_limits *limits, const flag_list *list) {
    for (const char *const *value = list->values; *value; value++)
        if (lungo_limits_set(limits, *value)) {
            glog_report_error();
            return false;
        }
    return true;
}

void limits_print(void (*row)(const char *name, const char *text)) {
    lungo_limit limit;
    for (size_t i = 0; (limit = lungo_limit_get(i)).name; i++) {
        char text[256];
        snprintf(text, sizeof text, "At most so many %s. Default: %s.", limit.bounds,
                 limit.fallback);
        row(limit.name, text);
    }
}
