/* Findings, and the table of what is looked for. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"

static const lungo_check_rule rules[] = {
#define RULE(id, name, severity, kind, function, brief) {name, severity, brief},
#include "check/rules.def"
#undef RULE
};

lungo_check_rule lungo_check_rule_get(size_t index) {
    return index < LUNGO_CHECK_RULES ? rules[index] : (lungo_check_rule){0};
}

size_t lungo_check_count(const lungo_check *check) {
    return check->count;
}

lungo_finding lungo_check_finding(const lungo_check *check, size_t index) {
    return index < check->count ? check->findings[index] : (lungo_finding){0};
}

static bool is_known(const lungo_check *check, const lungo_finding *finding) {
    for (size_t i = 0; i < check->count; i++) {
        const lungo_finding *other = &check->findings[i];
        if (other->rule.name == finding->rule.name && other->line == finding->line &&
            other->column == finding->column && !strcmp(other->file, finding->file) &&
            !strcmp(other->text, finding->text))
            return true;
    }
    return false;
}

static bool make_room(lungo_check *check) {
    if (check->count < check->capacity) return true;
    size_t capacity = check->capacity ? 2 * check->capacity : 64;
    lungo_finding *findings = lungo_arena_array(&check->arena, capacity, sizeof *findings);
    if (!findings) return false;
    if (check->count) memcpy(findings, check->findings, check->count * sizeof *findings);
    check->findings = findings;
    check->capacity = capacity;
    return true;
}

static void add(lungo_check *check, lungo_finding finding) {
    finding.file = lungo_arena_string(&check->arena, finding.file);
    finding.text = lungo_arena_string(&check->arena, finding.text);
    if (!finding.file || !finding.text || !make_room(check))
        check->out_of_memory = true;
    else if (!is_known(check, &finding))
        check->findings[check->count++] = finding;
}

void lungo_find(const lungo_subject *subject, lungo_position at, const char *format, ...) {
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        subject->check->out_of_memory = true;
        return;
    }
    text[strcspn(text, "\n")] = '\0';
    add(subject->check, (lungo_finding){.rule = rules[subject->rule],
                                        .file = at.file ? at.file : subject->file,
                                        .line = at.line > 0 ? at.line : 1,
                                        .column = at.column > 0 ? at.column : 1,
                                        .text = text});
    free(text);
}

void lungo_check_free(lungo_check *check) {
    if (!check) return;
    lungo_arena_dispose(&check->arena);
    free(check);
}
