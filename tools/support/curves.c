#include "support/curves.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/glog.h"

static curve *find(const run_curves *run, curve_kind kind, int test_net, const char *name) {
    for (size_t i = 0; i < run->count; i++) {
        curve *each = &run->curves[i];
        if (each->kind == kind && each->test_net == test_net && !strcmp(each->name, name))
            return each;
    }
    return NULL;
}

const curve *curves_find(const run_curves *run, curve_kind kind, int test_net, const char *name) {
    return find(run, kind, test_net, name);
}

/* Room for one more of `size` bytes in an array that doubles. */
static bool make_room(void **array, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) return true;
    size_t wanted = *capacity ? 2 * *capacity : 16;
    void *grown = reallocarray(*array, wanted, size);
    if (!grown) return glog_complain("out of memory"), false;
    *array = grown;
    *capacity = wanted;
    return true;
}

static curve *append(run_curves *run, curve_kind kind, int test_net, const char *name) {
    void *curves = run->curves;
    bool room = make_room(&curves, &run->capacity, run->count, sizeof *run->curves);
    run->curves = curves;
    char *copy = room ? strdup(name) : NULL;
    if (!copy) return room ? glog_complain("out of memory"), NULL : NULL;
    run->curves[run->count] = (curve){.name = copy, .kind = kind, .test_net = test_net};
    return &run->curves[run->count++];
}

bool curves_add(run_curves *run, curve_kind kind, int test_net, const char *name,
                curve_point point) {
    curve *to = find(run, kind, test_net, name);
    if (!to) to = append(run, kind, test_net, name);
    if (!to) return false;
    while (to->count > 0 && to->points[to->count - 1].iteration >= point.iteration)
        to->count--;
    void *points = to->points;
    bool room = make_room(&points, &to->capacity, to->count, sizeof *to->points);
    to->points = points;
    if (room) to->points[to->count++] = point;
    return room;
}

static bool read_lines(run_curves *run, FILE *file) {
    log_reader log = {.run = run, .test_net = -1};
    char *line = NULL;
    size_t capacity = 0;
    bool done = true;
    while (done && getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        done =
            *line == '{' ? curves_take_metrics_line(run, line) : curves_take_log_line(&log, line);
    }
    free(log.output);
    free(line);
    return done;
}

bool curves_look(run_curves *run, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return glog_complain("cannot read '%s': %s", path, strerror(errno)), false;
    bool done = read_lines(run, file);
    if (done && ferror(file)) done = !glog_complain("cannot read '%s': %s", path, strerror(errno));
    fclose(file);
    return done;
}

bool curves_read(run_curves *run, const char *path) {
    bool done = curves_look(run, path);
    if (done && run->count == 0)
        done = !glog_complain("'%s' holds no iteration: expected a log of training, or a file of "
                              "lungo train --metrics",
                              path);
    return done;
}

void curves_dispose(run_curves *run) {
    for (size_t i = 0; i < run->count; i++) {
        free(run->curves[i].name);
        free(run->curves[i].points);
    }
    free(run->curves);
    *run = (run_curves){0};
}
