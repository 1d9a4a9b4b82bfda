/* Texts on their way into a page. Whatever goes through these is well-formed, whatever it holds. */
#ifndef LUNGO_TOOLS_SUPPORT_HTML_H
#define LUNGO_TOOLS_SUPPORT_HTML_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* With < > & " escaped; what is no UTF-8, or a character that pages may not have, becomes U+FFFD.
 * Good in attributes too, between double quotes. */
void html_text(FILE *out, const char *text);

/* As printf does it, then the same with all of the result. */
void html_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void html_vformat(FILE *out, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* A picture that a program has drawn, as part of the page: what stands before <svg> is left out,
 * and `prefix` comes before its names, since those of several pictures must differ. */
void html_svg(FILE *out, const char *svg, const char *prefix);

/* "data:MIME;base64,..." */
void html_data(FILE *out, const char *mime, const unsigned char *bytes, size_t size);

#endif
