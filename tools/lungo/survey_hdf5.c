/* HDF5 files as a data set: their rows are its records. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/glog.h"
#include "survey.h"

enum { LISTED_FILES = 20 };

/* "data 3x8x8": a dataset's rows. */
static void print_rows(const char *name, const lungo_shape *shape) {
    printf(" %s ", name);
    for (int i = 1; i < shape->axes; i++)
        printf("%s%d", i > 1 ? "x" : "", shape->dim[i]);
    if (shape->axes < 2) printf("1");
}

static void print_file(const lungo_hdf5_file *file, const char *path, int rows) {
    printf("  %s: %d rows of", path, rows);
    for (size_t i = 0; i < lungo_hdf5_file_count(file); i++) {
        if (i > 0) printf(",");
        print_rows(lungo_hdf5_file_name(file, i), lungo_hdf5_file_shape(file, i));
    }
    printf("\n");
}

/* The rows that all datasets have; -1: they differ, or there are none. */
static int rows_of(const lungo_hdf5_file *file) {
    int rows = -1;
    for (size_t i = 0; i < lungo_hdf5_file_count(file); i++) {
        const lungo_shape *shape = lungo_hdf5_file_shape(file, i);
        if (shape->axes < 1 || (i > 0 && shape->dim[0] != rows)) return -1;
        rows = shape->dim[0];
    }
    return rows;
}

/* The dataset "label", if it has one value for each row. */
static bool find_labels(size_t *index, const lungo_hdf5_file *file) {
    for (*index = 0; *index < lungo_hdf5_file_count(file); ++*index) {
        const lungo_shape *shape = lungo_hdf5_file_shape(file, *index);
        bool single = !strcmp(lungo_hdf5_file_name(file, *index), "label");
        for (int i = 1; i < shape->axes; i++)
            single = single && shape->dim[i] == 1;
        if (single) return true;
    }
    return false;
}

static bool add_rows(data_survey *survey, lungo_hdf5_file *file, int rows) {
    size_t index;
    bool labelled = find_labels(&index, file);
    float *labels = labelled ? malloc((size_t)rows * sizeof *labels + 1) : NULL;
    bool done = !labelled || (labels && !lungo_hdf5_file_read(file, index, labels, (size_t)rows));
    if (!done) glog_report_error();
    for (int i = 0; done && i < rows; i++)
        done = survey_add_row(survey, labelled ? &labels[i] : NULL);
    free(labels);
    return done;
}

static bool add_file(data_survey *survey, const char *path, size_t number) {
    lungo_hdf5_file *file;
    survey->by_rows = true;
    lungo_status status = lungo_hdf5_file_open(&file, path);
    if (status == LUNGO_ERR_UNSUPPORTED || status == LUNGO_ERR_MEMORY) {
        glog_report_error();
        return false;
    }
    if (status) return survey_add_bad(survey, path, strlen(path), lungo_error_text());
    int rows = rows_of(file);
    bool done = rows < 0 ? survey_add_bad(survey, path, strlen(path),
                                          "expected datasets with equally many rows")
                         : add_rows(survey, file, rows);
    if (done && rows >= 0 && number < LISTED_FILES) print_file(file, path, rows);
    lungo_hdf5_file_close(file);
    return done;
}

bool survey_hdf5_file(data_survey *survey, const char *path) {
    printf("%s: an HDF5 file\n", path);
    return add_file(survey, path, 0);
}

/* As HDF5Data reads it: words. */
bool survey_hdf5_list(data_survey *survey, const char *path) {
    char *name;
    bool done = true;
    FILE *list = fopen(path, "r");
    if (!list) {
        glog_complain("cannot open '%s'", path);
        return false;
    }
    printf("%s: a list of HDF5 files\n", path);
    for (size_t i = 0; done && fscanf(list, "%ms", &name) == 1; i++) {
        done = add_file(survey, name, i);
        free(name);
    }
    fclose(list);
    return done;
}

static bool ends_in(const char *text, const char *ending) {
    size_t length = strlen(text), size = strlen(ending);
    return length >= size && !strcmp(text + length - size, ending);
}

bool survey_is_hdf5_list(const char *path) {
    char *name = NULL;
    FILE *list = fopen(path, "r");
    bool is = list && fscanf(list, "%ms", &name) == 1 &&
              (ends_in(name, ".h5") || ends_in(name, ".hdf5") || lungo_hdf5_file_is(name));
    if (list) fclose(list);
    free(name);
    return is;
}
