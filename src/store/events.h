/* Event files, as TensorBoard reads them: scalars and histograms by tag and step. A folder is a run
 * of one file or of several: what an earlier one has from a later one's first step on is void. */
#ifndef LUNGO_STORE_EVENTS_H
#define LUNGO_STORE_EVENTS_H

#include <stdint.h>

#include "base/error.h"
#include "store/histogram.h"

typedef struct lungo_events lungo_events;

/* A new file in the folder, which is made if need be, for what comes from `step` on. */
lungo_status lungo_events_open(lungo_events **out, const char *folder, int64_t step);
void lungo_events_close(lungo_events *events);

/* Kept until the next flush. */
void lungo_events_scalar(lungo_events *events, int64_t step, const char *tag, float value);
void lungo_events_histogram(lungo_events *events, int64_t step, const char *tag,
                            const lungo_histogram *histogram);

/* Hands all of it to the system. After a failure, the file ends where it ended before. */
lungo_status lungo_events_flush(lungo_events *events);

#endif
