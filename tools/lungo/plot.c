#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/glog.h"

static const char *const argv[] = {"gnuplot", "-", NULL};
const drawing_program plot_program = {argv, "gnuplot-nox"};

typedef struct plot_range {
    double least, most;
} plot_range;

/* A script that is being written. */
typedef struct plotting {
    const plot_request *asked;
    FILE *script;
    size_t blocks;   /* of data, by now */
    plot_range x, y; /* of the panel's points */
} plotting;

/* The colours of Okabe and Ito, told apart by nearly all eyes. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#000000"};
enum { COLOURS = sizeof colours / sizeof colours[0] };

/* ---- what to draw ---- */

static bool has_panel(const plot_request *plot, const char *name) {
    for (size_t i = 0; i < plot->panel_count; i++)
        if (!strcmp(plot->panels[i], name)) return true;
    return false;
}

static void add_panel(plot_request *plot, const char *name) {
    if (plot->panel_count < PLOT_PANELS && !has_panel(plot, name))
        plot->panels[plot->panel_count++] = name;
}

/* Loss first, then what the nets put out (the first value of each), the rate at the end. */
static void choose_panels(plot_request *plot) {
    add_panel(plot, "loss");
    for (size_t r = 0; r < plot->run_count; r++)
        for (size_t i = 0; i < plot->runs[r].count; i++) {
            const char *name = plot->runs[r].curves[i].name;
            if (!strchr(name, '[') && strcmp(name, "lr")) add_panel(plot, name);
        }
    if (plot->panel_count == PLOT_PANELS) plot->panel_count--;
    add_panel(plot, "lr");
}

static bool can_be_drawn(const plot_request *plot, double value) {
    return isfinite(value) && (value > 0 || !plot->log_scale);
}

static bool has_points(const plot_request *plot, const curve *line) {
    for (size_t i = 0; i < line->count; i++)
        if (can_be_drawn(plot, line->points[i].value)) return true;
    return false;
}

static bool is_drawn(const plot_request *plot, const curve *line, const run_curves *run,
                     const char *panel) {
    if (strcmp(line->name, panel) || !has_points(plot, line)) return false;
    /* A batch's own loss says less than the smoothed one. */
    return line->kind != CURVE_BATCH || !curves_find(run, CURVE_TRAIN, 0, panel);
}

static size_t count_drawn(const plot_request *plot, const char *panel) {
    size_t count = 0;
    for (size_t r = 0; r < plot->run_count; r++)
        for (size_t i = 0; i < plot->runs[r].count; i++)
            count += is_drawn(plot, &plot->runs[r].curves[i], &plot->runs[r], panel);
    return count;
}

bool plot_settle_panels(plot_request *plot, const word_list *asked) {
    for (size_t i = 0; i < asked->count; i++)
        if (*asked->words[i]) add_panel(plot, asked->words[i]);
    bool chosen = plot->panel_count > 0;
    if (!chosen) choose_panels(plot);
    size_t kept = 0;
    for (size_t i = 0; i < plot->panel_count; i++) {
        if (count_drawn(plot, plot->panels[i]))
            plot->panels[kept++] = plot->panels[i];
        else if (chosen)
            return !glog_complain("plot: no run has a curve '%s' with values that can be drawn",
                                  plot->panels[i]);
    }
    plot->panel_count = kept;
    return true;
}

/* ---- the script ---- */

static double abscissa(const plotting *plot, curve_point point) {
    return !strcmp(plot->asked->x, "time") ? point.seconds / 60 : point.iteration;
}

/* By the digits that gnuplot gets. */
static void extend(plot_range *range, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    range->least = fmin(range->least, strtod(text, NULL));
    range->most = fmax(range->most, strtod(text, NULL));
}

static void put_point(plotting *plot, curve_point point, double value) {
    if (!isfinite(value)) return;
    fprintf(plot->script, "%.9g %.9g\n", abscissa(plot, point), value);
    if (!can_be_drawn(plot->asked, value)) return;
    extend(&plot->x, abscissa(plot, point));
    extend(&plot->y, value);
}

/* Of a range without extent gnuplot makes one itself, but with a warning. */
static void put_range(const plotting *plot, const char *axis, const plot_range *range) {
    double room = range->least == 0 ? 1 : 0.01 * fabs(range->least);
    if (range->least == range->most)
        fprintf(plot->script, "set %srange [%.9g:%.9g]\n", axis, range->least - room,
                range->most + room);
    else
        fprintf(plot->script, "set %srange [*:*]\n", axis);
}

/* The mean of as many points up to each as --smooth says; those that are no numbers left out. */
static void put_smoothed(plotting *plot, const curve *line) {
    size_t span = (size_t)plot->asked->smooth, counted = 0;
    double sum = 0;
    for (size_t i = 0; i < line->count; i++) {
        if (isfinite(line->points[i].value)) sum += line->points[i].value, counted++;
        if (i >= span && isfinite(line->points[i - span].value))
            sum -= line->points[i - span].value, counted--;
        if (counted) put_point(plot, line->points[i], sum / (double)counted);
    }
}

static void put_block(plotting *plot, const curve *line) {
    fprintf(plot->script, "$d%zu << EOD\n", plot->blocks++);
    if (line->kind == CURVE_TEST || plot->asked->smooth <= 1 || !strcmp(line->name, "lr"))
        for (size_t i = 0; i < line->count; i++)
            put_point(plot, line->points[i], line->points[i].value);
    else
        put_smoothed(plot, line);
    fprintf(plot->script, "EOD\n");
}

/* Between double quotes. */
static void put_quoted(const plotting *plot, const char *text) {
    fputc('"', plot->script);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', plot->script);
        fputc(*text, plot->script);
    }
    fputc('"', plot->script);
}

static const char *label(const plotting *plot, size_t run) {
    const char *slash = strrchr(plot->asked->paths[run], '/');
    return slash ? slash + 1 : plot->asked->paths[run];
}

static void put_title(const plotting *plot, const curve *line, size_t run) {
    char title[512];
    const char *kind = line->kind == CURVE_TEST ? "test" : "train";
    int used = snprintf(title, sizeof title, "%s", kind);
    if (line->test_net > 0)
        used += snprintf(title + used, sizeof title - (size_t)used, " #%d", line->test_net);
    if (plot->asked->run_count > 1)
        snprintf(title + used, sizeof title - (size_t)used, ", %s", label(plot, run));
    put_quoted(plot, title);
}

/* One run: a colour for each kind; several: a colour for each run, and dots for tests. */
static void put_curve(const plotting *plot, const curve *line, size_t run, size_t block) {
    bool is_test = line->kind == CURVE_TEST;
    size_t colour = plot->asked->run_count > 1 ? run : is_test ? 1 + (size_t)line->test_net : 0;
    fprintf(plot->script, "$d%zu using 1:2 with %s lc rgb \"%s\" lw %s title ", block,
            is_test ? "linespoints pt 7 ps 0.4" : "lines", colours[colour % COLOURS],
            is_test ? "1.6" : "1.2");
    put_title(plot, line, run);
}

static void put_panel(plotting *plot, const char *panel) {
    size_t first = plot->blocks, block = first;
    plot->x = plot->y = (plot_range){INFINITY, -INFINITY};
    for (size_t r = 0; r < plot->asked->run_count; r++)
        for (size_t i = 0; i < plot->asked->runs[r].count; i++)
            if (is_drawn(plot->asked, &plot->asked->runs[r].curves[i], &plot->asked->runs[r],
                         panel))
                put_block(plot, &plot->asked->runs[r].curves[i]);
    put_range(plot, "x", &plot->x);
    put_range(plot, "y", &plot->y);
    fprintf(plot->script, "set ylabel ");
    put_quoted(plot, panel);
    fprintf(plot->script, "\nplot ");
    for (size_t r = 0; r < plot->asked->run_count; r++)
        for (size_t i = 0; i < plot->asked->runs[r].count; i++) {
            if (!is_drawn(plot->asked, &plot->asked->runs[r].curves[i], &plot->asked->runs[r],
                          panel))
                continue;
            if (block > first) fprintf(plot->script, ", ");
            put_curve(plot, &plot->asked->runs[r].curves[i], r, block++);
        }
    fprintf(plot->script, "\n");
}

static void put_script(plotting *plot, const char *terminal) {
    fprintf(plot->script, "set terminal %s size %zu,%zu background \"white\"\n", terminal,
            plot->asked->width, plot->asked->panel_count * plot->asked->panel_height);
    fprintf(plot->script,
            "set encoding utf8\nset grid lc rgb \"#dddddd\" lt 1\nset border 3 lc rgb \"#888888\"\n"
            "set tics nomirror textcolor rgb \"#333333\"\nset key noenhanced outside above right "
            "horizontal\n"
            "set ylabel noenhanced\nset lmargin 12\nset rmargin 3\n"
            "set xlabel \"%s\"\n%sset multiplot layout %zu,1\n",
            !strcmp(plot->asked->x, "time") ? "minutes" : "iteration",
            plot->asked->log_scale ? "set logscale y\n" : "", plot->asked->panel_count);
    for (size_t i = 0; i < plot->asked->panel_count; i++)
        put_panel(plot, plot->asked->panels[i]);
    fprintf(plot->script, "unset multiplot\n");
}

bool plot_script(char **text, size_t *length, const plot_request *asked, const char *terminal) {
    *text = NULL;
    plotting plot = {.asked = asked, .script = open_memstream(text, length)};
    if (plot.script) put_script(&plot, terminal);
    return (plot.script && !fclose(plot.script)) || !glog_complain("out of memory");
}
