#include "support/threads.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

void threads_spin_little(char **argv) {
    char path[PATH_MAX];
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")) return;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0 || setenv("GOMP_SPINCOUNT", "1000", 1)) return;
    path[length] = '\0';
    execv(path, argv);
}
