#include "survey.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/glog.h"

enum { LISTED_SHAPES = 20, LISTED_LABELS = 100, BAR = 40 };

typedef enum record_kind { OF_BYTES, OF_FLOATS, ENCODED } record_kind;
static const char *const kind_names[] = {"bytes", "floats", "encoded"};

static bool has_memory(bool done) {
    if (!done) glog_complain("out of memory");
    return done;
}

/* A key as text: what cannot be printed as \x1f. */
static char *printable(const void *key, size_t size) {
    const unsigned char *bytes = key;
    char *text = malloc(4 * size + 1), *at = text;
    for (size_t i = 0; text && i < size; i++)
        at += sprintf(at, isprint(bytes[i]) ? "%c" : "\\x%02x", bytes[i]);
    if (text) *at = '\0';
    return text;
}

static bool count_record(data_survey *survey, const void *key, size_t key_size) {
    size_t index = survey->records++;
    if (index >= FIRST_KEYS) return true;
    survey->first_keys[index] = printable(key, key_size);
    return has_memory(survey->first_keys[index] != NULL);
}

static bool count_shape(data_survey *survey, const lungo_datum *datum, const lungo_image *image) {
    int shape[TALLY_NUMBERS] = {datum->data_size ? OF_BYTES : OF_FLOATS, datum->channels,
                                datum->height, datum->width};
    if (image)
        memcpy(shape, (int[]){ENCODED, image->channels, image->height, image->width}, sizeof shape);
    return has_memory(tally_add(&survey->shapes, shape));
}

static bool count_label(data_survey *survey, const lungo_datum *datum) {
    if (!datum->has_label) {
        survey->without_label++;
        return true;
    }
    return has_memory(tally_add(&survey->labels, (int[TALLY_NUMBERS]){datum->label}));
}

static bool draw(data_survey *survey, const lungo_datum *datum, const lungo_image *image) {
    if (!survey->sheet || sheet_is_full(survey->sheet)) return true;
    lungo_status status =
        image ? sheet_add_image(survey->sheet, image) : sheet_add_datum(survey->sheet, datum);
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

bool survey_add(data_survey *survey, const void *key, size_t key_size, const lungo_datum *datum,
                const lungo_image *image) {
    return count_record(survey, key, key_size) && count_shape(survey, datum, image) &&
           count_label(survey, datum) && draw(survey, datum, image);
}

/* Labels of HDF5 are floats; one that is no whole number is none of a class. */
bool survey_add_row(data_survey *survey, const float *label) {
    survey->records++;
    bool is_whole = label && *label > -1e9f && *label < 1e9f && (float)(int)*label == *label;
    lungo_datum datum = {.label = is_whole ? (int)*label : 0, .has_label = is_whole};
    return count_label(survey, &datum);
}

bool survey_add_bad(data_survey *survey, const void *key, size_t key_size, const char *reason) {
    size_t index = survey->bad++;
    if (!count_record(survey, key, key_size)) return false;
    if (index >= NAMED_FAULTS) return true;
    if (!strncmp(reason, "lungo: ", 7)) reason += 7;
    char *name = printable(key, key_size);
    int first_line = (int)strcspn(reason, "\n"); /* the others say where: the key does */
    if (!name || asprintf(&survey->faults[index], "'%s': %.*s", name, first_line, reason) < 0)
        survey->faults[index] = NULL;
    free(name);
    return has_memory(survey->faults[index] != NULL);
}

/* ---- printing ---- */

static void print_first_keys(const data_survey *survey) {
    printf("first keys:");
    for (int i = 0; i < FIRST_KEYS && survey->first_keys[i]; i++)
        printf("%s %s", i ? "," : "", survey->first_keys[i]);
    printf("%s\n", survey->records > FIRST_KEYS ? ", ..." : "");
}

static void print_rest(const tally_table *tally, size_t listed, const char *what) {
    size_t records = 0;
    for (size_t i = listed; i < tally->used; i++)
        records += tally->entries[i].count;
    if (records) printf("  and %zu more %s of %zu records\n", tally->used - listed, what, records);
}

static void print_shapes(const tally_table *shapes) {
    size_t listed = shapes->used < LISTED_SHAPES ? shapes->used : LISTED_SHAPES;
    printf("shapes: %zu\n", shapes->used);
    for (size_t i = 0; i < listed; i++) {
        const tally_entry *entry = &shapes->entries[i];
        printf("  %9zu  %dx%dx%d %s\n", entry->count, entry->key[1], entry->key[2], entry->key[3],
               kind_names[entry->key[0]]);
    }
    print_rest(shapes, listed, "shapes");
}

static size_t largest(const tally_table *tally) {
    size_t most = 1;
    for (size_t i = 0; i < tally->used; i++)
        if (tally->entries[i].count > most) most = tally->entries[i].count;
    return most;
}

/* Every label that came has a bar, if only of one mark. */
static void print_label(const tally_entry *entry, size_t most, size_t all) {
    char bar[BAR + 1];
    int length = (int)((double)entry->count * BAR / (double)most);
    memset(bar, '#', BAR);
    bar[length > 0 ? length : 1] = '\0';
    printf("  %9d  %9zu  %5.1f %%  %s\n", entry->key[0], entry->count,
           100.0 * (double)entry->count / (double)all, bar);
}

static void print_labels(const data_survey *survey) {
    const tally_table *labels = &survey->labels;
    size_t listed = labels->used < LISTED_LABELS ? labels->used : LISTED_LABELS;
    size_t all = survey->records - survey->bad;
    if (labels->used)
        printf("labels: %zu, from %d to %d\n", labels->used, labels->entries[0].key[0],
               labels->entries[labels->used - 1].key[0]);
    else
        printf("labels: none\n");
    for (size_t i = 0; i < listed; i++)
        print_label(&labels->entries[i], largest(labels), all);
    print_rest(labels, listed, "labels");
    if (survey->without_label && labels->used)
        printf("  and %zu records without a label\n", survey->without_label);
}

static void print_faults(const data_survey *survey) {
    printf("bad records: %zu\n", survey->bad);
    for (size_t i = 0; i < NAMED_FAULTS && survey->faults[i]; i++)
        printf("  %s\n", survey->faults[i]);
    if (survey->bad > NAMED_FAULTS) printf("  and %zu more\n", survey->bad - NAMED_FAULTS);
}

void survey_print(data_survey *survey) {
    tally_sort(&survey->shapes);
    tally_sort(&survey->labels);
    printf("records: %zu\n", survey->records);
    if (!survey->by_rows) print_first_keys(survey);
    if (survey->shapes.used) print_shapes(&survey->shapes);
    print_labels(survey);
    print_faults(survey);
}

void survey_dispose(data_survey *survey) {
    tally_dispose(&survey->shapes);
    tally_dispose(&survey->labels);
    for (int i = 0; i < FIRST_KEYS; i++)
        free(survey->first_keys[i]);
    for (int i = 0; i < NAMED_FAULTS; i++)
        free(survey->faults[i]);
    if (survey->sheet) sheet_dispose(survey->sheet);
}
