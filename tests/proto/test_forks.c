/* The table of what forks have: no row is of something that Caffe has, each is found, and what is
 * said of it fits into an error. */
#include <string.h>

#include "caffe.pb-c.h"
#include "layer/layer.h"
#include "proto/forks.h"
#include "support/suites.h"

static const ProtobufCMessageDescriptor *find_in(const ProtobufCMessageDescriptor *type,
                                                 const char *name) {
    if (strcmp(type->short_name, name) == 0) return type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE) continue;
        const ProtobufCMessageDescriptor *found = find_in(type->fields[i].descriptor, name);
        if (found) return found;
    }
    return NULL;
}

static bool knows_field(const ProtobufCMessageDescriptor *type, const char *name) {
    return protobuf_c_message_descriptor_get_field_by_name(type, name) != NULL;
}

/* Whether a field of this name, in the message or one inside it, has the value. */
static bool knows_value(const ProtobufCMessageDescriptor *type, const char *field,
                        const char *value) {
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *at = &type->fields[i];
        if (at->type == PROTOBUF_C_TYPE_MESSAGE && knows_value(at->descriptor, field, value))
            return true;
        if (at->type == PROTOBUF_C_TYPE_ENUM && strcmp(at->name, field) == 0 &&
            protobuf_c_enum_descriptor_get_value_by_name(at->descriptor, value))
            return true;
    }
    return false;
}

/* With room for the words around it. */
static void check_note(const char *note, const char *forks, const char *advice) {
    ck_assert_uint_lt(strlen(note), LUNGO_FORK_NOTE_MAX - 1);
    ck_assert_ptr_nonnull(strstr(note, forks));
    ck_assert_ptr_nonnull(strstr(note, advice));
}

static void check_layer(const char *type, const char *param, const char *forks,
                        const char *advice) {
    char note[LUNGO_FORK_NOTE_MAX];
    const lungo_layer_type *ours = NULL;
    ck_fails(lungo_layer_find_type(&ours, type), LUNGO_ERR_CONFIG, "unknown layer type '");
    ck_assert(lungo_forks_have_layer(note, type));
    if (!*param) return;
    ck_assert_msg(!knows_field(&caffe__layer_parameter__descriptor, param), "%s", param);
    ck_assert_int_eq(lungo_forks_have_field(note, "LayerParameter", param), LUNGO_FORK_LAYERS_OWN);
    check_note(note, forks, advice);
}

static void check_field(const char *message, const char *name, const char *forks,
                        const char *advice) {
    char note[LUNGO_FORK_NOTE_MAX];
    const ProtobufCMessageDescriptor *type = find_in(&caffe__solver_parameter__descriptor, message);
    ck_assert_msg(type && !knows_field(type, name), "%s.%s", message, name);
    ck_assert_int_eq(lungo_forks_have_field(note, message, name), LUNGO_FORK_FIELD);
    check_note(note, forks, advice);
}

static void check_value(const char *field, const char *name, const char *forks, const char *advice,
                        bool ignorable) {
    char note[LUNGO_FORK_NOTE_MAX];
    ck_assert_msg(!knows_value(&caffe__solver_parameter__descriptor, field, name), "%s", name);
    ck_assert(lungo_forks_have_value(note, field, name));
    check_note(note, forks, advice);
    ck_assert(lungo_forks_value_is_ignorable(field, name) == ignorable);
}

START_TEST(every_row_is_of_a_fork_alone) {
#define FORK_LAYER(type, param, forks, advice)   check_layer(type, param, forks, advice);
#define FORK_FIELD(message, name, forks, advice) check_field(message, name, forks, advice);
#define FORK_VALUE(field, name, forks, advice, ignorable)                                          \
    check_value(field, name, forks, advice, ignorable);
#include "proto/forks.def"
}
END_TEST

START_TEST(other_names_have_no_note) {
    char note[LUNGO_FORK_NOTE_MAX] = "old";
    ck_assert_int_eq(lungo_forks_have_field(note, "LayerParameter", "name"), LUNGO_FORK_NO_FIELD);
    ck_assert_str_eq(note, "");
    ck_assert_int_eq(lungo_forks_have_field(note, "NetParameter", "norm_param"), 0);
    ck_assert_int_eq(lungo_forks_have_field(note, "V1LayerParameter", "bn_param"),
                     LUNGO_FORK_LAYERS_OWN);
    ck_assert(!lungo_forks_have_layer(note, "Convolution"));
    ck_assert_str_eq(note, "");
    ck_assert(!lungo_forks_have_value(note, "pool", "MKLDNN"));
    ck_assert(!lungo_forks_value_is_ignorable("pool", "MKLDNN"));
}
END_TEST

START_TEST(unknown_layers_are_named_with_their_fork) {
    const lungo_layer_type *type = NULL;
    ck_fails(lungo_layer_find_type(&type, "ReLU6"), LUNGO_ERR_CONFIG,
             "unknown layer type 'ReLU6': a layer of MobileNet-YOLO and jolibrain's fork: write "
             "Clip with clip_param { min: 0 max: 6 }");
    ck_fails(lungo_layer_find_type(&type, "ReLu"), LUNGO_ERR_CONFIG,
             "unknown layer type 'ReLu'; did you mean 'ReLU'?");
}
END_TEST

Suite *lungo_suite_forks(void);
Suite *lungo_suite_forks(void) {
    return lungo_suite_of(
        "forks", (const TTest *const[]){every_row_is_of_a_fork_alone, other_names_have_no_note,
                                        unknown_layers_are_named_with_their_fork, NULL});
}
