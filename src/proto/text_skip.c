/* Passing over fields that the schema does not know, as protobuf does where unknown fields are
 * allowed:
 *
 *   field   := name ':' value | name ':'? message      then at most one ',' or ';'
 *   value   := string+ | '-'? number-or-name | list
 *   list    := '[' ']' | '[' (value | message) (',' (value | message))* ']'
 *   message := '{' field* '}' | '<' field* '>'
 */
#include "proto/text_parse.h"

#include "base/log.h"
#include "proto/forks.h"

static lungo_status skip_fields(lungo_scanner *scanner, size_t depth);

static bool opens_message(const lungo_scanner *scanner) {
    return lungo_token_is(&scanner->token, "{") || lungo_token_is(&scanner->token, "<");
}

/* The schema sets no bound here. */
static lungo_status check_depth(const lungo_scanner *scanner, size_t depth) {
    if (depth <= scanner->nesting) return LUNGO_OK;
    return lungo_scanner_fail_here(scanner,
                                   "in an unknown field: expected at most %zu messages or lists in "
                                   "each other, got more" LUNGO_BY_LIMIT("nesting"),
                                   scanner->nesting);
}

static lungo_status skip_message(lungo_scanner *scanner, size_t depth) {
    lungo_token open = scanner->token;
    if (!opens_message(scanner))
        return lungo_scanner_expected(scanner, "':' or '{' behind an unknown field's name");
    LUNGO_TRY(check_depth(scanner, depth));
    LUNGO_TRY(lungo_scanner_next(scanner));
    LUNGO_TRY(skip_fields(scanner, depth));
    const char *close = lungo_token_is(&open, "<") ? ">" : "}";
    if (!lungo_token_is(&scanner->token, close))
        return lungo_scanner_expected(scanner, "'%s' to close the '%c' at %d:%d", close, *open.text,
                                      open.line, open.column);
    return lungo_scanner_next(scanner);
}

static lungo_status skip_number_or_name(lungo_scanner *scanner) {
    bool negative;
    LUNGO_TRY(lungo_scanner_take(scanner, "-", &negative));
    lungo_token_kind kind = scanner->token.kind;
    bool name = kind == LUNGO_TOKEN_IDENTIFIER;
    if (!name && kind != LUNGO_TOKEN_INTEGER && kind != LUNGO_TOKEN_FLOAT)
        return lungo_scanner_expected(scanner, "the value of an unknown field");
    if (name && negative && !lungo_token_is_number_name(&scanner->token))
        return lungo_scanner_expected(scanner, "a number behind '-'");
    return lungo_scanner_next(scanner);
}

static lungo_status skip_value(lungo_scanner *scanner, size_t depth);

/* The '[' has been taken. */
static lungo_status skip_list(lungo_scanner *scanner, size_t depth) {
    bool closed;
    LUNGO_TRY(check_depth(scanner, depth));
    LUNGO_TRY(lungo_scanner_take(scanner, "]", &closed));
    while (!closed) {
        LUNGO_TRY(opens_message(scanner) ? skip_message(scanner, depth + 1)
                                         : skip_value(scanner, depth + 1));
        LUNGO_TRY(lungo_scanner_take(scanner, "]", &closed));
        if (closed) break;
        if (!lungo_token_is(&scanner->token, ","))
            return lungo_scanner_expected(scanner, "',' or ']' in the list of an unknown field");
        LUNGO_TRY(lungo_scanner_next(scanner));
    }
    return LUNGO_OK;
}

static lungo_status skip_value(lungo_scanner *scanner, size_t depth) {
    bool list;
    if (scanner->token.kind == LUNGO_TOKEN_STRING) {
        while (scanner->token.kind == LUNGO_TOKEN_STRING)
            LUNGO_TRY(lungo_scanner_next(scanner));
        return LUNGO_OK;
    }
    LUNGO_TRY(lungo_scanner_take(scanner, "[", &list));
    return list ? skip_list(scanner, depth) : skip_number_or_name(scanner);
}

/* The name has been taken. */
static lungo_status skip_rest(lungo_scanner *scanner, size_t depth) {
    bool taken;
    LUNGO_TRY(lungo_scanner_take(scanner, ":", &taken));
    LUNGO_TRY(taken && !opens_message(scanner) ? skip_value(scanner, depth)
                                               : skip_message(scanner, depth));
    LUNGO_TRY(lungo_scanner_take(scanner, ";", &taken));
    return taken ? LUNGO_OK : lungo_scanner_take(scanner, ",", &taken);
}

static lungo_status skip_fields(lungo_scanner *scanner, size_t depth) {
    while (!lungo_token_is(&scanner->token, "}") && !lungo_token_is(&scanner->token, ">") &&
           scanner->token.kind != LUNGO_TOKEN_END) {
        if (scanner->token.kind != LUNGO_TOKEN_IDENTIFIER)
            return lungo_scanner_expected(scanner, "the name of a field");
        LUNGO_TRY(lungo_scanner_next(scanner));
        LUNGO_TRY(skip_rest(scanner, depth + 1));
    }
    return LUNGO_OK;
}

lungo_status lungo_parser_skip(lungo_parser *parser, const char *message, const lungo_token *name) {
    lungo_scanner *scanner = &parser->scanner;
    char note[LUNGO_FORK_NOTE_MAX];
    lungo_word word = lungo_token_word(name);
    lungo_forks_have_field(note, message, word.text);
    LUNGO_TRY(skip_rest(scanner, 1));
    lungo_warn("%s:%d:%d: unknown field '%s' in %s is passed over%s", scanner->name, name->line,
               name->column, word.text, message, note);
    return LUNGO_OK;
}
