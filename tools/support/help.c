/* Help as people read it on a terminal. */
#include <stdio.h>
#include <string.h>

#include "support/limits.h"
#include "support/manual.h"

enum { WIDTH = 80, FLAG_COLUMN = 28, NAME_COLUMN = 19 };

static void begin_line(int indent) {
    printf("\n%*s", indent, "");
}

void manual_print_wrapped(const char *text, int column, int indent) {
    bool as_it_is = *text == ' ';
    for (const char *at = text; *at;) {
        if (*at == '\n') {
            begin_line(at[1] == '\n' || !at[1] ? 0 : indent);
            column = indent;
            as_it_is = *++at == ' ';
            continue;
        }
        int length = (int)strcspn(at + 1, as_it_is ? "\n" : " \n") + 1;
        if (column + length >= WIDTH && column > indent && !as_it_is) {
            begin_line(indent);
            column = indent;
            if (*at == ' ') at++, length--;
        }
        column += printf("%.*s", length, at);
        at += length;
    }
    printf("\n");
}

/* A left column of `width`, the text beside it, or below if it is too long. */
static void print_row(const char *left, int width, const char *text) {
    int used = printf("  %s", left);
    if (used + 2 > width)
        begin_line(width);
    else
        printf("%*s", width - used, "");
    manual_print_wrapped(text, width, width);
}

static void print_flag(const tool_flag *flag) {
    char left[80], text[1024];
    flag_spelling(left, sizeof left, flag);
    flag_sentence(text, sizeof text, flag);
    print_row(left, FLAG_COLUMN, text);
}

static void print_flags(const tool_manual *manual, const tool_page *page) {
    bool any = false;
    for (const tool_flag *flag = manual->flags; flag->name; flag++) {
        if (!manual_has_flag(manual, page, flag)) continue;
        if (!any) printf("\nflags:\n");
        any = true;
        print_flag(flag);
    }
    printf("\nflags of every tool:\n");
    for (const tool_flag *flag = flags_common; flag->name; flag++)
        print_flag(flag);
}

static void print_commands(const tool_manual *manual) {
    printf("\ncommands:\n");
    for (const tool_page *const *page = manual->commands; *page; page++)
        print_row((*page)->name, NAME_COLUMN, (*page)->brief);
    printf("\n%s <command> --help tells what a command takes.\n", manual->tool.name);
}

static void print_limit(const char *name, const char *text) {
    print_row(name, NAME_COLUMN, text);
}

static void print_examples(const char *examples) {
    printf("\nexamples:\n");
    for (const char *at = examples; *at;) {
        int length = (int)strcspn(at, "\n");
        printf("  %.*s\n", length, at);
        at += length + (at[length] == '\n');
    }
}

void manual_print_help(const tool_manual *manual, const tool_page *page) {
    bool is_tool = page == &manual->tool;
    const char *space = is_tool ? "" : " ", *command = is_tool ? "" : page->name;
    printf("%s%s%s: %s\n", manual->tool.name, space, command, page->brief);
    int used = printf("usage: %s%s%s ", manual->tool.name, space, command);
    manual_print_wrapped(page->words, used, used);
    if (page->about) {
        printf("\n");
        manual_print_wrapped(page->about, 0, 0);
    }
    if (is_tool && manual->commands) print_commands(manual);
    print_flags(manual, page);
    if (manual_has_limits(manual, page)) {
        printf("\nlimits, for --limit=NAME=N:\n");
        limits_print(print_limit);
    }
    if (page->examples) print_examples(page->examples);
    printf("\nexit status: ");
    manual_print_wrapped(page->status ? page->status : "0 done, 1 failed: stderr says why.", 13,
                         13);
}
