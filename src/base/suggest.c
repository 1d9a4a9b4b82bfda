#include "lungo/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 63, NAMES_SHOWN = 3, FEW = 16 };

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b; case does not
 * count. `rows` of the usual table: row 0 is for the whole prefix before the last two bytes of a.
 */
static size_t distance(const char *a, const char *b) {
    size_t length = strlen(b), rows[3][LONGEST + 1] = {{0}};
    if (length > LONGEST || strlen(a) > LONGEST) return LONGEST;
    for (size_t k = 0; k <= length; k++)
        rows[2][k] = k;
    for (size_t i = 1; a[i - 1]; i++) {
        memmove(rows[0], rows[1], 2 * sizeof rows[0]);
        rows[2][0] = i;
        for (size_t k = 1; k <= length; k++) {
            size_t changed = lower(a[i - 1]) != lower(b[k - 1]);
            size_t best = smaller(rows[1][k], rows[2][k - 1]) + 1;
            best = smaller(best, rows[1][k - 1] + changed);
            if (i > 1 && k > 1 && lower(a[i - 1]) == lower(b[k - 2]) &&
                lower(a[i - 2]) == lower(b[k - 1]))
                best = smaller(best, rows[0][k - 2] + 1);
            rows[2][k] = best;
        }
    }
    return rows[2][length];
}

static void append(char out[LUNGO_SUGGEST_MAX], const char *before, const char *name,
                   const char *after) {
    size_t used = strlen(out);
    snprintf(out + used, LUNGO_SUGGEST_MAX - used, "%s%s%s", before, name, after);
}

static void name_nearest(char out[LUNGO_SUGGEST_MAX], const char *wanted, size_t nearest,
                         lungo_suggest_name *name, const void *list, size_t count) {
    size_t shown = 0;
    for (size_t i = 0; i < count && shown < NAMES_SHOWN; i++)
        if (distance(wanted, name(list, i)) == nearest)
            append(out, shown++ ? " or '" : "; did you mean '", name(list, i), "'");
    append(out, "?", "", "");
}

void lungo_suggest(char out[LUNGO_SUGGEST_MAX], const char *wanted, lungo_suggest_name *name,
                   const void *list, size_t count) {
    size_t length = strlen(wanted), nearest = LONGEST;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        nearest = smaller(nearest, distance(wanted, name(list, i)));
    if (nearest < length && nearest <= (length + 3) / 5) {
        name_nearest(out, wanted, nearest, name, list, count);
    } else if (count <= FEW) {
        for (size_t i = 0; i < count; i++)
            append(out, i ? ", " : "; known: ", name(list, i), "");
    }
}
