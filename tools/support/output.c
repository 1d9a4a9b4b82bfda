#include "support/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/glog.h"

static bool complain(const char *path) {
    return !glog_complain("cannot write '%s': %s", path, strerror(errno));
}

bool output_open(output_file *output, const char *path) {
    *output = (output_file){.path = path};
    if (asprintf(&output->temporary, "%s.tmp.XXXXXX", path) < 0)
        return !glog_complain("out of memory");
    output->descriptor = mkostemp(output->temporary, O_CLOEXEC);
    if (output->descriptor >= 0) return true;
    free(output->temporary);
    return complain(path);
}

bool output_close(output_file *output, bool whole) {
    bool kept = whole && !fchmod(output->descriptor, 0644) && !fsync(output->descriptor);
    kept = !close(output->descriptor) && kept;
    kept = kept && !rename(output->temporary, output->path);
    if (whole && !kept) complain(output->path);
    if (!kept) unlink(output->temporary);
    free(output->temporary);
    return kept;
}
