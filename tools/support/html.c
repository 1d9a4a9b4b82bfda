#include "support/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

/* The bytes of the character that begins here; 0: none that a page may have. */
static size_t character_length(const unsigned char *text) {
    if (*text < 0x80) return (*text >= ' ' && *text != 0x7f) || *text == '\t' || *text == '\n';
    size_t length = *text >= 0xf0 ? 4 : *text >= 0xe0 ? 3 : 2;
    if (*text < 0xc2 || *text > 0xf4) return 0;
    uint32_t code = *text & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool surrogate = code >= 0xd800 && code < 0xe000;
    bool allowed = code >= 0xa0 && code <= 0x10ffff && (code & 0xfffe) != 0xfffe;
    return code < least[length] || surrogate || !allowed ? 0 : length;
}

static const char *escape_of(char character) {
    static const char *const escapes[] = {
        ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;"};
    unsigned char index = (unsigned char)character;
    return index < sizeof escapes / sizeof escapes[0] ? escapes[index] : NULL;
}

void html_text(FILE *out, const char *text) {
    while (*text) {
        size_t length = character_length((const unsigned char *)text);
        const char *escape = escape_of(*text);
        if (escape)
            fputs(escape, out);
        else if (length)
            fwrite(text, 1, length, out);
        else if (*text != '\r')
            fputs("\xef\xbf\xbd", out);
        text += length ? length : 1;
    }
}

void html_format(FILE *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    html_vformat(out, format, arguments);
    va_end(arguments);
}

void html_vformat(FILE *out, const char *format, va_list arguments) {
    char *text;
    if (vasprintf(&text, format, arguments) < 0) return;
    html_text(out, text);
    free(text);
}

/* ---- pictures ---- */

void html_svg(FILE *out, const char *svg, const char *prefix) {
    static const char *const marks[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};
    const char *at = strstr(svg, "<svg");
    if (!at) return;
    while (*at) {
        size_t mark = 0, marked = sizeof marks / sizeof marks[0];
        while (mark < marked && strncmp(at, marks[mark], strlen(marks[mark])))
            mark++;
        if (mark == marked) {
            fputc(*at++, out);
            continue;
        }
        fprintf(out, "%s%s", marks[mark], prefix);
        at += strlen(marks[mark]);
    }
}

void html_data(FILE *out, const char *mime, const unsigned char *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fprintf(out, "data:%s;base64,", mime);
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < size) group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size) group |= bytes[i + 2];
        fputc(digits[group >> 18], out);
        fputc(digits[group >> 12 & 63], out);
        fputc(i + 1 < size ? digits[group >> 6 & 63] : '=', out);
        fputc(i + 2 < size ? digits[group & 63] : '=', out);
    }
}
