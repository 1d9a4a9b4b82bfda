/* Tokens as protobuf's tokenizer cuts them, with its positions: lines and columns count from 1, a
 * tab ends at the next multiple of 8, a byte is a column whatever character it belongs to, and only
 * \n ends a line. Which error comes first, and where, is protobuf's choice throughout. */
#include "proto/text_scan.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TAB_WIDTH = 8, TOKEN_SHOWN = 40 };

/* Not <ctype.h>: its answers depend on the locale. */
static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

static bool is_octal(int c) {
    return c >= '0' && c <= '7';
}

static bool is_hex(int c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_space(int c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

lungo_status lungo_scanner_fail(const lungo_scanner *scanner, int line, int column,
                                const char *format, ...) {
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return lungo_fail(LUNGO_ERR_PARSE, "%s:%d:%d: %s", scanner->name, line, column, message);
}

static lungo_status fail_here(const lungo_scanner *scanner, const char *message) {
    return lungo_scanner_fail(scanner, scanner->line, scanner->column, "%s", message);
}

/* The byte to come, or -1 at the end. */
static int peek(const lungo_scanner *scanner) {
    return scanner->at < scanner->end ? (unsigned char)*scanner->at : -1;
}

static void advance(lungo_scanner *scanner) {
    char c = *scanner->at++;
    if (c == '\n') {
        scanner->line++;
        scanner->column = 1;
    } else if (scanner->column < INT_MAX - TAB_WIDTH) {
        scanner->column += c == '\t' ? TAB_WIDTH - (scanner->column - 1) % TAB_WIDTH : 1;
    }
}

static bool take(lungo_scanner *scanner, char c) {
    if (peek(scanner) != c) return false;
    advance(scanner);
    return true;
}

static bool take_one(lungo_scanner *scanner, bool (*belongs)(int)) {
    if (!belongs(peek(scanner))) return false;
    advance(scanner);
    return true;
}

static void take_all(lungo_scanner *scanner, bool (*belongs)(int)) {
    while (take_one(scanner, belongs)) {
    }
}

static void skip_spaces_and_comments(lungo_scanner *scanner) {
    for (take_all(scanner, is_space); peek(scanner) == '#'; take_all(scanner, is_space))
        while (peek(scanner) > 0 && peek(scanner) != '\n')
            advance(scanner);
}

static lungo_status scan_hex(lungo_scanner *scanner) {
    if (!is_hex(peek(scanner))) return fail_here(scanner, "expected hex digits after '0x'");
    take_all(scanner, is_hex);
    return LUNGO_OK;
}

static lungo_status scan_octal(lungo_scanner *scanner) {
    take_all(scanner, is_octal);
    if (!is_digit(peek(scanner))) return LUNGO_OK;
    return fail_here(scanner, "a number that begins with 0 is octal: expected digits up to 7");
}

static lungo_status scan_decimal(lungo_scanner *scanner, bool after_dot) {
    bool is_float = after_dot;
    take_all(scanner, is_digit);
    if (!after_dot && take(scanner, '.')) {
        is_float = true;
        take_all(scanner, is_digit);
    }
    if (take(scanner, 'e') || take(scanner, 'E')) {
        is_float = true;
        if (!take(scanner, '-')) take(scanner, '+');
        if (!is_digit(peek(scanner))) return fail_here(scanner, "expected an exponent after 'e'");
        take_all(scanner, is_digit);
    }
    if (take(scanner, 'f') || take(scanner, 'F')) is_float = true;
    scanner->token.kind = is_float ? LUNGO_TOKEN_FLOAT : LUNGO_TOKEN_INTEGER;
    return LUNGO_OK;
}

/* `first` has been taken: a digit, or the dot of a number like .5 */
static lungo_status scan_number(lungo_scanner *scanner, char first) {
    scanner->token.kind = LUNGO_TOKEN_INTEGER;
    if (first == '0' && (take(scanner, 'x') || take(scanner, 'X')))
        LUNGO_TRY(scan_hex(scanner));
    else if (first == '0' && is_digit(peek(scanner)))
        LUNGO_TRY(scan_octal(scanner));
    else
        LUNGO_TRY(scan_decimal(scanner, first == '.'));
    if (is_letter(peek(scanner)))
        return fail_here(scanner, "expected a space between a number and a name");
    if (peek(scanner) != '.') return LUNGO_OK;
    if (scanner->token.kind == LUNGO_TOKEN_FLOAT)
        return fail_here(scanner, "a second '.' in a number");
    return fail_here(scanner, "a '.' in a hex or octal number");
}

static lungo_status scan_hex_digits(lungo_scanner *scanner, int count, const char *message) {
    for (int i = 0; i < count; i++)
        if (!take_one(scanner, is_hex)) return fail_here(scanner, message);
    return LUNGO_OK;
}

/* \UXXXXXXXX: the first three digits are 000 or 001. */
static lungo_status scan_long_escape(lungo_scanner *scanner) {
    static const char message[] = "expected eight hex digits up to 0010FFFF after '\\U'";
    bool in_range =
        take(scanner, '0') && take(scanner, '0') && (take(scanner, '0') || take(scanner, '1'));
    return in_range ? scan_hex_digits(scanner, 5, message) : fail_here(scanner, message);
}

/* The backslash has been taken. */
static lungo_status scan_escape(lungo_scanner *scanner) {
    int c = peek(scanner);
    if (c > 0 && strchr("abfnrtv\\?'\"01234567", c)) {
        advance(scanner);
        return LUNGO_OK;
    }
    if (take(scanner, 'x')) return scan_hex_digits(scanner, 1, "expected hex digits after '\\x'");
    if (take(scanner, 'u'))
        return scan_hex_digits(scanner, 4, "expected four hex digits after '\\u'");
    if (take(scanner, 'U')) return scan_long_escape(scanner);
    return fail_here(scanner, "unknown escape in a string; known: \\a \\b \\f \\n \\r \\t \\v \\\\ "
                              "\\? \\' \\\" \\ooo \\xhh \\uhhhh \\Uhhhhhhhh");
}

/* The opening quote has been taken. */
static lungo_status scan_string(lungo_scanner *scanner, char quote) {
    scanner->token.kind = LUNGO_TOKEN_STRING;
    while (!take(scanner, quote)) {
        int c = peek(scanner);
        if (c <= 0)
            return lungo_scanner_fail(
                scanner, scanner->line, scanner->column, "%s inside a string that begins at %d:%d",
                c < 0 ? "end of file" : "a zero byte", scanner->token.line, scanner->token.column);
        if (c == '\n')
            return lungo_scanner_fail(scanner, scanner->line, scanner->column,
                                      "end of line inside a string: expected a closing %c", quote);
        advance(scanner);
        if (c == '\\') LUNGO_TRY(scan_escape(scanner));
    }
    return LUNGO_OK;
}

static lungo_status fail_non_ascii(const lungo_scanner *scanner, int c) {
    bool is_mark = scanner->end - scanner->at >= 3 && memcmp(scanner->at, "\xEF\xBB\xBF", 3) == 0;
    return lungo_scanner_fail(
        scanner, scanner->line, scanner->column, "byte 0x%02X outside a string or comment%s", c,
        is_mark ? ": a byte order mark; save the file as plain UTF-8" : "; expected plain ASCII");
}

/* A dot is a number's when a digit follows, but "name.5" is no name and a number. */
static lungo_status scan_dot(lungo_scanner *scanner, const lungo_token *previous) {
    if (!is_digit(peek(scanner))) return LUNGO_OK;
    const lungo_token *dot = &scanner->token;
    if (previous->kind == LUNGO_TOKEN_IDENTIFIER && previous->line == dot->line &&
        previous->end_column == dot->column)
        return lungo_scanner_fail(scanner, dot->line, dot->column,
                                  "expected a space between a name and a number");
    return scan_number(scanner, '.');
}

static lungo_status scan_token(lungo_scanner *scanner, const lungo_token *previous) {
    int c = peek(scanner);
    if ((c >= 0 && c < ' '))
        return lungo_scanner_fail(scanner, scanner->line, scanner->column,
                                  "control byte 0x%02X: is this a text file?", (unsigned)c);
    if (c >= 0x80) return fail_non_ascii(scanner, c);
    advance(scanner);
    if (is_letter(c)) {
        scanner->token.kind = LUNGO_TOKEN_IDENTIFIER;
        while (is_letter(peek(scanner)) || is_digit(peek(scanner)))
            advance(scanner);
        return LUNGO_OK;
    }
    if (is_digit(c)) return scan_number(scanner, (char)c);
    if (c == '"' || c == '\'') return scan_string(scanner, (char)c);
    return c == '.' ? scan_dot(scanner, previous) : LUNGO_OK;
}

lungo_status lungo_scanner_next(lungo_scanner *scanner) {
    lungo_token previous = scanner->token, *token = &scanner->token;
    skip_spaces_and_comments(scanner);
    *token = (lungo_token){.kind = LUNGO_TOKEN_SYMBOL,
                           .text = scanner->at,
                           .line = scanner->line,
                           .column = scanner->column};
    if (peek(scanner) < 0)
        token->kind = LUNGO_TOKEN_END;
    else
        LUNGO_TRY(scan_token(scanner, &previous));
    token->length = (size_t)(scanner->at - token->text);
    token->end_column = scanner->column;
    return LUNGO_OK;
}

lungo_status lungo_scanner_start(lungo_scanner *scanner, const char *text, size_t length,
                                 const char *name) {
    *scanner = (lungo_scanner){.name = name, .at = text, .line = 1, .column = 1};
    scanner->end = text + length;
    return lungo_scanner_next(scanner);
}

lungo_status lungo_scanner_take(lungo_scanner *scanner, const char *symbol, bool *taken) {
    *taken = lungo_token_is(&scanner->token, symbol);
    return *taken ? lungo_scanner_next(scanner) : LUNGO_OK;
}

lungo_status lungo_scanner_expected(const lungo_scanner *scanner, const char *format, ...) {
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return lungo_scanner_fail_here(scanner, "expected %s, got %s", what,
                                   lungo_token_show(&scanner->token).text);
}

bool lungo_token_is(const lungo_token *token, const char *text) {
    return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

static int shorter(size_t length, int most) {
    return length < (size_t)most ? (int)length : most;
}

lungo_word lungo_token_word(const lungo_token *token) {
    lungo_word word;
    snprintf(word.text, sizeof word.text, "%.*s", shorter(token->length, sizeof word.text - 1),
             token->text);
    return word;
}

lungo_word lungo_token_show(const lungo_token *token) {
    lungo_word word;
    int length = shorter(token->length, TOKEN_SHOWN);
    if (token->kind == LUNGO_TOKEN_END)
        snprintf(word.text, sizeof word.text, "end of file");
    else
        snprintf(word.text, sizeof word.text, "'%.*s%s'", length, token->text,
                 token->length > TOKEN_SHOWN ? "..." : "");
    return word;
}

static unsigned digit_value(char c) {
    if (is_digit(c)) return (unsigned)(c - '0');
    return (unsigned)((c | 0x20) - 'a') + 10;
}

bool lungo_token_integer(const lungo_token *token, uint64_t max, uint64_t *out) {
    bool zero = token->length > 1 && token->text[0] == '0';
    bool hex = zero && (token->text[1] | 0x20) == 'x';
    uint64_t base = hex ? 16 : zero ? 8 : 10, value = 0;
    for (size_t i = hex ? 2 : 0; i < token->length; i++) {
        unsigned digit = digit_value(token->text[i]);
        if (digit > max || value > (max - digit) / base) return false;
        value = value * base + digit;
    }
    *out = value;
    return true;
}

/* Up to `most` digits of the base; moves *at behind them. */
static unsigned take_digits(const char **at, const char *end, unsigned base, int most) {
    unsigned value = 0;
    bool (*belongs)(int) = base == 8 ? is_octal : is_hex;
    for (int i = 0; i < most && *at < end && belongs((unsigned char)**at); i++)
        value = value * base + digit_value(*(*at)++);
    return value;
}

/* Half of a UTF-16 pair stays as it is when its other half does not follow. */
static unsigned join_surrogates(unsigned high, const char **at, const char *end) {
    if (high < 0xD800 || high > 0xDBFF || end - *at < 6 || memcmp(*at, "\\u", 2) != 0) return high;
    const char *after = *at + 2;
    unsigned low = take_digits(&after, end, 16, 4);
    if (after != *at + 6 || low < 0xDC00 || low > 0xDFFF) return high;
    *at = after;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static void append_utf8(lungo_buffer *out, unsigned code) {
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(lead[length] | code);
    lungo_buffer_append(out, bytes, length);
}

/* *at is behind the backslash; the scanner has checked the escape. */
static void unescape_one(const char **at, const char *end, lungo_buffer *out) {
    static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    char c = **at;
    const char *letter = strchr(letters, c);
    if (is_octal(c)) {
        c = (char)take_digits(at, end, 8, 3);
    } else if (c == 'x') {
        ++*at;
        c = (char)take_digits(at, end, 16, 2);
    } else if (c == 'u' || c == 'U') {
        ++*at;
        unsigned code = join_surrogates(take_digits(at, end, 16, c == 'u' ? 4 : 8), at, end);
        if (code > 0x10FFFF)
            lungo_buffer_printf(out, "\\U%08x", code);
        else
            append_utf8(out, code);
        return;
    } else {
        ++*at;
        if (letter) c = values[letter - letters];
    }
    lungo_buffer_append(out, &c, 1);
}

void lungo_token_unescape(const lungo_token *token, lungo_buffer *out) {
    const char *end = token->text + token->length - 1;
    for (const char *at = token->text + 1; at < end;) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        lungo_buffer_append(out, at, (size_t)((escape ? escape : end) - at));
        at = escape ? escape + 1 : end;
        if (escape) unescape_one(&at, end, out);
    }
}
