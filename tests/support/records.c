#include "support/records.h"

#include <stdio.h>

#include "support/suites.h"

void lungo_test_record(lungo_db_writer *writer, int number, int label, int channels, int side,
                       const unsigned char *pixels) {
    char key[16];
    snprintf(key, sizeof key, "%08d", number);
    lungo_datum datum = {.channels = channels,
                         .height = side,
                         .width = side,
                         .data = pixels,
                         .data_size = (size_t)(channels * side * side),
                         .label = label,
                         .has_label = true};
    ck_ok(lungo_db_writer_put(writer, key, 8, &datum));
}
