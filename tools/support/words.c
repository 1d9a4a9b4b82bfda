#include "support/words.h"

#include <stdlib.h>
#include <string.h>

bool words_split(word_list *out, const char *text) {
    size_t count = 1;
    for (const char *at = text; *at; at++)
        count += *at == ',';
    *out = (word_list){strdup(text), malloc(count * sizeof *out->words), count};
    if (!out->text || !out->words) {
        words_dispose(out);
        return false;
    }
    char *at = out->text;
    for (size_t i = 0; i < count; i++) {
        out->words[i] = at;
        at += strcspn(at, ",");
        *at++ = '\0';
    }
    return true;
}

void words_dispose(word_list *list) {
    free(list->text);
    free(list->words);
    *list = (word_list){0};
}
