/* lungo plot RUN... -o FILE: curves of trainings, one panel for each quantity, drawn by gnuplot. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "support/child.h"
#include "support/curves.h"
#include "support/glog.h"

enum { MAX_PANELS = 12, PANEL_HEIGHT = 300, WIDTH = 900 };

typedef struct plotting {
    const command_flags *flags;
    const char *const *paths;
    size_t run_count, panel_count;
    run_curves *runs;
    const char *panels[MAX_PANELS]; /* the names of their quantities */
    FILE *script;
    size_t blocks; /* of data, by now */
} plotting;

/* The colours of Okabe and Ito, told apart by nearly all eyes. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#000000"};
enum { COLOURS = sizeof colours / sizeof colours[0] };

/* ---- what to draw ---- */

static bool has_panel(const plotting *plot, const char *name) {
    for (size_t i = 0; i < plot->panel_count; i++)
        if (!strcmp(plot->panels[i], name)) return true;
    return false;
}

static void add_panel(plotting *plot, const char *name) {
    if (plot->panel_count < MAX_PANELS && !has_panel(plot, name))
        plot->panels[plot->panel_count++] = name;
}

/* Loss first, then what the nets put out (the first value of each), the rate at the end. */
static void choose_panels(plotting *plot) {
    add_panel(plot, "loss");
    for (size_t r = 0; r < plot->run_count; r++)
        for (size_t i = 0; i < plot->runs[r].count; i++) {
            const char *name = plot->runs[r].curves[i].name;
            if (!strchr(name, '[') && strcmp(name, "lr")) add_panel(plot, name);
        }
    if (plot->panel_count == MAX_PANELS) plot->panel_count--;
    add_panel(plot, "lr");
}

static bool is_drawn(const curve *line, const run_curves *run, const char *panel) {
    if (strcmp(line->name, panel)) return false;
    /* A batch's own loss says less than the smoothed one. */
    return line->kind != CURVE_BATCH || !curves_find(run, CURVE_TRAIN, 0, panel);
}

static size_t count_drawn(const plotting *plot, const char *panel) {
    size_t count = 0;
    for (size_t r = 0; r < plot->run_count; r++)
        for (size_t i = 0; i < plot->runs[r].count; i++)
            count += is_drawn(&plot->runs[r].curves[i], &plot->runs[r], panel);
    return count;
}

/* Panels that were asked for have to be there; of the others empty ones are left out. */
static bool settle_panels(plotting *plot, const word_list *asked) {
    for (size_t i = 0; i < asked->count; i++)
        if (*asked->words[i]) add_panel(plot, asked->words[i]);
    bool chosen = plot->panel_count > 0;
    if (!chosen) choose_panels(plot);
    size_t kept = 0;
    for (size_t i = 0; i < plot->panel_count; i++) {
        if (count_drawn(plot, plot->panels[i]))
            plot->panels[kept++] = plot->panels[i];
        else if (chosen)
            return !glog_complain("plot: no run has a curve '%s'", plot->panels[i]);
    }
    plot->panel_count = kept;
    return true;
}

/* ---- the script ---- */

static double abscissa(const plotting *plot, curve_point point) {
    return !strcmp(plot->flags->x, "time") ? point.seconds / 60 : point.iteration;
}

static void put_point(const plotting *plot, curve_point point, double value) {
    if (isfinite(value)) fprintf(plot->script, "%.9g %.9g\n", abscissa(plot, point), value);
}

/* The mean of as many points up to each as --smooth says; those that are no numbers left out. */
static void put_smoothed(const plotting *plot, const curve *line) {
    size_t span = (size_t)plot->flags->smooth, counted = 0;
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
    if (line->kind == CURVE_TEST || plot->flags->smooth <= 1 || !strcmp(line->name, "lr"))
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
    const char *slash = strrchr(plot->paths[run], '/');
    return slash ? slash + 1 : plot->paths[run];
}

static void put_title(const plotting *plot, const curve *line, size_t run) {
    char title[512];
    const char *kind = line->kind == CURVE_TEST ? "test" : "train";
    int used = snprintf(title, sizeof title, "%s", kind);
    if (line->test_net > 0)
        used += snprintf(title + used, sizeof title - (size_t)used, " #%d", line->test_net);
    if (plot->run_count > 1)
        snprintf(title + used, sizeof title - (size_t)used, ", %s", label(plot, run));
    put_quoted(plot, title);
}

/* One run: a colour for each kind; several: a colour for each run, and dots for tests. */
static void put_curve(const plotting *plot, const curve *line, size_t run, size_t block) {
    bool is_test = line->kind == CURVE_TEST;
    size_t colour = plot->run_count > 1 ? run : is_test ? 1 + (size_t)line->test_net : 0;
    fprintf(plot->script, "$d%zu using 1:2 with %s lc rgb \"%s\" lw %s title ", block,
            is_test ? "linespoints pt 7 ps 0.4" : "lines", colours[colour % COLOURS],
            is_test ? "1.6" : "1.2");
    put_title(plot, line, run);
}

static void put_panel(plotting *plot, const char *panel) {
    size_t first = plot->blocks, block = first;
    for (size_t r = 0; r < plot->run_count; r++)
        for (size_t i = 0; i < plot->runs[r].count; i++)
            if (is_drawn(&plot->runs[r].curves[i], &plot->runs[r], panel))
                put_block(plot, &plot->runs[r].curves[i]);
    fprintf(plot->script, "set ylabel ");
    put_quoted(plot, panel);
    fprintf(plot->script, "\nplot ");
    for (size_t r = 0; r < plot->run_count; r++)
        for (size_t i = 0; i < plot->runs[r].count; i++) {
            if (!is_drawn(&plot->runs[r].curves[i], &plot->runs[r], panel)) continue;
            if (block > first) fprintf(plot->script, ", ");
            put_curve(plot, &plot->runs[r].curves[i], r, block++);
        }
    fprintf(plot->script, "\n");
}

static void put_script(plotting *plot, const char *format) {
    fprintf(plot->script, "set terminal %s size %d,%zu background \"white\"\n",
            !strcmp(format, "png") ? "pngcairo" : "svg", WIDTH, plot->panel_count * PANEL_HEIGHT);
    fprintf(plot->script,
            "set encoding utf8\nset grid lc rgb \"#dddddd\" lt 1\nset border 3 lc rgb \"#888888\"\n"
            "set tics nomirror textcolor rgb \"#333333\"\nset key noenhanced outside above right "
            "horizontal\n"
            "set ylabel noenhanced\nset lmargin 12\nset rmargin 3\n"
            "set xlabel \"%s\"\n%sset multiplot layout %zu,1\n",
            !strcmp(plot->flags->x, "time") ? "minutes" : "iteration",
            plot->flags->log_scale ? "set logscale y\n" : "", plot->panel_count);
    for (size_t i = 0; i < plot->panel_count; i++)
        put_panel(plot, plot->panels[i]);
    fprintf(plot->script, "unset multiplot\n");
}

/* ---- */

static bool read_runs(plotting *plot) {
    for (size_t i = 0; i < plot->run_count; i++)
        if (!curves_read(&plot->runs[i], plot->paths[i])) return false;
    return true;
}

static bool draw(plotting *plot, const char *format) {
    static const char *const argv[] = {"gnuplot", "-", NULL};
    static const drawing_program gnuplot = {argv, "gnuplot-nox"};
    char *text = NULL;
    size_t length = 0;
    plot->script = open_memstream(&text, &length);
    if (plot->script) put_script(plot, format);
    bool done = plot->script && !fclose(plot->script) &&
                child_make_file(&gnuplot, text, length, plot->flags->output);
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
    plotting plot = {.flags = flags, .paths = words, .run_count = (size_t)count};
    plot.runs = calloc(plot.run_count, sizeof *plot.runs);
    bool done =
        plot.runs && read_runs(&plot) && settle_panels(&plot, &asked) && draw(&plot, format);
    for (size_t i = 0; plot.runs && i < plot.run_count; i++)
        curves_dispose(&plot.runs[i]);
    free(plot.runs);
    words_dispose(&asked);
    return done ? 0 : 1;
}
