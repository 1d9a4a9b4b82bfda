#include "support/flags.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/glog.h"

static int minimum_level = -1;
static bool ignored_switch = true;
static int ignored_level = 0;
static const char *log_folder = "";
static bool want_help, want_version;

static tool_flag common[] = {
    {"minloglevel", FLAG_INT, &minimum_level,
     "Log lines below this level are dropped: 0 all, 1 no "
     "information, 2 errors only; -1: as GLOG_minloglevel says.",
     NULL, false},
    {"logtostderr", FLAG_BOOL, &ignored_switch,
     "Accepted for glog's sake: the log always goes to stderr.", NULL, false},
    {"alsologtostderr", FLAG_BOOL, &ignored_switch,
     "Accepted for glog's sake: the log always goes to stderr.", NULL, false},
    {"stderrthreshold", FLAG_INT, &ignored_level,
     "Accepted for glog's sake: the log always goes to stderr.", NULL, false},
    {"v", FLAG_INT, &ignored_level, "Accepted for glog's sake: no line has a verbose level.", NULL,
     false},
    {"log_dir", FLAG_TEXT, &log_folder,
     "Accepted for glog's sake, with a warning: the log goes to stderr, not to a file.", NULL,
     false},
    {"help", FLAG_BOOL, &want_help, "Say what there is and end.", NULL, false},
    {"version", FLAG_BOOL, &want_version, "Say the version and end.", NULL, false},
    {0},
};

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

static bool set(tool_flag *flag, const char *value) {
    flag->given = true;
    switch (flag->kind) {
    case FLAG_INT:
        return set_int(flag, value);
    case FLAG_BOOL:
        return set_bool(flag, value);
    case FLAG_TEXT:
        break;
    }
    *(const char **)flag->value = value;
    return true;
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
    if (!flag) {
        fprintf(stderr, "ERROR: unknown command line flag '%.*s'; --help lists the flags\n",
                (int)length, name);
        return false;
    }
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
    *result = (flag_result){words, (const char **)argv + 1, want_help, want_version};
    if (minimum_level >= 0) glog_set_minimum(minimum_level);
    if (*log_folder)
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__,
                  "--log_dir has no effect: the log goes to stderr; `2> FILE` keeps it");
    return true;
}

static void print_one(const tool_flag *flag) {
    printf("  --%s (%s) ", flag->name, flag->help);
    if (flag->kind == FLAG_TEXT)
        printf("type: string default: \"%s\"", *(const char **)flag->value);
    if (flag->kind == FLAG_INT) printf("type: int32 default: %d", *(int *)flag->value);
    if (flag->kind == FLAG_BOOL) printf("type: bool");
    printf("\n");
}

void flags_print(const tool_flag *own) {
    for (const tool_flag *flag = own; flag->name; flag++)
        print_one(flag);
    for (const tool_flag *flag = common; flag->name; flag++)
        print_one(flag);
}
