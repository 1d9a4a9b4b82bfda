/* Everything: #include <lungo/lungo.h>. */
#ifndef LUNGO_LUNGO_H
#define LUNGO_LUNGO_H

#include "lungo/blob.h"
#include "lungo/catalog.h"
#include "lungo/check.h"
#include "lungo/data.h"
#include "lungo/fold.h"
#include "lungo/gradient.h"
#include "lungo/image.h"
#include "lungo/limits.h"
#include "lungo/log.h"
#include "lungo/model.h"
#include "lungo/net.h"
#include "lungo/solver.h"
#include "lungo/status.h"
#include "lungo/suggest.h"
#include "lungo/upgrade.h"

#endif
