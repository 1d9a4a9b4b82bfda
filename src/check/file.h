/* A file that is checked, and what check.c and solver.c share to look at it. */
#ifndef LUNGO_CHECK_FILE_H
#define LUNGO_CHECK_FILE_H

#include "check/check.h"

/* A file, as far as it was read. */
typedef struct lungo_checked_file {
    lungo_check *check;
    const lungo_check_options *options;
    const char *path;
    lungo_document *document;
    ProtobufCMessage *message;
} lungo_checked_file;

/* The message of the failure under way, without "lungo: " and without the place in the file at
 * `path` that it may begin with, which is returned. */
lungo_position lungo_split_error(const char *path, const char **message);

/* Notes a finding outside all rules; the second: the failure under way. */
void lungo_report(const lungo_checked_file *file, lungo_rule_id rule, lungo_position at,
                  const char *message);
void lungo_report_error(const lungo_checked_file *file, lungo_rule_id rule);

/* False: the definition is refused, which is reported. */
bool lungo_checked_upgrade(const lungo_checked_file *file, Caffe__NetParameter *param);

/* Makes a subject of the net in this phase, whose state is set, and holds all rules for nets
 * against it. both_phases, weights and solver of `subject` are given; it is to be disposed of. */
lungo_status lungo_check_subject(lungo_subject *subject, const lungo_checked_file *file,
                                 Caffe__NetParameter *param, lungo_phase phase);

/* The file is a solver. model: NULL, or weights to hold against its train net. */
lungo_status lungo_check_solver(const lungo_checked_file *file, const lungo_model *model);

#endif
