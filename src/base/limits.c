#include "base/limits.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/suggest.h"

typedef struct limit_row {
    lungo_limit limit;
    size_t offset, value; /* in lungo_limits; of the default */
} limit_row;

#define LIMIT(name, value, text, most, bounds)                                                     \
    { {#name, bounds, text, most}, offsetof(lungo_limits, name), value }

static const limit_row table[] = {
    LIMIT(layers, 10000, "10000", INT_MAX, "layers of a net, automatic Splits among them"),
    LIMIT(tops, 40000, "40000", INT_MAX, "tops of all layers of a net"),
    LIMIT(values, INT_MAX, "2147483647", INT_MAX, "values of a blob"),
    LIMIT(text, (size_t)64 << 20, "64M", INT_MAX - 1, "bytes of a prototxt"),
    LIMIT(string, (size_t)1 << 20, "1M", INT_MAX, "bytes of a string in a definition"),
    LIMIT(nesting, 100, "100", 1000,
          "messages and lists in each other, in fields that --unknown-fields=warn passes over"),
    LIMIT(definition, (size_t)256 << 20, "256M", SIZE_MAX,
          "bytes of memory that a definition takes once read, beside 4 for each byte of its file"),
};
enum { LIMITS = sizeof table / sizeof *table };
_Static_assert(LIMITS * sizeof(size_t) == sizeof(lungo_limits), "every limit has its row");

lungo_limit lungo_limit_get(size_t index) {
    return index < LIMITS ? table[index].limit : (lungo_limit){0};
}

static size_t *place_of(lungo_limits *limits, const limit_row *row) {
    return (size_t *)((char *)limits + row->offset);
}

lungo_limits lungo_limits_in_force(const lungo_limits *given) {
    lungo_limits limits = LUNGO_LIMITS_INIT;
    if (given) limits = *given;
    for (int i = 0; i < LIMITS; i++) {
        size_t *value = place_of(&limits, &table[i]);
        if (*value == 0) *value = table[i].value;
        if (*value > table[i].limit.most) *value = table[i].limit.most;
    }
    return limits;
}

/* ---- from text ---- */

static const char *name_at(const void *list, size_t index) {
    return ((const limit_row *)list)[index].limit.name;
}

/* A whole number and a unit; 0: it is none, or too large. */
static size_t number_of(const char *text) {
    static const char units[] = "KMGT";
    size_t number = 0;
    for (; isdigit((unsigned char)*text); text++) {
        size_t digit = (size_t)(*text - '0');
        if (number > (SIZE_MAX - digit) / 10) return 0;
        number = 10 * number + digit;
    }
    const char *unit = *text ? strchr(units, toupper((unsigned char)*text)) : NULL;
    if (*text && (!unit || text[1])) return 0;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;
    return number > SIZE_MAX >> shift ? 0 : number << shift;
}

static lungo_status set_one(lungo_limits *limits, const char *name, const char *text) {
    char hint[LUNGO_SUGGEST_MAX];
    const limit_row *row = NULL;
    for (int i = 0; i < LIMITS && !row; i++)
        if (strcmp(table[i].limit.name, name) == 0) row = &table[i];
    if (!row) {
        lungo_suggest(hint, name, name_at, table, LIMITS);
        return lungo_fail(LUNGO_ERR_USAGE, "unknown limit '%s'%s", name, hint);
    }
    size_t value = number_of(text);
    if (value == 0 || value > row->limit.most)
        return lungo_fail(LUNGO_ERR_USAGE,
                          "limit '%s': expected a whole number from 1 to %zu, as 500 or 64M, got "
                          "'%s'",
                          name, row->limit.most, text);
    *place_of(limits, row) = value;
    return LUNGO_OK;
}

lungo_status lungo_limits_set(lungo_limits *limits, const char *text) {
    char one[128];
    bool more = true;
    for (size_t length; more; text += length + 1) {
        length = strcspn(text, ",");
        snprintf(one, sizeof one, "%.*s", (int)(length < sizeof one ? length : sizeof one), text);
        char *equals = strchr(one, '=');
        if (!equals)
            return lungo_fail(LUNGO_ERR_USAGE, "limits: expected NAME=NUMBER, got '%s'", one);
        *equals = '\0';
        LUNGO_TRY(set_one(limits, one, equals + 1));
        more = text[length] != '\0';
    }
    return LUNGO_OK;
}
