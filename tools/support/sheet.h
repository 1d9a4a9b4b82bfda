/* A contact sheet: the first pictures of a data set in a grid, row by row in their order. */
#ifndef LUNGO_TOOLS_SUPPORT_SHEET_H
#define LUNGO_TOOLS_SUPPORT_SHEET_H

#include <stdbool.h>

#include "lungo/data.h"

enum { SHEET_COLUMNS = 10, SHEET_PICTURES = 100 };

/* Zeroed at first. */
typedef struct contact_sheet {
    lungo_image pictures[SHEET_PICTURES]; /* in colour, of the size they are shown in */
    int count;
} contact_sheet;

/* Whether there can be a sheet of this name, before the work is done. */
lungo_status sheet_check(const char *path);

bool sheet_is_full(const contact_sheet *sheet);

/* A decoded picture of 1, 3 or 4 channels. */
lungo_status sheet_add_image(contact_sheet *sheet, const lungo_image *image);

/* One such picture by itself, of the size that a sheet has it in. */
lungo_status sheet_picture(lungo_image *out, const lungo_datum *datum);

/* The values of a record: three channels in colour, else the first one in gray. Floats are spread
 * from black, their least, to white. */
lungo_status sheet_add_datum(contact_sheet *sheet, const lungo_datum *datum);

lungo_status sheet_write(const contact_sheet *sheet, const char *path);
void sheet_dispose(contact_sheet *sheet);

#endif
