/* golden_text FILE.tsv...: prototxt cases with what protobuf made of them.
 *
 * A row: id, category, source, message type, input, verdict (accept or reject), and the canonical
 * reprint or the errors ("input:<line>:<column>: ..."; the first counts). Input and reprint are
 * C-escaped. Checked are the verdict, the reprint byte for byte, that the reprint parses to the
 * same message, and the position that our own error names. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "caffe.pb-c.h"
#include "proto/message.h"
#include "proto/text.h"

enum { ID, CATEGORY, SOURCE, TYPE, INPUT, VERDICT, EXPECTED, COLUMNS };

static const char *case_file;
static int passed, failed;

static int report(char **row, const char *what, const char *expected, const char *got) {
    printf("FAIL %s: %s: %s: expected \"%s\", got \"%s\"\n", case_file, row[ID], what, expected,
           got);
    return 1;
}

static const ProtobufCMessageDescriptor *find_in(const ProtobufCMessageDescriptor *type,
                                                 const char *name) {
    if (strcmp(type->short_name, name) == 0) return type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) continue;
        const ProtobufCMessageDescriptor *found = find_in(type->fields[i].descriptor, name);
        if (found) return found;
    }
    return NULL;
}

static const ProtobufCMessageDescriptor *find_type(const char *name) {
    const ProtobufCMessageDescriptor *const roots[] = {
        &caffe__solver_parameter__descriptor, &caffe__solver_state__descriptor,
        &caffe__blob_proto_vector__descriptor, &caffe__datum__descriptor};
    const ProtobufCMessageDescriptor *found = NULL;
    for (size_t i = 0; i < sizeof roots / sizeof *roots && !found; i++)
        found = find_in(roots[i], name);
    return found;
}

static size_t unescape_one(const char *from, char *to) {
    static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    const char *letter = strchr(letters, *from);
    unsigned code;
    int used = 0;
    if (*from == 'x' && sscanf(from + 1, "%2x%n", &code, &used) == 1)
        used++;
    else if (sscanf(from, "%3o%n", &code, &used) != 1) {
        code = letter ? (unsigned char)values[letter - letters] : (unsigned char)*from;
        used = 1;
    }
    *to = (char)code;
    return (size_t)used;
}

/* In place; returns the length, because the text may hold zero bytes. */
static size_t unescape(char *text) {
    char *to = text;
    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1])
            from += 1 + unescape_one(from + 1, to);
        else
            *to = *from++;
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* A nan comes back with another sign bit than -nan had; no other value changes. */
static int check_reprint(char **row, const ProtobufCMessage *message) {
    lungo_buffer printed = {0}, again = {0};
    lungo_document *document = NULL;
    ProtobufCMessage *back = NULL;
    int bad = 0;
    lungo_text_print(&printed, message);
    size_t length = unescape(row[EXPECTED]);
    if (printed.failed || printed.length != length ||
        memcmp(lungo_buffer_text(&printed), row[EXPECTED], length) != 0)
        bad = report(row, "reprint", row[EXPECTED], lungo_buffer_text(&printed));
    else if (lungo_document_new(&document) ||
             lungo_text_parse(document, &back, message->descriptor, lungo_buffer_text(&printed),
                              printed.length, "reprint"))
        bad = report(row, "parsing the reprint", "success", lungo_error_text());
    else {
        lungo_text_print(&again, back);
        if (strcmp(lungo_buffer_text(&printed), lungo_buffer_text(&again)) != 0)
            bad = report(row, "reprint of the reprint", row[EXPECTED], lungo_buffer_text(&again));
        else if (!lungo_message_equal(message, back) && !strstr(row[EXPECTED], "nan"))
            bad = report(row, "the reprint's message", "the same", "another one");
    }
    lungo_document_free(document);
    lungo_buffer_dispose(&printed);
    lungo_buffer_dispose(&again);
    return bad;
}

/* Line 0 is protobuf's way to say that an error has no place: required fields left out. */
static int check_position(char **row) {
    int line, column, length = 0;
    char expected[64];
    if (sscanf(row[EXPECTED], "input:%d:%d:%n", &line, &column, &length) != 2 || length == 0)
        return report(row, "the row", "input:<line>:<column>: ...", row[EXPECTED]);
    if (line == 0) return 0;
    snprintf(expected, sizeof expected, "lungo: input:%d:%d: ", line, column);
    bool same = strncmp(lungo_error_text(), expected, strlen(expected)) == 0;
    return same ? 0 : report(row, "position", row[EXPECTED], lungo_error_text());
}

static int check_case(char **row) {
    const ProtobufCMessageDescriptor *type = find_type(row[TYPE]);
    bool accept = strcmp(row[VERDICT], "accept") == 0;
    if (!type) return report(row, "message type", "one of the schema's", row[TYPE]);
    if (!accept && strcmp(row[VERDICT], "reject") != 0)
        return report(row, "verdict column", "accept or reject", row[VERDICT]);
    lungo_document *document = NULL;
    ProtobufCMessage *message = NULL;
    if (lungo_document_new(&document)) return report(row, "document", "one", lungo_error_text());
    size_t length = unescape(row[INPUT]);
    lungo_status status = lungo_text_parse(document, &message, type, row[INPUT], length, "input");
    int bad;
    if (accept && status)
        bad = report(row, "verdict", "accept", lungo_error_text());
    else if (!accept && !status)
        bad = report(row, "verdict", row[EXPECTED], "accept");
    else
        bad = accept ? check_reprint(row, message) : check_position(row);
    lungo_document_free(document);
    return bad;
}

static void check_line(char *line) {
    static char nothing[] = "";
    char *row[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        char *column = strsep(&line, "\t");
        row[i] = column ? column : nothing;
    }
    if (strcmp(row[ID], "id") == 0) return;
    if (check_case(row))
        failed++;
    else
        passed++;
}

static void check_file(const char *path) {
    char *text, *line;
    size_t length;
    case_file = path;
    if (lungo_file_read(&text, &length, path)) {
        printf("FAIL %s\n", lungo_error_text());
        failed++;
        return;
    }
    for (char *rest = text; (line = strsep(&rest, "\n")) != NULL;)
        if (*line) check_line(line);
    free(text);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        check_file(argv[i]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed;
}
