/* Telling a file of weights from other files that are taken for one. */
#ifndef LUNGO_WEIGHTS_KIND_H
#define LUNGO_WEIGHTS_KIND_H

#include <stddef.h>

#include "base/error.h"

/* Refuses what cannot be a .caffemodel from its first bytes, and says what it is. */
lungo_status lungo_weights_check_kind(const char *bytes, size_t length, const char *path);

#endif
