/* lungo layers [TYPE...]: the catalogue, from the tables that build the nets. */
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

static void print_line(const lungo_catalog_entry *entry) {
    printf("%-24s %-14s %4s -> %-4s %s\n", entry->name, entry->family, range(entry->bottoms).text,
           range(entry->tops).text, entry->brief);
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
}

static bool describe(const char *type) {
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        if (strcmp(entry.name, type)) continue;
        print_entry(&entry);
        return true;
    }
    return false;
}

int cmd_layers(const char *const *words, int word_count) {
    for (int i = 0; i < word_count; i++)
        if (!describe(words[i]))
            return glog_complain("unknown layer type '%s'; `lungo layers` lists the types",
                                 words[i]);
    for (size_t i = 0; word_count == 0 && i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        print_line(&entry);
    }
    return 0;
}
