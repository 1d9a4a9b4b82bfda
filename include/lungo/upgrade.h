/* Definitions of nets and solvers as files hold them, brought to Caffe's current form.
 *
 *   lungo_definition *net;
 *   lungo_definition_read(&net, LUNGO_DEFINITION_NET_TEXT, "old.prototxt", NULL);
 *   if (lungo_definition_is_old(net)) lungo_definition_upgrade(net, NULL);
 *   lungo_definition_write(net, "new.prototxt");
 *   lungo_definition_free(net);
 */
#ifndef LUNGO_UPGRADE_H
#define LUNGO_UPGRADE_H

#include <stdbool.h>

#include "lungo/limits.h"
#include "lungo/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lungo_definition_kind {
    LUNGO_DEFINITION_NET_TEXT,   /* a prototxt */
    LUNGO_DEFINITION_NET_BINARY, /* a .caffemodel: what the schema does not know is kept, but
                                 for fields of V0 and V1 layers, which have no place any more */
    LUNGO_DEFINITION_SOLVER_TEXT
} lungo_definition_kind;

typedef struct lungo_definition lungo_definition;

typedef struct lungo_definition_options {
    bool skip_unknown; /* fields that Caffe does not have are passed over in texts, each with a
                          warning; else they are errors */
    lungo_limits limits;
} lungo_definition_options;

#define LUNGO_DEFINITION_OPTIONS_INIT                                                              \
    { false, LUNGO_LIMITS_INIT }

/* options NULL: all defaults. The caller frees *out. */
lungo_status lungo_definition_read(lungo_definition **out, lungo_definition_kind kind,
                                   const char *path, const lungo_definition_options *options);
/* A text, as a net or as a solver, whichever it is. */
lungo_status lungo_definition_read_any(lungo_definition **out, const char *path,
                                       const lungo_definition_options *options);
void lungo_definition_free(lungo_definition *definition);

/* Nets: V0 or V1 layers, transformation fields in data layers, net-level inputs, BatchNorm with
 * three params. Solvers: solver_type; nets inside a solver stay as they are. */
bool lungo_definition_is_old(const lungo_definition *definition);

/* Logs what Caffe logs. *complete (unless NULL) is false when settings had no place in the new form
 * and are left out: each is named in the log. After a failure the definition is good for nothing
 * but to be freed. */
lungo_status lungo_definition_upgrade(lungo_definition *definition, bool *complete);

/* In the kind that it was read as; the file appears whole or not at all. */
lungo_status lungo_definition_write(const lungo_definition *definition, const char *path);

/* ---- what two of them say differently ---- */

typedef struct lungo_difference {
    const char *layer; /* its name; "" for the net or the solver itself */
    const char *field; /* "convolution_param.pad", "param[1].lr_mult"; of a whole layer, "type" */
    const char *a, *b; /* what they have there, as a prototxt has it; NULL: nothing */
} lungo_difference;

/* The texts last as long as the call. */
typedef void lungo_difference_function(void *user, const lungo_difference *difference);

/* Two nets or two solvers, upgraded. Layers are matched by their names, those of one name in their
 * order; a field that is not given has its default. One whose absence means something else than its
 * default (use_global_stats) differs from one that is given. For a layer that comes earlier than
 * one which it follows in the other definition the field is "(order)", and the texts name the layer
 * before it. */
lungo_status lungo_definition_compare(const lungo_definition *a, const lungo_definition *b,
                                      lungo_difference_function *function, void *user);

#ifdef __cplusplus
}
#endif
#endif
