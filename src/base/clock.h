/* Time that only moves forward, for measuring. */
#ifndef LUNGO_BASE_CLOCK_H
#define LUNGO_BASE_CLOCK_H

/* Seconds since some moment of the past, to the nanosecond where the system can. */
double lungo_clock_seconds(void);

#endif
