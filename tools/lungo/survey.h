/* What a data set holds, gathered record by record and printed at the end. */
#ifndef LUNGO_TOOLS_SURVEY_H
#define LUNGO_TOOLS_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "lungo/data.h"
#include "support/sheet.h"
#include "support/tally.h"

enum { FIRST_KEYS = 5, NAMED_FAULTS = 5 };

/* Zeroed at first. */
typedef struct data_survey {
    bool by_rows; /* records have no keys; those of bad ones are names of files */
    size_t records, bad, without_label;
    tally_table shapes, labels;
    char *first_keys[FIRST_KEYS];
    char *faults[NAMED_FAULTS]; /* "'key': reason" */
    contact_sheet *sheet;       /* NULL: none is wanted */
} data_survey;

/* A well record: its values, or the picture that it was decoded to (with `image`, datum's shape and
 * values do not count). False: out of memory, or no picture of it can be drawn, after saying so. */
bool survey_add(data_survey *survey, const void *key, size_t key_size, const lungo_datum *datum,
                const lungo_image *image);

/* A record that is all well, of which nothing but its label is known; NULL: it has none. */
bool survey_add_row(data_survey *survey, const float *label);

/* A record that cannot be used, and why, as error texts say it. */
bool survey_add_bad(data_survey *survey, const void *key, size_t key_size, const char *reason);

/* HDF5 files, each a part of the records, and text files that list such. */
bool survey_hdf5_file(data_survey *survey, const char *path);
bool survey_hdf5_list(data_survey *survey, const char *path);
bool survey_is_hdf5_list(const char *path);

void survey_print(data_survey *survey);
void survey_dispose(data_survey *survey);

#endif
