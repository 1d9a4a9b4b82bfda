#include "proto/forks.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *type, *param, *forks, *advice;
} layers[] = {
#define FORK_LAYER(type, param, forks, advice) {type, param, forks, advice},
#include "proto/forks.def"
};

static const struct {
    const char *message, *name, *forks, *advice;
} fields[] = {
#define FORK_FIELD(message, name, forks, advice) {message, name, forks, advice},
#include "proto/forks.def"
};

static const struct {
    const char *field, *name, *forks, *advice;
    bool ignorable;
} values[] = {
#define FORK_VALUE(field, name, forks, advice, ignorable) {field, name, forks, advice, ignorable},
#include "proto/forks.def"
};

/* Settings of a layer are named for it, and go where it goes. */
static lungo_fork_field have_param(char out[LUNGO_FORK_NOTE_MAX], const char *name) {
    for (size_t i = 0; i < COUNT(layers); i++) {
        if (strcmp(layers[i].param, name)) continue;
        snprintf(out, LUNGO_FORK_NOTE_MAX, ": the settings of %s, a layer of %s: %s",
                 layers[i].type, layers[i].forks, layers[i].advice);
        return LUNGO_FORK_LAYERS_OWN;
    }
    return LUNGO_FORK_NO_FIELD;
}

static bool is_layer(const char *message) {
    return strcmp(message, "LayerParameter") == 0 || strcmp(message, "V1LayerParameter") == 0;
}

lungo_fork_field lungo_forks_have_field(char out[LUNGO_FORK_NOTE_MAX], const char *message,
                                        const char *name) {
    out[0] = '\0';
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (strcmp(fields[i].message, message) || strcmp(fields[i].name, name)) continue;
        snprintf(out, LUNGO_FORK_NOTE_MAX, ": a field of %s: %s", fields[i].forks,
                 fields[i].advice);
        return LUNGO_FORK_FIELD;
    }
    return is_layer(message) ? have_param(out, name) : LUNGO_FORK_NO_FIELD;
}

bool lungo_forks_have_layer(char out[LUNGO_FORK_NOTE_MAX], const char *type) {
    out[0] = '\0';
    for (size_t i = 0; i < COUNT(layers); i++) {
        if (strcmp(layers[i].type, type)) continue;
        snprintf(out, LUNGO_FORK_NOTE_MAX, ": a layer of %s: %s", layers[i].forks,
                 layers[i].advice);
        return true;
    }
    return false;
}

static size_t find_value(const char *field, const char *name) {
    size_t i = 0;
    while (i < COUNT(values) && (strcmp(values[i].field, field) || strcmp(values[i].name, name)))
        i++;
    return i;
}

bool lungo_forks_have_value(char out[LUNGO_FORK_NOTE_MAX], const char *field, const char *name) {
    size_t i = find_value(field, name);
    out[0] = '\0';
    if (i == COUNT(values)) return false;
    snprintf(out, LUNGO_FORK_NOTE_MAX, ": a value of %s: %s", values[i].forks, values[i].advice);
    return true;
}

bool lungo_forks_value_is_ignorable(const char *field, const char *name) {
    size_t i = find_value(field, name);
    return i < COUNT(values) && values[i].ignorable;
}
