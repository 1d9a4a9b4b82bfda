/* What Caffe's many forks have and Caffe has not: layer types, fields and enum values, by name.
 *
 * The table (forks.def) serves errors alone: whoever meets an unknown name learns where it comes
 * from and what to do. docs/forks.md shows it to users. */
#ifndef LUNGO_PROTO_FORKS_H
#define LUNGO_PROTO_FORKS_H

#include <stdbool.h>

enum { LUNGO_FORK_NOTE_MAX = 512 };

typedef enum lungo_fork_field {
    LUNGO_FORK_NO_FIELD,
    LUNGO_FORK_FIELD,     /* of a message that Caffe has */
    LUNGO_FORK_LAYERS_OWN /* the settings of a layer type that Caffe lacks */
} lungo_fork_field;

/* Each writes a text to stand behind the words "unknown ... 'name'", such as ": the settings of
 * Normalize, a layer of SSD; ...", or "" and false (0) when no fork is known to have it.
 * `message` and `field` are a type's and a field's short names in the schema. */
lungo_fork_field lungo_forks_have_field(char out[LUNGO_FORK_NOTE_MAX], const char *message,
                                        const char *name);
bool lungo_forks_have_layer(char out[LUNGO_FORK_NOTE_MAX], const char *type);
bool lungo_forks_have_value(char out[LUNGO_FORK_NOTE_MAX], const char *field, const char *name);

/* Whether such a value says how to compute, and never what: then none is as good. */
bool lungo_forks_value_is_ignorable(const char *field, const char *name);

#endif
