#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void lungo_json_escape(lungo_buffer *out, const char *text, bool quotes) {
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ')
            lungo_buffer_printf(out, "\\u%04x", byte);
        else if (byte == '\\' || (quotes && byte == '"'))
            lungo_buffer_printf(out, "\\%c", byte);
        else
            lungo_buffer_append(out, text, 1);
    }
}

void lungo_json_string(lungo_buffer *out, const char *text) {
    lungo_buffer_puts(out, "\"");
    lungo_json_escape(out, text, true);
    lungo_buffer_puts(out, "\"");
}

void lungo_json_number(lungo_buffer *out, double value) {
    if (isfinite(value))
        lungo_buffer_printf(out, "%.9g", value);
    else
        lungo_buffer_puts(out, "null");
}

/* Six digits are always kept, nine always enough. */
void lungo_json_float(lungo_buffer *out, float value) {
    char text[32] = "null";
    for (int digits = 6; isfinite(value) && digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtof(text, NULL) == value) break;
    }
    lungo_buffer_puts(out, text);
}
