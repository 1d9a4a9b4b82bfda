/* Completions for bash and zsh. A value is completed by what a flag takes: FILE and FOLDER by
 * paths, a|b|c by its words. */
#include <stdio.h>
#include <string.h>

#include "support/glog.h"
#include "support/manual.h"

typedef void flag_printer(const tool_flag *flag);

static void for_flags(const tool_manual *manual, const tool_page *page, flag_printer *print) {
    for (const tool_flag *flag = manual->flags; flag->name; flag++)
        if (manual_has_flag(manual, page, flag)) print(flag);
    for (const tool_flag *flag = flags_common; flag->name; flag++)
        print(flag);
}

static void put_command_names(const tool_manual *manual) {
    for (const tool_page *const *page = manual->commands; page && *page; page++)
        printf(" %s", (*page)->name);
}

/* ---- bash ---- */

static void bash_flag(const tool_flag *flag) {
    printf(" --%s%s", flag->name, flag->takes ? "=" : "");
}

static void bash_flags_of(const tool_manual *manual, const tool_page *page, const char *pattern) {
    printf("        %s) flags=\"", pattern);
    for_flags(manual, page, bash_flag);
    printf("\" ;;\n");
}

/* The cases of a flag's value, among all flags: a name means the same on every command. */
static void bash_value(const tool_flag *flag) {
    if (!flag->takes) return;
    if (!strcmp(flag->takes, "FILE"))
        printf("        --%s) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n", flag->name);
    else if (!strcmp(flag->takes, "FOLDER"))
        printf("        --%s) COMPREPLY=($(compgen -d -- \"$word\")) ;;\n", flag->name);
    else if (strchr(flag->takes, '|'))
        printf("        --%s) IFS='|'; COMPREPLY=($(compgen -W '%s' -- \"$word\")) ;;\n",
               flag->name, flag->takes);
}

static void bash_values(const tool_manual *manual) {
    for (const tool_flag *flag = manual->flags; flag->name; flag++)
        bash_value(flag);
    for (const tool_flag *flag = flags_common; flag->name; flag++)
        bash_value(flag);
}

static void bash_print(const tool_manual *manual) {
    const char *name = manual->tool.name;
    printf("# bash completion of %s\n_%s() {\n"
           "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
           "    local flag='' flags='' IFS=$' \\t\\n'\n    COMPREPLY=()\n"
           "    # The shell cuts --flag=value at the =.\n"
           "    if [[ $word == = ]]; then flag=$before word=''\n"
           "    elif [[ $before == = ]]; then flag=${COMP_WORDS[COMP_CWORD-2]}\n"
           "    elif [[ $before == --* && $word != -* ]]; then flag=$before\n    fi\n"
           "    case $flag in\n",
           name, name);
    bash_values(manual);
    printf("    esac\n    [[ ${#COMPREPLY[@]} -gt 0 || $before == = || $word == = ]] && return\n"
           "    case ${COMP_WORDS[1]} in\n");
    for (const tool_page *const *page = manual->commands; page && *page; page++)
        bash_flags_of(manual, *page, (*page)->name);
    bash_flags_of(manual, &manual->tool, "*");
    printf("    esac\n    if [[ $word == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
           "        [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
           "    elif [[ %d -eq 1 && $COMP_CWORD -eq 1 ]]; then\n"
           "        COMPREPLY=($(compgen -W \"",
           manual->commands != NULL);
    put_command_names(manual);
    printf("\" -- \"$word\"))\n    else\n        COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "    fi\n}\ncomplete -o filenames -F _%s %s\n",
           name, name);
}

/* ---- zsh ---- */

/* A sentence within '--flag[...]'. */
static void zsh_text(const char *text) {
    for (; *text; text++)
        if (*text == '\'')
            printf("'\\''");
        else if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
            printf("\\%c", *text);
        else
            putchar(*text);
}

static void zsh_action(const char *takes) {
    if (!strcmp(takes, "FILE"))
        printf("_files");
    else if (!strcmp(takes, "FOLDER"))
        printf("_files -/");
    else if (strchr(takes, '|')) {
        printf("(");
        for (; *takes; takes++)
            putchar(*takes == '|' ? ' ' : *takes);
        printf(")");
    }
}

static void zsh_flag(const tool_flag *flag) {
    printf(" \\\n            '--%s%s[", flag->name, flag->takes ? "=" : "");
    zsh_text(flag->help);
    printf("]");
    if (flag->takes) {
        printf(":");
        zsh_text(flag->takes);
        printf(":");
        zsh_action(flag->takes);
    }
    printf("'");
}

static void zsh_arguments(const tool_manual *manual, const tool_page *page) {
    printf("        _arguments");
    for_flags(manual, page, zsh_flag);
    printf(" \\\n            '*:file:_files'\n");
}

static void zsh_commands(const tool_manual *manual) {
    printf("    local -a commands=(");
    for (const tool_page *const *page = manual->commands; *page; page++) {
        printf("\n        '%s:", (*page)->name);
        zsh_text((*page)->brief);
        printf("'");
    }
    printf(")\n    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
           "        _describe command commands\n        return\n    fi\n    case $words[2] in\n");
    for (const tool_page *const *page = manual->commands; *page; page++) {
        printf("    %s)\n        shift words; (( CURRENT-- ))\n", (*page)->name);
        zsh_arguments(manual, *page);
        printf("        ;;\n");
    }
    printf("    *)\n");
    zsh_arguments(manual, &manual->tool);
    printf("        ;;\n    esac\n");
}

static void zsh_print(const tool_manual *manual) {
    const char *name = manual->tool.name;
    printf("#compdef %s\n_%s() {\n", name, name);
    if (manual->commands)
        zsh_commands(manual);
    else
        zsh_arguments(manual, &manual->tool);
    printf("}\nif [[ $funcstack[1] == _%s ]]; then _%s \"$@\"; else compdef _%s %s; fi\n", name,
           name, name, name);
}

bool manual_print_completion(const tool_manual *manual, const char *shell) {
    if (!strcmp(shell, "bash"))
        bash_print(manual);
    else if (!strcmp(shell, "zsh"))
        zsh_print(manual);
    else
        return glog_complain("--completion: expected bash or zsh, got '%s'", shell), false;
    return true;
}
