#include "support/manual.h"

#include <stdio.h>
#include <string.h>

#include "lungo/status.h"
#include "support/glog.h"

const tool_page *manual_command(const tool_manual *manual, const char *name) {
    for (const tool_page *const *page = manual->commands; page && *page; page++)
        if (!strcmp((*page)->name, name)) return *page;
    return NULL;
}

/* Whether `words`, separated by blanks, has `word` among them. */
static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return true;
    return false;
}

bool manual_has_flag(const tool_manual *manual, const tool_page *page, const tool_flag *flag) {
    if (page == &manual->tool) return !manual->commands;
    return !flag->acts || has_word(flag->acts, page->name);
}

bool manual_has_limits(const tool_manual *manual, const tool_page *page) {
    const tool_flag *flag = manual->flags;
    while (flag->name && strcmp(flag->name, "limit"))
        flag++;
    return page == &manual->tool && flag->name;
}

static void print_version(const tool_manual *manual) {
    printf("%s version %s, compatible with caffe version %s\n", manual->tool.name, lungo_version(),
           lungo_caffe_version());
}

/* The page that the words name; the tool's own without words; NULL: there is no such command. */
static const tool_page *page_of(const tool_manual *manual, const flag_result *given) {
    if (!manual->commands || given->word_count == 0) return &manual->tool;
    return manual_command(manual, given->words[0]);
}

bool manual_answer(const tool_manual *manual, const flag_result *given, int *status) {
    const tool_page *page = page_of(manual, given);
    *status = 0;
    if (given->version) {
        print_version(manual);
    } else if (*given->completion) {
        *status = !manual_print_completion(manual, given->completion);
    } else if (given->help && page) {
        manual_print_help(manual, page);
    } else if (given->man && page) {
        manual_print_man(manual, page);
    } else {
        return false;
    }
    return true;
}
