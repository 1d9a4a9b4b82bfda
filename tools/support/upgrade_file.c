#include "support/upgrade_file.h"

#include "support/glog.h"

/* Lines that Caffe's three tools have at the same place. */
enum { UNREADABLE_LINE = 30, TROUBLE_LINE = 39, CURRENT_LINE = 43 };

static lungo_status upgrade(const upgrade_names *names, lungo_definition *definition,
                            const char *in, bool *complete) {
    if (!lungo_definition_is_old(definition)) {
        glog_line(LUNGO_LOG_ERROR, names->log_file, CURRENT_LINE,
                  "File already in latest proto format: %s", in);
        return LUNGO_OK;
    }
    lungo_status status = lungo_definition_upgrade(definition, complete);
    if (!status && !*complete)
        glog_line(LUNGO_LOG_ERROR, names->log_file, TROUBLE_LINE,
                  "Encountered error(s) while upgrading prototxt; see details above.");
    return status;
}

int upgrade_file(const upgrade_names *names, const char *in, const char *out) {
    lungo_definition *definition;
    bool complete = true;
    if (lungo_definition_read(&definition, names->kind, in)) {
        glog_report_error();
        glog_line(LUNGO_LOG_ERROR, names->log_file, UNREADABLE_LINE,
                  "Failed to parse input %s file as %s: %s", names->form, names->message, in);
        return 2;
    }
    lungo_status status = upgrade(names, definition, in, &complete);
    if (!status) status = lungo_definition_write(definition, out);
    lungo_definition_free(definition);
    if (status) return glog_report_error();
    glog_line(LUNGO_LOG_INFO, names->log_file, names->wrote_line,
              "Wrote upgraded %s %s proto to %s", names->message, names->form, out);
    return complete ? 0 : 1;
}
