/* Lists in one word, separated by commas. */
#ifndef LUNGO_TOOLS_SUPPORT_WORDS_H
#define LUNGO_TOOLS_SUPPORT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct word_list {
    char *text; /* what the words point into */
    const char **words;
    size_t count;
} word_list;

/* Cut at the commas, as Caffe does: "" is one empty word. False: out of memory. */
bool words_split(word_list *out, const char *text);
void words_dispose(word_list *list);

#endif
