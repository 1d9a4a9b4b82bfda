#include "support/sizes.h"

#include <stdio.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/glog.h"

/* What the letter behind the number stands for; 0: nothing. */
static double unit_of(const char *letter) {
    static const char letters[] = "KMGT";
    double unit = 1024;
    if (!*letter) return 1;
    for (const char *known = letters; *known; known++, unit *= 1024)
        if (toupper((unsigned char)*letter) == *known && !letter[1]) return unit;
    return 0;
}

bool sizes_parse(size_t *bytes, const char *flag, const char *text) {
    char *end;
    *bytes = 0;
    if (!*text) return true;
    double number = strtod(text, &end), size = number * unit_of(end);
    if (isdigit((unsigned char)*text) && size >= 1 && size < (double)SIZE_MAX) {
        *bytes = (size_t)size;
        return true;
    }
    glog_complain("--%s: expected a size such as 500M or 4G, got '%s'", flag, text);
    return false;
}

size_t sizes_of_process_peak(void) {
    char line[256];
    size_t kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %zu kB", &kilobytes) == 1) break;
    if (status) fclose(status);
    return kilobytes * 1024;
}
