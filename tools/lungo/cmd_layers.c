/* lungo layers [TYPE...]: the catalogue, from the tables that build the nets; with --markdown as
 * pages, which docs/layers/ holds one by one. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "lungo/catalog.h"
#include "support/glog.h"

typedef struct range_text {
    char text[32];
} range_text;

static range_text range(const int limits[2]) {
    range_text out;
    if (limits[0] == limits[1])
        snprintf(out.text, sizeof out.text, "%d", limits[0]);
    else if (limits[1] < 0)
        snprintf(out.text, sizeof out.text, "%d+", limits[0] < 0 ? 0 : limits[0]);
    else
        snprintf(out.text, sizeof out.text, "%d-%d", limits[0], limits[1]);
    return out;
}

/* ---- as text ---- */

static void print_line(const lungo_catalog_entry *entry) {
    printf("%-24s %-14s %4s -> %-4s %s\n", entry->name, entry->family, range(entry->bottoms).text,
           range(entry->tops).text, entry->brief);
}

static void print_list(void) {
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        print_line(&entry);
    }
}

static void print_fields(const char *param) {
    lungo_catalog_field field;
    printf("  %s\n", param);
    for (size_t i = 0; lungo_catalog_field_get(&field, param, i); i++)
        printf("    %-20s %-28s %s%s\n", field.name, field.type, *field.fallback ? "default " : "",
               field.fallback);
}

static void print_entry(const lungo_catalog_entry *entry) {
    printf("%s (%s): %s\n", entry->name, entry->family, entry->brief);
    printf("  bottoms %s, tops %s\n", range(entry->bottoms).text, range(entry->tops).text);
    for (size_t i = 0; i < 4 && entry->params[i]; i++)
        print_fields(entry->params[i]);
    printf("\n%s\n", entry->page);
    if (*entry->differences) printf("\n%s\n", entry->differences);
    if (*entry->example) printf("\nExample:\n\n%s\n", entry->example);
}

/* ---- as pages ---- */

static void mark_fields(const char *param) {
    lungo_catalog_field field;
    printf("\n## %s\n\n| field | type | default | |\n|---|---|---|---|\n", param);
    for (size_t i = 0; lungo_catalog_field_get(&field, param, i); i++)
        printf("| `%s` | %s%s%s | %s | %s |\n", field.name, field.type, *field.values ? ": " : "",
               field.values, field.fallback, field.note);
}

static void mark_list(void) {
    printf("# Layer types\n\nMade by `lungo layers --markdown` from the source.\n\n"
           "| type | family | bottoms | tops | what it does |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        printf("| [%s](%s.md) | %s | %s | %s | %s |\n", entry.name, entry.name, entry.family,
               range(entry.bottoms).text, range(entry.tops).text, entry.brief);
    }
    printf("\nEvery layer may have, besides name, type, bottom and top:\n");
    mark_fields("param");
    mark_fields("include");
}

static void mark_entry(const lungo_catalog_entry *entry) {
    printf("# %s\n\n%s\n\nFamily: %s. Bottoms: %s. Tops: %s.%s\n", entry->name, entry->brief,
           entry->family, range(entry->bottoms).text, range(entry->tops).text,
           entry->in_place ? " May work in place." : "");
    printf("\n```\n%s\n```\n", entry->page);
    if (*entry->differences) printf("\n## Differences from Caffe\n\n%s\n", entry->differences);
    for (size_t i = 0; i < 4 && entry->params[i]; i++)
        mark_fields(entry->params[i]);
    if (*entry->example) printf("\n## Example\n\n```\n%s\n```\n", entry->example);
}

/* ---- */

static bool describe(const char *type, void (*write)(const lungo_catalog_entry *)) {
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        if (strcmp(entry.name, type)) continue;
        write(&entry);
        return true;
    }
    return false;
}

int cmd_layers(const command_flags *flags, const char *const *words, int word_count) {
    for (int i = 0; i < word_count; i++)
        if (!describe(words[i], flags->markdown ? mark_entry : print_entry))
            return glog_complain("unknown layer type '%s'; `lungo layers` lists the types",
                                 words[i]);
    if (word_count == 0) flags->markdown ? mark_list() : print_list();
    return 0;
}
