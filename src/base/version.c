#include "lungo/status.h"

const char *lungo_version(void) {
    return LUNGO_VERSION;
}

const char *lungo_caffe_version(void) {
    return "1.0.0";
}
