/* lungo plot RUN... -o FILE: curves of trainings, one panel for each quantity. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "plot.h"
#include "support/glog.h"

static bool read_runs(run_curves *runs, const char *const *paths, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!curves_read(&runs[i], paths[i])) return false;
    return true;
}

static bool draw(const plot_request *plot, const char *format, const char *path) {
    char *text;
    size_t length;
    if (plot->panel_count == 0) return !glog_complain("plot: no run has values that can be drawn");
    bool done = plot_script(&text, &length, plot, strcmp(format, "png") ? "svg" : "pngcairo") &&
                child_make_file(&plot_program, text, length, path);
    free(text);
    return done;
}

static bool check_flags(const command_flags *flags, int count, const char **format) {
    if (count < 1) return !glog_complain("plot: expected a log or a file of --metrics");
    if (strcmp(flags->x, "iteration") && strcmp(flags->x, "time"))
        return !glog_complain("plot: --x: expected iteration or time, got '%s'", flags->x);
    if (flags->smooth < 1)
        return !glog_complain("plot: --smooth: expected 1 or more, got %d", flags->smooth);
    return child_format(format, "plot", flags->output, "svg|png");
}

int cmd_plot(const command_flags *flags, const char *const *words, int count) {
    const char *format = NULL;
    word_list asked;
    if (!check_flags(flags, count, &format)) return 1;
    if (!words_split(&asked, flags->y)) return glog_complain("out of memory");
    run_curves *runs = calloc((size_t)count, sizeof *runs);
    plot_request plot = {.runs = runs,
                         .paths = words,
                         .run_count = (size_t)count,
                         .x = flags->x,
                         .smooth = flags->smooth,
                         .log_scale = flags->log_scale,
                         .width = 900,
                         .panel_height = 300};
    bool done = runs ? read_runs(runs, words, plot.run_count) &&
                           plot_settle_panels(&plot, &asked) && draw(&plot, format, flags->output)
                     : !glog_complain("out of memory");
    for (size_t i = 0; runs && i < plot.run_count; i++)
        curves_dispose(&runs[i]);
    free(runs);
    words_dispose(&asked);
    return done ? 0 : 1;
}
