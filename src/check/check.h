/* Checks of definitions: rules that look at a subject and note what they find.
 *
 *   rules.def   the table: every rule, its severity, when it looks, its function
 *   check.c     reads a file and holds each net, and the solver, against the rules
 *   subject.c   a net in one phase, as far as it can be built
 *   report.c    what was found
 *   graph.c, layers.c, sizes.c, files.c, learned.c, schedule.c   the rules
 *
 * gradient.c stands by itself: include/lungo/gradient.h.
 */
#ifndef LUNGO_CHECK_CHECK_H
#define LUNGO_CHECK_CHECK_H

#include "caffe.pb-c.h"
#include "lungo/check.h"
#include "net/net.h"
#include "weights/model.h"

/* When a rule looks. */
typedef enum lungo_rule_kind {
    LUNGO_RULE_READING, /* never: reading and building find it */
    LUNGO_RULE_GRAPH,   /* at every net, in each phase */
    LUNGO_RULE_BUILT,   /* at every net that could be built */
    LUNGO_RULE_LEARNS,  /* at those that are to be trained: in TRAIN, with a loss */
    LUNGO_RULE_WEIGHTS, /* at those that are built, when weights are given */
    LUNGO_RULE_SOLVER   /* at a solver */
} lungo_rule_kind;

typedef struct lungo_subject lungo_subject;

typedef enum lungo_rule_id {
#define RULE(id, name, severity, kind, function, brief) LUNGO_CHECK_##id,
#include "check/rules.def"
#undef RULE
    LUNGO_CHECK_RULES
} lungo_rule_id;

struct lungo_check {
    lungo_arena arena;
    lungo_finding *findings;
    size_t count, capacity;
    bool out_of_memory;
};

/* A net in one phase. Layers are those of the phase, as they stand in the file. */
struct lungo_subject {
    lungo_check *check;
    lungo_rule_id rule;       /* the one that looks now */
    const char *file;         /* where findings without a position go */
    lungo_document *document; /* of the net */
    Caffe__NetParameter *param;
    lungo_phase phase;
    size_t layer_count;
    const Caffe__LayerParameter **layers;
    const lungo_layer_type **types; /* NULL: unknown */
    bool both_phases;               /* the same file is used in the other phase too */
    bool has_loss;

    lungo_net *net; /* NULL: it could not be built */
    bool guessed;   /* sizes of pictures are made up */
    const lungo_model *weights;
    const char *weights_path;

    /* Of a solver, for its rules; `net` is its train net. */
    const Caffe__SolverParameter *solver;
    const lungo_document *solver_document;
    const lungo_subject *tests; /* its test nets, one for each test_iter */
    size_t test_count;
};

/* report.c: notes a finding of the rule that looks. The same twice is noted once. */
void lungo_find(const lungo_subject *subject, lungo_position at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, at a layer of the subject, at a field of a message in such a layer (at the layer, where
 * an upgrade has moved it), at a field of the solver. */
#define lungo_find_layer(subject, layer, ...)                                                      \
    lungo_find(subject, lungo_document_position((subject)->document, layer), __VA_ARGS__)
#define lungo_find_field(subject, layer, message, field, ...)                                      \
    lungo_find(subject, lungo_subject_position(subject, layer, message, field), __VA_ARGS__)
#define lungo_find_setting(subject, field, ...)                                                    \
    lungo_find(                                                                                    \
        subject,                                                                                   \
        lungo_message_position((subject)->solver_document, &(subject)->solver->base, field),       \
        __VA_ARGS__)

lungo_position lungo_subject_position(const lungo_subject *subject,
                                      const Caffe__LayerParameter *layer,
                                      const ProtobufCMessage *message, const char *field);

/* files.c: "" or what to think of when a file of this name is not there. */
const char *lungo_check_path_advice(const char *path);

/* check.c: all rules of a kind look at the subject. */
void lungo_check_apply(lungo_subject *subject, lungo_rule_kind kind);

/* subject.c: lists the layers that belong to the net in its state, then builds it, if it can be
 * built. Dispose also after a failure, which is one of memory alone. */
lungo_status lungo_subject_init(lungo_subject *subject);
void lungo_subject_dispose(lungo_subject *subject);

/* ---- for rules ---- */

static inline bool lungo_is_type(const Caffe__LayerParameter *layer, const char *type) {
    return layer->type && strcmp(layer->type, type) == 0;
}

/* The layer, by its place in the subject, that makes what layer `index` takes as this bottom: the
 * last before it with a top of the name. SIZE_MAX: none. */
size_t lungo_subject_maker(const lungo_subject *subject, size_t index, const char *blob);

/* The next layer after `after` that takes what layer `maker` makes under this name. SIZE_MAX: no
 * more. Begin with after = maker. */
size_t lungo_subject_taker(const lungo_subject *subject, size_t maker, const char *blob,
                           size_t after);

/* The layer of the built net as it stands in the file; NULL for automatic Splits. */
const Caffe__LayerParameter *lungo_subject_given(const lungo_subject *subject, int layer);

#endif
