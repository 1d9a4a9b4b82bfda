/* Databases for tests. */
#ifndef LUNGO_TESTS_SUPPORT_RECORDS_H
#define LUNGO_TESTS_SUPPORT_RECORDS_H

#include "lungo/data.h"

/* Puts a picture of channels x side x side, under a key of eight digits. */
void lungo_test_record(lungo_db_writer *writer, int number, int label, int channels, int side,
                       const unsigned char *pixels);

#endif
