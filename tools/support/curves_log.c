/* Logs of training in glog's form, line by line:
 *
 *   I1122 15:18:43.313572 1 solver.cpp:239] Iteration 100 (23.4 iter/s, 4.3s/100 iters), loss = 0.5
 *   I1122 15:18:43.313572 1 solver.cpp:258]     Train net output #0: loss = 0.4 (* 1 = 0.4 loss)
 *   I1122 15:18:43.313572 1 sgd_solver.cpp:112] Iteration 100, lr = 0.01
 *   I1122 15:18:43.313572 1 solver.cpp:347] Iteration 500, Testing net (#0)
 *   I1122 15:18:43.313572 1 solver.cpp:414]     Test net output #0: accuracy = 0.9
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/curves.h"
#include "support/glog.h"

static int days_before(int month) {
    static const int days[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    return days[month < 1 || month > 12 ? 0 : month - 1];
}

/* Seconds since some new year; glog before 0.6 has no year. False: the line has no such head. */
static bool read_time(double *seconds, const char *line) {
    int year = 0, month, day, hour, minute;
    double second;
    if (sscanf(line + 1, "%4d%2d%2d %d:%d:%lf", &year, &month, &day, &hour, &minute, &second) !=
        6) {
        year = 0;
        if (sscanf(line + 1, "%2d%2d %d:%d:%lf", &month, &day, &hour, &minute, &second) != 5)
            return false;
    }
    *seconds =
        ((365.0 * year + days_before(month) + day) * 24 + hour) * 3600 + minute * 60 + second;
    return true;
}

static void take_time(log_reader *reader, const char *line) {
    double now;
    if (!read_time(&now, line)) return;
    if (!reader->began) reader->begin = now;
    reader->began = true;
    if (now < reader->begin) now += 365 * 24 * 3600.0; /* over New Year */
    reader->seconds = now - reader->begin;
}

static bool add(const log_reader *reader, curve_kind kind, const char *name, double value) {
    curve_point point = {reader->iteration, reader->seconds, value};
    return curves_add(reader->run, kind, kind == CURVE_TEST ? reader->test_net : 0, name, point);
}

/* "Iteration N ...": what stands behind it decides. */
static bool take_iteration(log_reader *reader, const char *text) {
    double iteration;
    int used, net;
    const char *loss = strstr(text, ", loss = "), *rate = strstr(text, ", lr = ");
    if (sscanf(text, "Iteration %lf%n", &iteration, &used) != 1) return true;
    reader->iteration = iteration;
    reader->test_net = -1;
    free(reader->output);
    reader->output = NULL;
    if (sscanf(text + used, ", Testing net (#%d)", &net) == 1) reader->test_net = net;
    if (loss) return add(reader, CURVE_TRAIN, "loss", strtod(loss + 9, NULL));
    if (rate) return add(reader, CURVE_TRAIN, "lr", strtod(rate + 7, NULL));
    return true;
}

/* "name[2]" for the third value of an output in a row. */
static bool number_value(log_reader *reader, const char *name, char **numbered) {
    bool again = reader->output && !strcmp(reader->output, name);
    reader->values = again ? reader->values + 1 : 0;
    if (!again) {
        free(reader->output);
        reader->output = strdup(name);
    }
    *numbered = NULL;
    if (!reader->output || (reader->values ? asprintf(numbered, "%s[%d]", name, reader->values) < 0
                                           : !(*numbered = strdup(name))))
        return glog_complain("out of memory"), false;
    return true;
}

/* "... net output #I: NAME = VALUE". */
static bool take_output(log_reader *reader, curve_kind kind, const char *text) {
    const char *colon = strchr(text, ':'), *equals = colon ? strstr(colon, " = ") : NULL;
    if (!equals) return true;
    char *name = strndup(colon + 2, (size_t)(equals - colon - 2)), *numbered = NULL;
    if (!name) return glog_complain("out of memory"), false;
    bool done = number_value(reader, name, &numbered) &&
                add(reader, kind, numbered, strtod(equals + 3, NULL));
    free(numbered);
    free(name);
    return done;
}

bool curves_take_log_line(log_reader *reader, const char *line) {
    const char *text = strstr(line, "] ");
    if (!strchr("IWEF", *line) || !*line || !text) return true;
    take_time(reader, line);
    text += 2 + strspn(text + 2, " ");
    if (!strncmp(text, "Iteration ", 10)) return take_iteration(reader, text);
    if (!strncmp(text, "Train net output #", 18)) return take_output(reader, CURVE_BATCH, text);
    if (!strncmp(text, "Test net output #", 17) && reader->test_net >= 0)
        return take_output(reader, CURVE_TEST, text);
    return true;
}
