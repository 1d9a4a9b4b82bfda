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

/* A record that cannot be used; lungo_error_text() says why. */
bool survey_add_bad(data_survey *survey, const void *key, size_t key_size);

void survey_print(data_survey *survey);
void survey_dispose(data_survey *survey);

#endif
