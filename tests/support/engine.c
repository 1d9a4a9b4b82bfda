#include "support/engine.h"

#include <stdio.h>
#include <string.h>

bool lungo_take_engine(lungo_engine *out, int *argc, char **argv) {
    static const char flag[] = "--engine=";
    *out = LUNGO_ENGINE_DEFAULT;
    if (*argc < 2 || strncmp(argv[1], flag, strlen(flag)) != 0) return true;
    if (lungo_engine_parse(out, argv[1] + strlen(flag))) {
        fprintf(stderr, "%s\n", lungo_error_text());
        return false;
    }
    memmove(argv + 1, argv + 2, (size_t)(*argc - 1) * sizeof *argv);
    --*argc;
    return true;
}
