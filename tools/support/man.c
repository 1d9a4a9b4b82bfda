/* Man pages: the macros of man(7). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lungo/status.h"
#include "support/limits.h"
#include "support/manual.h"

/* Text in which no character means anything to troff. */
static void put_text(const char *text) {
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\'')) printf("\\&");
        if (*text == '\\')
            printf("\\e");
        else if (*text == '-')
            printf("\\-");
        else
            putchar(*text);
        at_start = *text == '\n';
    }
}

static void put_upper(const char *text) {
    for (; *text; text++)
        putchar(toupper((unsigned char)*text));
}

/* Paragraphs; lines that begin with a blank stay as they are. */
static void put_paragraphs(const char *text) {
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t length = end ? (size_t)(end - text) : strlen(text);
        char paragraph[2048];
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
        printf(*paragraph == ' ' ? ".nf\n" : ".PP\n");
        put_text(paragraph);
        printf(*paragraph == ' ' ? "\n.fi\n" : "\n");
        text += length + (end ? 2 : 0);
    }
}

static void put_section(const char *title, const char *text) {
    if (!text) return;
    printf(".SH %s\n", title);
    put_paragraphs(text);
}

static void put_flag(const tool_flag *flag) {
    char text[1024];
    flag_spelling(text, sizeof text, flag);
    printf(".TP\n.B ");
    put_text(text);
    flag_sentence(text, sizeof text, flag);
    printf("\n");
    put_text(text);
    printf("\n");
}

static void put_flags(const tool_manual *manual, const tool_page *page) {
    printf(".SH OPTIONS\n");
    for (const tool_flag *flag = manual->flags; flag->name; flag++)
        if (manual_has_flag(manual, page, flag)) put_flag(flag);
    for (const tool_flag *flag = flags_common; flag->name; flag++)
        put_flag(flag);
}

static void put_commands(const tool_manual *manual) {
    printf(".SH COMMANDS\n");
    for (const tool_page *const *page = manual->commands; *page; page++) {
        printf(".TP\n.BR %s\\-%s (1)\n", manual->tool.name, (*page)->name);
        put_text((*page)->brief);
        printf("\n");
    }
}

static void put_limit(const char *name, const char *text) {
    printf(".TP\n.B ");
    put_text(name);
    printf("\n");
    put_text(text);
    printf("\n");
}

static void put_examples(const char *examples) {
    if (!examples) return;
    printf(".SH EXAMPLES\n.nf\n");
    put_text(examples);
    printf("\n.fi\n");
}

void manual_print_man(const tool_manual *manual, const tool_page *page) {
    bool is_tool = page == &manual->tool;
    const char *dash = is_tool ? "" : "-", *command = is_tool ? "" : page->name;
    printf(".TH ");
    put_upper(manual->tool.name);
    put_text(dash);
    put_upper(command);
    printf(" 1 \"\" \"lungo %s\" \"Lungo\"\n.SH NAME\n", lungo_version());
    put_text(manual->tool.name);
    put_text(dash);
    put_text(command);
    printf(" \\- ");
    put_text(page->brief);
    printf("\n.SH SYNOPSIS\n.B %s%s%s\n", manual->tool.name, is_tool ? "" : " ", command);
    put_text(page->words);
    printf("\n");
    put_section("DESCRIPTION", page->about);
    if (is_tool && manual->commands) put_commands(manual);
    put_flags(manual, page);
    if (manual_has_limits(manual, page)) {
        printf(".SH LIMITS\n");
        limits_print(put_limit);
    }
    put_examples(page->examples);
    put_section("EXIT STATUS",
                page->status ? page->status : "0: done. 1: failed; stderr says why.");
}
