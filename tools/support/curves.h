/* What a training left behind as curves: read from its log (Lungo's or Caffe's, in glog's form) or
 * from a file that lungo train --metrics has written. */
#ifndef LUNGO_TOOLS_SUPPORT_CURVES_H
#define LUNGO_TOOLS_SUPPORT_CURVES_H

#include <stdbool.h>
#include <stddef.h>

typedef enum curve_kind {
    CURVE_TRAIN, /* "loss", smoothed as in the log, and "lr" */
    CURVE_BATCH, /* outputs of the train net, of one batch */
    CURVE_TEST   /* outputs of a test net, mean over its batches */
} curve_kind;

typedef struct curve_point {
    double iteration, seconds, value; /* seconds since the first line */
} curve_point;

typedef struct curve {
    char *name; /* of an output with several values: "fc8[2]" beyond the first */
    curve_kind kind;
    int test_net;
    size_t count, capacity;
    curve_point *points;
} curve;

/* Zeroed at first. */
typedef struct run_curves {
    size_t count, capacity;
    curve *curves;
} run_curves;

/* False: cannot be read, or holds no iteration; which has been said. Resumed runs may be appended:
 * an iteration that comes again replaces what came from it on. */
bool curves_read(run_curves *run, const char *path);

/* The same, but a file that holds no iteration is none that failed: run->count is 0. */
bool curves_look(run_curves *run, const char *path);
void curves_dispose(run_curves *run);

/* NULL: there is none. */
const curve *curves_find(const run_curves *run, curve_kind kind, int test_net, const char *name);

/* ---- for readers of a format ---- */

/* False: out of memory, which has been said. */
bool curves_add(run_curves *run, curve_kind kind, int test_net, const char *name,
                curve_point point);

/* One text each, `line` without its end. */
typedef struct log_reader {
    run_curves *run;
    double begin, seconds; /* of the first line; of this one since then */
    bool began;
    double iteration; /* that outputs belong to */
    int test_net;     /* negative: outputs are the train net's */
    char *output;     /* the last one's name, and how many values it had by now */
    int values;
} log_reader;
bool curves_take_log_line(log_reader *reader, const char *line);
bool curves_take_metrics_line(run_curves *run, const char *line);

#endif
