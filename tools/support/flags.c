#include "support/flags.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/suggest.h"
#include "support/glog.h"

static int minimum_level = -1;
static bool ignored_switch = true;
static int ignored_level = 0;
static const char *log_folder = "";
static bool want_help, want_man, want_version;
static const char *completion_shell = "";

static tool_flag common[] = {
    {"help", FLAG_BOOL, &want_help, NULL, "Say what there is and end.", NULL, false},
    {"helpman", FLAG_BOOL, &want_man, NULL, "The same as the source of a man page.", NULL, false},
    {"version", FLAG_BOOL, &want_version, NULL, "Say the version and end.", NULL, false},
    {"completion", FLAG_TEXT, &completion_shell, "bash|zsh",
     "Print what makes the shell complete this command.", NULL, false},
    {"minloglevel", FLAG_INT, &minimum_level, "N",
     "Log lines below this level are dropped: 0 all, 1 no information, 2 errors only; -1: as "
     "GLOG_minloglevel says.",
     NULL, false},
    {"logtostderr", FLAG_BOOL, &ignored_switch, NULL,
     "Accepted for glog's sake: the log always goes to stderr.", NULL, false},
    {"alsologtostderr", FLAG_BOOL, &ignored_switch, NULL, "Accepted for glog's sake.", NULL, false},
    {"stderrthreshold", FLAG_INT, &ignored_level, "N", "Accepted for glog's sake.", NULL, false},
    {"v", FLAG_INT, &ignored_level, "N", "Accepted for glog's sake: no line has a verbose level.",
     NULL, false},
    {"log_dir", FLAG_TEXT, &log_folder, "FOLDER",
     "Accepted for glog's sake, with a warning: the log goes to stderr, not to a file.", NULL,
     false},
    {0},
};
const tool_flag *const flags_common = common;

static char underscored(char letter) {
    return letter == '-' ? '_' : letter;
}

/* A dash is as good as an underscore, as in gflags: --sigint-effect. */
static bool same_name(const char *name, const char *given, size_t length) {
    if (strlen(name) != length) return false;
    for (size_t i = 0; i < length; i++)
        if (underscored(name[i]) != underscored(given[i])) return false;
    return true;
}

static tool_flag *find_in(tool_flag *table, const char *name, size_t length) {
    for (; table->name; table++)
        if (same_name(table->name, name, length)) return table;
    return NULL;
}

static tool_flag *find(tool_flag *own, const char *name, size_t length) {
    tool_flag *found = find_in(own, name, length);
    return found ? found : find_in(common, name, length);
}

static bool complain(const tool_flag *flag, const char *value, const char *expected) {
    fprintf(stderr, "ERROR: flag --%s: expected %s, got '%s'\n", flag->name, expected, value);
    return false;
}

static bool set_int(const tool_flag *flag, const char *value) {
    bool is_hex = value[0] == '0' && (value[1] == 'x' || value[1] == 'X');
    char *end;
    errno = 0;
    long number = strtol(value, &end, is_hex ? 16 : 10); /* as gflags: 010 is ten */
    if (errno || end == value || *end || number < INT_MIN || number > INT_MAX)
        return complain(flag, value, "a whole number");
    *(int *)flag->value = (int)number;
    return true;
}

static bool set_bool(const tool_flag *flag, const char *value) {
    static const char *const words[2][5] = {{"false", "f", "0", "no", "n"},
                                            {"true", "t", "1", "yes", "y"}};
    for (int truth = 0; truth < 2; truth++)
        for (int i = 0; i < 5; i++)
            if (!strcmp(value, words[truth][i])) {
                *(bool *)flag->value = truth;
                return true;
            }
    return complain(flag, value, "true or false");
}

static bool add_to_list(const tool_flag *flag, const char *value) {
    flag_list *list = flag->value;
    for (int i = 0; i < FLAG_LIST_MOST; i++)
        if (!list->values[i]) {
            list->values[i] = value;
            return true;
        }
    fprintf(stderr, "ERROR: flag --%s: expected it at most %d times\n", flag->name, FLAG_LIST_MOST);
    return false;
}

static bool set(tool_flag *flag, const char *value) {
    flag->given = true;
    switch (flag->kind) {
    case FLAG_INT:
        return set_int(flag, value);
    case FLAG_BOOL:
        return set_bool(flag, value);
    case FLAG_LIST:
        return add_to_list(flag, value);
    case FLAG_TEXT:
        break;
    }
    *(const char **)flag->value = value;
    return true;
}

static size_t count_of(const tool_flag *table) {
    size_t count = 0;
    while (table[count].name)
        count++;
    return count;
}

/* Its own flags, then the common ones. */
static const char *name_at(const void *list, size_t index) {
    const tool_flag *own = list;
    size_t count = count_of(own);
    return index < count ? own[index].name : common[index - count].name;
}

static bool complain_of_name(const tool_flag *own, const char *name, size_t length) {
    char wanted[64], hint[LUNGO_SUGGEST_MAX];
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
    lungo_suggest(hint, wanted, name_at, own, count_of(own) + count_of(common));
    fprintf(stderr, "ERROR: unknown command line flag '%s'%s\n", wanted,
            *hint ? hint : "; --help lists the flags");
    return false;
}

/* One flag at argv[*at]; moves *at onto its last word. */
static bool parse_flag(tool_flag *own, int argc, char **argv, int *at) {
    const char *name = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    tool_flag *flag = find(own, name, length);
    if (!flag && !equals && !strncmp(name, "no", 2)) {
        flag = find(own, name + 2, length - 2);
        if (flag && flag->kind == FLAG_BOOL) return set(flag, "false");
        flag = NULL;
    }
    if (!flag) return complain_of_name(own, name, length);
    if (equals) return set(flag, equals + 1);
    if (flag->kind == FLAG_BOOL) return set(flag, "true");
    if (*at + 1 >= argc) {
        fprintf(stderr, "ERROR: flag --%s is missing its value\n", flag->name);
        return false;
    }
    return set(flag, argv[++*at]);
}

bool flags_parse(flag_result *result, int argc, char **argv, tool_flag *own) {
    bool words_only = false;
    int words = 0;
    for (int i = 1; i < argc; i++) {
        if (!words_only && !strcmp(argv[i], "--")) {
            words_only = true;
        } else if (words_only || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[1 + words++] = argv[i];
        } else if (!parse_flag(own, argc, argv, &i)) {
            return false;
        }
    }
    *result = (flag_result){words,        (const char **)argv + 1, want_help, want_man,
                            want_version, completion_shell};
    if (minimum_level >= 0) glog_set_minimum(minimum_level);
    if (*log_folder)
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "--log_dir has no effect: the log goes to stderr; `2> FILE` keeps it");
    return true;
}

void flag_spelling(char *out, size_t size, const tool_flag *flag) {
    snprintf(out, size, "--%s%s%s", flag->name, flag->takes ? "=" : "",
             flag->takes ? flag->takes : "");
}

void flag_sentence(char *out, size_t size, const tool_flag *flag) {
    if (flag->kind == FLAG_INT && !flag->given)
        snprintf(out, size, "%s Default: %d.", flag->help, *(int *)flag->value);
    else if (flag->kind == FLAG_TEXT && !flag->given && **(const char **)flag->value)
        snprintf(out, size, "%s Default: %s.", flag->help, *(const char **)flag->value);
    else
        snprintf(out, size, "%s", flag->help);
}
