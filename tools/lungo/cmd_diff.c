/* lungo diff A B: two definitions, two files of weights, or what nets give. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "info.h"
#include "lungo/upgrade.h"
#include "support/columns.h"
#include "support/glog.h"
#include "support/limits.h"

/* ---- values ---- */

static bool same_value(float a, float b) {
    return a == b || (isnan(a) && isnan(b));
}

static double quotient(double part, double whole) {
    return part == 0 ? 0 : part / whole;
}

value_distance diff_distance(const float *a, const float *b, size_t count) {
    value_distance out = {.same = true, .cosine = 1};
    double largest = 0, apart = 0, first = 0, second = 0, product = 0;
    for (size_t i = 0; i < count; i++) {
        double x = a[i], y = b[i], away = fabs(x - y);
        if (same_value(a[i], b[i])) away = 0;
        out.same &= same_value(a[i], b[i]);
        if (!isnan(out.most) && !(away <= out.most)) out.most = away;
        largest = fmax(largest, fmax(fabs(x), fabs(y)));
        apart += away * away;
        first += x * x;
        second += y * y;
        product += x * y;
    }
    out.of_largest = quotient(out.most, largest);
    out.relative = quotient(sqrt(apart), sqrt(first));
    if (!out.same) out.cosine = product / (sqrt(first) * sqrt(second));
    return out;
}

bool diff_tolerance(double *out, const command_flags *flags, double fallback) {
    char *end;
    *out = fallback;
    if (!*flags->tolerance) return true;
    *out = strtod(flags->tolerance, &end);
    if (*end == '\0' && *out >= 0) return true;
    return glog_complain("--tolerance: expected a number of 0 or more, got '%s'",
                         flags->tolerance) == 0;
}

/* ---- definitions ---- */

static void add_row(void *user, const lungo_difference *difference) {
    columns_add(user, (const char *[]){difference->layer, difference->field,
                                       difference->a ? difference->a : "-",
                                       difference->b ? difference->b : "-"});
}

static lungo_status read_definition(lungo_definition **out, const char *path,
                                    const lungo_definition_options *options) {
    lungo_status status = lungo_definition_read_any(out, path, options);
    if (status || !lungo_definition_is_old(*out)) return status;
    return lungo_definition_upgrade(*out, NULL);
}

static int print_differences(const column_table *table) {
    if (table->failed) return glog_complain("out of memory"), DIFF_TROUBLE;
    if (table->rows > 1) columns_print(table);
    printf("fields that differ: %zu\n", table->rows - 1);
    return table->rows > 1 ? DIFF_DIFFERENT : DIFF_EQUAL;
}

static bool read_flags(lungo_definition_options *options, const command_flags *flags) {
    lungo_unknown_fields unknown;
    if (!limits_parse(&options->limits, &flags->limits)) return false;
    if (lungo_unknown_fields_parse(&unknown, flags->unknown_fields)) return !glog_report_error();
    options->skip_unknown = unknown == LUNGO_UNKNOWN_WARN;
    return true;
}

static int diff_definitions(const command_flags *flags, const char *a, const char *b) {
    lungo_definition *first = NULL, *second = NULL;
    column_table table = {.columns = 4, .left = {true, true, true, true}};
    int result = DIFF_TROUBLE;
    lungo_definition_options options = LUNGO_DEFINITION_OPTIONS_INIT;
    if (!read_flags(&options, flags)) return DIFF_TROUBLE;
    columns_add(&table, (const char *[]){"layer", "field", a, b});
    if (read_definition(&first, a, &options) || read_definition(&second, b, &options) ||
        lungo_definition_compare(first, second, add_row, &table))
        glog_report_error();
    else
        result = print_differences(&table);
    lungo_definition_free(first);
    lungo_definition_free(second);
    columns_dispose(&table);
    return result;
}

/* ---- */

static int usage(void) {
    glog_complain(
        "diff: expected two prototxts; two .caffemodels, with --model=NET if their outputs "
        "are meant; or a net, its weights, another net and its weights");
    return DIFF_TROUBLE;
}

static int diff_two(const command_flags *flags, const char *a, const char *b) {
    bool binary = info_is_binary(a);
    if (*flags->model)
        return diff_outputs(flags, (const char *[]){flags->model, a},
                            (const char *[]){flags->model, b});
    if (binary != info_is_binary(b)) {
        glog_complain("diff: expected two files of one kind, got '%s', %s, and '%s', %s", a,
                      binary ? "weights" : "a prototxt", b, binary ? "a prototxt" : "weights");
        return DIFF_TROUBLE;
    }
    return binary ? diff_weights(flags, a, b) : diff_definitions(flags, a, b);
}

int cmd_diff(const command_flags *flags, const char *const *words, int word_count) {
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    if (word_count == 2) return diff_two(flags, words[0], words[1]);
    if (word_count == 4 && !*flags->model) return diff_outputs(flags, words, words + 2);
    return usage();
}
