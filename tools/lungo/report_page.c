#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "report.h"
#include "support/html.h"

void report_missing(const report_page *report, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("<p class=\"missing\">", report->html);
    html_vformat(report->html, format, arguments);
    fputs("</p>\n", report->html);
    va_end(arguments);
}

bool report_needs_solver(const report_page *report) {
    if (report->no_solver)
        fputs("<p class=\"missing\">This needs the solver; what is wrong with it stands in "
              "<a href=\"#definitions\">Solver and net</a>.</p>\n",
              report->html);
    return !report->no_solver;
}

/* ---- tables ---- */

static void put_cells(const report_page *report, const char *tag, const char *kinds,
                      const char *const *cells) {
    fputs("<tr>", report->html);
    for (size_t i = 0; kinds[i]; i++) {
        fprintf(report->html, "<%s%s>", tag, kinds[i] == 'n' ? " class=\"n\"" : "");
        html_text(report->html, cells[i]);
        fprintf(report->html, "</%s>", tag);
    }
    fputs("</tr>\n", report->html);
}

void report_table_begin(const report_page *report, const char *kinds, const char *const *heads) {
    fputs("<div class=\"box\"><table>\n<thead>", report->html);
    put_cells(report, "th", kinds, heads);
    fputs("</thead>\n<tbody>\n", report->html);
}

void report_row(const report_page *report, const char *kinds, const char *const *cells) {
    put_cells(report, "td", kinds, cells);
}

void report_table_end(const report_page *report) {
    fputs("</tbody></table></div>\n", report->html);
}

/* ---- numbers ---- */

short_number report_short(double value) {
    static const char *const units[] = {"", " k", " M", " G", " T"};
    size_t unit = 0;
    short_number out;
    while (value >= 1000 && unit < sizeof units / sizeof units[0] - 1)
        value /= 1000, unit++;
    snprintf(out.text, sizeof out.text, "%.3g%s", value, units[unit]);
    return out;
}

short_number report_value(double value) {
    short_number out = {""};
    if (isfinite(value)) snprintf(out.text, sizeof out.text, "%.5g", value);
    return out;
}

const char *report_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}
