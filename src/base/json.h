/* JSON as text: what printf cannot do. */
#ifndef LUNGO_BASE_JSON_H
#define LUNGO_BASE_JSON_H

#include "base/buffer.h"

/* As it stands between the quotes of a JSON string; `quotes` false: quotes stay as they are. */
void lungo_json_escape(lungo_buffer *out, const char *text, bool quotes);

/* With its quotes. */
void lungo_json_string(lungo_buffer *out, const char *text);

/* To nine digits. JSON has no NaN and no infinity: null. */
void lungo_json_number(lungo_buffer *out, double value);

/* As few digits as name the float: 0.1, and not 0.100000001. */
void lungo_json_float(lungo_buffer *out, float value);

#endif
