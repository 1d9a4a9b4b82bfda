/* Sections of a report about the net: drawing, layers and their time, memory, decay. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "info.h"
#include "report.h"
#include "support/child.h"
#include "support/html.h"
#include "support/sizes.h"
#include "timing.h"

/* Passes end at one of these. */
enum { MOST_PASSES = 20, MOST_MILLISECONDS = 4000 };

/* ---- drawing ---- */

void report_drawing(report_page *report) {
    static const char *const argv[] = {"dot", "-Tsvg", NULL};
    static const drawing_program dot = {argv, "graphviz"};
    char *script = NULL, *svg = NULL;
    size_t length;
    if (!report_needs_solver(report)) return;
    if (draw_script(&script, &length, lungo_solver_net(report->solver), "TB") &&
        child_capture(&svg, &dot, script, length)) {
        fputs("<figure class=\"card\">", report->html);
        html_svg(report->html, svg, "net-");
        fputs("</figure>\n", report->html);
    } else {
        report_missing(report,
                       "Nets are drawn by graphviz, which is not there or failed: install the "
                       "Debian package %s.",
                       dot.package);
    }
    free(svg);
    free(script);
}

/* ---- layers and their time ---- */

typedef struct measured {
    layer_time *times, total; /* of one pass, in milliseconds; times NULL: not measured */
    int passes;
} measured;

static lungo_status measure_net(measured *out, lungo_net *net) {
    lungo_status status = lungo_net_forward(net, NULL);
    if (!status) status = lungo_net_backward(net);
    double begin = timing_now();
    while (!status && out->passes < MOST_PASSES &&
           (out->passes == 0 || timing_now() - begin < MOST_MILLISECONDS)) {
        status = timing_pass(net, out->times, &out->total);
        out->passes++;
    }
    return status;
}

static void divide(layer_time *time, int passes) {
    time->forward /= passes;
    time->backward /= passes;
}

/* Of a net of its own, with weights just filled: times do not depend on them. */
static void measure(measured *out, report_page *report, size_t layers) {
    lungo_net *net = NULL;
    *out = (measured){.times = calloc(layers + 1, sizeof *out->times)};
    lungo_status status = lungo_solver_open_net(&net, report->solver, LUNGO_TRAIN, 0, false);
    if (!status && out->times) status = measure_net(out, net);
    if (!status) report->taken = lungo_net_memory_taken(net);
    if (!status) report->unshared = lungo_net_memory_unshared(net);
    lungo_net_free(net);
    if (status)
        report_missing(report,
                       "The train net could not be run to time it; its data have to be where the "
                       "definition says.\n%s",
                       lungo_error_text());
    if (status || !out->times) {
        free(out->times);
        out->times = NULL;
        return;
    }
    for (size_t i = 0; i < layers; i++)
        divide(&out->times[i], out->passes);
    divide(&out->total, out->passes);
}

static void put_time(const report_page *report, double time, double most) {
    if (time > 0)
        fprintf(report->html, "<td class=\"n bar\"><span style=\"width:%.1f%%\"></span>%.3f</td>",
                100 * time / most, time);
    else
        fputs("<td class=\"n\"></td>", report->html);
}

static void put_number(const report_page *report, double value) {
    fputs("<td class=\"n\">", report->html);
    if (value > 0) html_text(report->html, report_short(value).text);
    fputs("</td>", report->html);
}

static void put_layer(const report_page *report, const lungo_net *net, size_t index,
                      const measured *time, double most) {
    lungo_layer_info layer = lungo_net_layer(net, index);
    double params = 0;
    for (size_t j = 0; j < layer.param_count; j++)
        params += (double)lungo_blob_count(lungo_net_layer_param(net, index, j));
    fputs("<tr><td>", report->html);
    html_text(report->html, layer.name);
    fputs("</td><td>", report->html);
    html_text(report->html, layer.type);
    fputs("</td><td>", report->html);
    for (size_t j = 0; j < layer.top_count; j++)
        html_format(report->html, "%s%s", j ? ", " : "",
                    info_shape_text(lungo_blob_shape(lungo_net_layer_top(net, index, j))).text);
    fputs("</td>", report->html);
    put_number(report, params);
    put_number(report, (double)layer.macs);
    if (time->times) {
        put_time(report, time->times[index].forward, most);
        put_time(report, time->times[index].backward, most);
    }
    fputs("</tr>\n", report->html);
}

static double longest(const measured *time, size_t layers) {
    double most = 0;
    for (size_t i = 0; time->times && i < layers; i++)
        most = fmax(most, fmax(time->times[i].forward, time->times[i].backward));
    return most > 0 ? most : 1;
}

void report_layers(report_page *report) {
    static const char *const heads[] = {"layer",         "type",       "output",     "parameters",
                                        "multiply-adds", "forward ms", "backward ms"};
    if (!report_needs_solver(report)) return;
    const lungo_net *net = lungo_solver_net(report->solver);
    size_t layers = lungo_net_layer_count(net);
    measured time;
    measure(&time, report, layers);
    if (time.times)
        fprintf(report->html,
                "<p>A training batch takes %.3f ms forward and %.3f ms backward on this machine, "
                "the mean of %d. Layers that are computed in one step with others have their time "
                "at the first.</p>\n",
                time.total.forward, time.total.backward, time.passes);
    report_table_begin(report, time.times ? "tttnnnn" : "tttnn", heads);
    for (size_t i = 0; i < layers; i++)
        put_layer(report, net, i, &time, longest(&time, layers));
    report_table_end(report);
    free(time.times);
}

/* ---- memory ---- */

static void put_bytes(const report_page *report, const char *what, double bytes) {
    char size[48];
    snprintf(size, sizeof size, "%.2f", bytes / (1 << 20));
    report_row(report, "tn", (const char *[]){what, size});
}

static double activations_of(const lungo_net *net) {
    double count = 0;
    for (size_t i = 0; i < lungo_net_layer_count(net); i++)
        count += (double)lungo_net_layer(net, i).activations;
    return count * sizeof(float);
}

void report_memory(report_page *report) {
    static const char *const heads[] = {"memory", "MiB"};
    if (!report_needs_solver(report)) return;
    const lungo_net *net = lungo_solver_net(report->solver);
    double params = 0;
    for (size_t i = 0; i < lungo_net_param_count(net); i++)
        params += (double)lungo_blob_count(lungo_net_param(net, i).blob) * sizeof(float);
    report_table_begin(report, "tn", heads);
    put_bytes(report, "parameters; their gradients, and each history of the solver, take the same",
              params);
    put_bytes(report, "values of all blobs of a training batch, each by itself",
              activations_of(net));
    if (report->taken > 0) {
        put_bytes(report, "what they and their gradients took in training passes",
                  (double)report->taken);
        put_bytes(report, "the same with a buffer for each", (double)report->unshared);
    }
    put_bytes(report, "most memory of the process that made this report",
              (double)sizes_of_process_peak());
    report_table_end(report);
}

/* ---- decay ---- */

static void put_name(const report_page *report, size_t index) {
    lungo_param_info param = lungo_net_param(lungo_solver_net(report->solver), index);
    html_format(report->html, "%s #%zu", param.layer, param.index);
}

static void put_decay(const report_page *report, size_t index) {
    lungo_decay_info decay = lungo_solver_decay(report->solver, index);
    char name[256];
    snprintf(name, sizeof name, "%s #%zu", decay.param.layer, decay.param.index);
    report_row(report, "ttnntn",
               (const char *[]){name, info_shape_text(lungo_blob_shape(decay.param.blob)).text,
                                report_value(decay.rate).text,
                                report_value(decay.weight_decay).text, decay.rule,
                                isfinite(decay.shrink) ? report_value(decay.shrink).text : "-"});
}

static const char *note_of(const report_page *report, size_t index) {
    return lungo_solver_decay(report->solver, index).note;
}

/* Each note once, behind the names of all parameters that have it. */
static void put_note(const report_page *report, size_t index, size_t count) {
    const char *note = note_of(report, index);
    for (size_t i = 0; i < index; i++)
        if (!strcmp(note_of(report, i), note)) return;
    fputs("<li><b>", report->html);
    put_name(report, index);
    for (size_t i = index + 1; i < count; i++) {
        if (strcmp(note_of(report, i), note)) continue;
        fputs(", ", report->html);
        put_name(report, i);
    }
    fputs("</b>: ", report->html);
    html_text(report->html, note);
    fputs("</li>\n", report->html);
}

static void put_notes(const report_page *report, size_t count) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (!*note_of(report, i)) continue;
        if (!any) fputs("<ul>\n", report->html);
        any = true;
        put_note(report, i, count);
    }
    if (any) fputs("</ul>\n", report->html);
}

void report_decay(report_page *report) {
    static const char *const heads[] = {"parameter", "shape", "rate",
                                        "decay",     "rule",  "shrinks by"};
    if (!report_needs_solver(report)) return;
    size_t count = lungo_net_param_count(lungo_solver_net(report->solver));
    fputs("<p>How each parameter decays in the first update: rate is lr × lr_mult, decay is "
          "weight_decay × decay_mult; shrinks by: the part of a weight that decay alone takes, "
          "where there is such a number.</p>\n",
          report->html);
    report_table_begin(report, "ttnntn", heads);
    for (size_t i = 0; i < count; i++)
        put_decay(report, i);
    report_table_end(report);
    put_notes(report, count);
}
