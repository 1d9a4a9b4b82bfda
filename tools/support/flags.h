/* Command line flags in every form that gflags takes: -f v, --f v, -f=v, --f=v, and for booleans
 * -f, --nof, --f=true; a dash in a name stands for an underscore. Flags and plain words may stand
 * in any order; `--` ends the flags. */
#ifndef LUNGO_TOOLS_SUPPORT_FLAGS_H
#define LUNGO_TOOLS_SUPPORT_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum flag_kind {
    FLAG_TEXT,
    FLAG_INT,
    FLAG_BOOL,
    FLAG_LIST /* may be given several times */
} flag_kind;

/* The values of a FLAG_LIST, in order. */
enum { FLAG_LIST_MOST = 32 };
typedef struct flag_list {
    const char *values[FLAG_LIST_MOST + 1]; /* ends with NULL */
} flag_list;

typedef struct tool_flag {
    const char *name;
    flag_kind kind;
    void *value; /* const char **, int * or bool *, holding the default; or an empty flag_list * */
    const char *takes; /* "FILE", "FOLDER", "N", "on|off" ...; NULL for booleans */
    const char *help;  /* whole sentences */
    const char *acts;  /* the commands on which it has an effect; NULL: on all */
    bool given;        /* set when the command line has it */
} tool_flag;

/* The flags that every tool takes besides its own: help, version, completion, and glog's
 * minloglevel, logtostderr, alsologtostderr, stderrthreshold, v and log_dir. This table and `own`
 * end with a flag without name. */
extern const tool_flag *const flags_common;

typedef struct flag_result {
    int word_count;
    const char **words; /* what is not a flag, in order; points into argv */
    bool help, man, version;
    const char *completion; /* for which shell; "": not asked for */
} flag_result;

/* False: what is wrong has been printed to stderr. Plain words are moved to the front of argv. */
bool flags_parse(flag_result *result, int argc, char **argv, tool_flag *own);

/* "--iterations=N"; and what it means, with its default. */
void flag_spelling(char *out, size_t size, const tool_flag *flag);
void flag_sentence(char *out, size_t size, const tool_flag *flag);

#endif
