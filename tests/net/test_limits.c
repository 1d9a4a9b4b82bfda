/* Every limit of include/lungo/limits.h, wherever definitions are read: what is at it passes, one
 * more is refused with its name. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/limits.h"
#include "caffe.pb-c.h"
#include "lungo/check.h"
#include "lungo/fold.h"
#include "lungo/gradient.h"
#include "lungo/solver.h"
#include "lungo/upgrade.h"
#include "proto/text.h"
#include "proto/wire_decode.h"
#include "support/nets.h"
#include "support/solvers.h"
#include "support/suites.h"

/* ---- the table ---- */

START_TEST(limits_are_set_by_name) {
    lungo_limits limits = LUNGO_LIMITS_INIT;
    ck_ok(lungo_limits_set(&limits, "layers=20000,text=1G"));
    ck_ok(lungo_limits_set(&limits, "string=64k"));
    ck_ok(lungo_limits_set(&limits, "definition=3T,nesting=1000"));
    ck_assert_uint_eq(limits.layers, 20000);
    ck_assert_uint_eq(limits.text, 1 << 30);
    ck_assert_uint_eq(limits.string, 64 << 10);
    ck_assert_uint_eq(limits.definition, (size_t)3 << 40);
    ck_assert_uint_eq(limits.nesting, 1000);
    ck_assert_uint_eq(limits.tops, 0);
    ck_assert_uint_eq(lungo_limits_in_force(&limits).tops, 40000);
    ck_assert_uint_eq(lungo_limits_in_force(NULL).layers, 10000);
    limits.nesting = SIZE_MAX;
    ck_assert_uint_eq(lungo_limits_in_force(&limits).nesting, 1000);
}
END_TEST

START_TEST(what_is_no_limit_is_refused) {
    static const char *const cases[][2] = {
        {"layrs=5", "unknown limit 'layrs'; did you mean 'layers'?"},
        {"memory=5", "unknown limit 'memory'; known: layers, tops, values, text, string, nesting, "
                     "definition"},
        {"layers", "limits: expected NAME=NUMBER, got 'layers'"},
        {"", "limits: expected NAME=NUMBER, got ''"},
        {"layers=5,", "limits: expected NAME=NUMBER, got ''"},
        {"layers=0", "limit 'layers': expected a whole number from 1 to 2147483647, as 500 or "
                     "64M, got '0'"},
        {"layers=-1", "got '-1'"},
        {"layers=1.5", "got '1.5'"},
        {"layers=2G", "got '2G'"},
        {"layers=5MB", "got '5MB'"},
        {"nesting=1001", "expected a whole number from 1 to 1000, as 500 or 64M, got '1001'"},
        {"definition=99999999999999999999", "got '99999999999999999999'"},
        {"definition=18014398509481984T", "got '18014398509481984T'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lungo_limits limits = LUNGO_LIMITS_INIT;
        ck_fails(lungo_limits_set(&limits, cases[i][0]), LUNGO_ERR_USAGE, cases[i][1]);
    }
}
END_TEST

/* docs/reliability.md has each of them as "| `name` | default |". */
START_TEST(the_page_has_the_table) {
    char *page, row[64];
    size_t length, count = 0;
    ck_ok(lungo_file_read(&page, &length, LUNGO_SOURCE_DIR "/docs/reliability.md"));
    for (lungo_limit limit; (limit = lungo_limit_get(count)).name; count++) {
        lungo_limits given = LUNGO_LIMITS_INIT, defaults = lungo_limits_in_force(NULL);
        snprintf(row, sizeof row, "\n| `%s` | %s |", limit.name, limit.fallback);
        ck_assert_msg(strstr(page, row) != NULL, "docs/reliability.md lacks '%s'", row + 1);
        snprintf(row, sizeof row, "%s=%s", limit.name, limit.fallback);
        ck_ok(lungo_limits_set(&given, row));
        ck_assert_uint_eq(((size_t *)&given)[count], ((size_t *)&defaults)[count]);
    }
    ck_assert_uint_gt(count, 0);
    free(page);
}
END_TEST

/* ---- each at its value, and one above ---- */

static lungo_status open_text(const char *text, const lungo_limits *limits) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *net = NULL;
    options.limits = *limits;
    options.unknown_fields = LUNGO_UNKNOWN_WARN;
    lungo_set_log(NULL, NULL);
    lungo_status status = lungo_net_open_text(&net, text, "net.prototxt", &options);
    if (status == LUNGO_OK) lungo_net_free(net);
    return status;
}

/* Two layers and a Split, five tops, 2x8 weights, 9 letters in a name. */
static const char sample[] = INPUT("x", "dim: 3 dim: 8") LAYER1("split_up1", "ReLU", "x", "y", "")
    LAYER1("ip", "InnerProduct", "x", "z",
           "inner_product_param { num_output: 2 }") "more { a { b: [[1]] } }";

typedef struct limit_case {
    const char *name;
    size_t least; /* that the sample passes with */
    lungo_status code;
    const char *error;
} limit_case;

static const limit_case cases[] = {
    {"layers", 4, LUNGO_ERR_CONFIG,
     "expected at most 3 layers, got 4 (limit 'layers'; --limit=layers=N allows more)"},
    {"tops", 5, LUNGO_ERR_CONFIG,
     "expected at most 4 tops of all layers, got 5 (limit 'tops'; --limit=tops=N allows more)"},
    {"values", 24, LUNGO_ERR_MEMORY,
     "top 'x' of shape 3x8: expected at most 23 values, got 24 (limit 'values'; --limit=values=N "
     "allows more)\n  in layer 'in_x' (Input), net.prototxt:1"},
    {"text", sizeof sample - 1, LUNGO_ERR_PARSE,
     " bytes of text, got 273 (limit 'text'; --limit=text=N allows more)"},
    {"string", 12, LUNGO_ERR_PARSE,
     "net.prototxt:3:26: 'type': expected a string of at most 11 bytes, got more (limit 'string'; "
     "--limit=string=N allows more)"},
    {"nesting", 4, LUNGO_ERR_PARSE,
     "in an unknown field: expected at most 3 messages or lists in each other, got more (limit "
     "'nesting'; --limit=nesting=N allows more)"},
};

static void set(lungo_limits *limits, const char *name, size_t value) {
    char text[64];
    snprintf(text, sizeof text, "%s=%zu", name, value);
    ck_ok(lungo_limits_set(limits, text));
}

START_TEST(nets_are_held_to_each) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lungo_limits limits = LUNGO_LIMITS_INIT;
        set(&limits, cases[i].name, cases[i].least);
        ck_ok(open_text(sample, &limits));
        set(&limits, cases[i].name, cases[i].least - 1);
        ck_fails(open_text(sample, &limits), cases[i].code, cases[i].error);
    }
}
END_TEST

START_TEST(parameters_and_new_shapes_are_held_to_values) {
    static const char net[] = INPUT("x", "dim: 1 dim: 8")
        LAYER1("ip", "InnerProduct", "x", "z", "inner_product_param { num_output: 3 }");
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_net *opened;
    options.limits.values = 23;
    ck_fails(open_text(net, &options.limits), LUNGO_ERR_MEMORY,
             "expected at most 23 values, got 24");
    options.limits.values = 24;
    ck_ok(lungo_net_open_text(&opened, net, "net.prototxt", &options));
    ck_ok(lungo_blob_reshape(lungo_net_input(opened, 0), &(lungo_shape){2, {3, 8}}));
    ck_ok(lungo_net_reshape(opened));
    ck_ok(lungo_blob_reshape(lungo_net_input(opened, 0), &(lungo_shape){2, {9, 8}}));
    ck_fails(lungo_net_reshape(opened), LUNGO_ERR_MEMORY, "expected at most 24 values, got 72");
    lungo_net_free(opened);
}
END_TEST

/* ---- what a definition takes ---- */

/* "layer: [{}, {}, ... {}]" takes most memory for each byte of text. */
static char *many_layers(size_t count) {
    lungo_buffer text = {0};
    lungo_buffer_puts(&text, "layer:[{}");
    for (size_t i = 1; i < count; i++)
        lungo_buffer_puts(&text, ",{}");
    lungo_buffer_puts(&text, "]");
    ck_assert(!text.failed);
    return text.bytes;
}

static lungo_status parse(const char *text, size_t *size, size_t most) {
    lungo_document *document;
    ProtobufCMessage *message;
    lungo_limits limits = {.definition = most};
    ck_ok(lungo_document_new(&document));
    lungo_document_set_limits(document, &limits);
    lungo_status status = lungo_text_parse(document, &message, &caffe__net_parameter__descriptor,
                                           text, strlen(text), "net.prototxt");
    *size = lungo_document_size(document);
    lungo_document_free(document);
    return status;
}

START_TEST(memory_of_a_definition_is_bounded) {
    char *text = many_layers(5000);
    size_t length = strlen(text), size, ignored;
    ck_ok(parse(text, &size, 0));
    ck_assert_uint_lt(size, 400 * length);
    ck_ok(parse(text, &ignored, size - 4 * length));
    ck_fails(parse(text, &ignored, size - 4 * length - 1), LUNGO_ERR_MEMORY,
             "net.prototxt: expected a definition that takes at most ");
    ck_fails(parse(text, &size, 1 << 20), LUNGO_ERR_MEMORY,
             " bytes of memory once read, got more (limit 'definition'; --limit=definition=N "
             "allows more)");
    ck_assert_uint_lt(size, (1 << 20) + 4 * length + (256 << 10)); /* and no more is taken */
    free(text);
}
END_TEST

static lungo_status decode(const void *bytes, size_t length, const lungo_limits *limits) {
    lungo_document *document;
    ProtobufCMessage *message;
    ck_ok(lungo_document_new(&document));
    lungo_document_set_limits(document, limits);
    lungo_status status = lungo_wire_decode(document, &message, &caffe__net_parameter__descriptor,
                                            bytes, length, "a.caffemodel");
    lungo_document_free(document);
    return status;
}

START_TEST(binary_definitions_are_held_to_them) {
    static const char name[] = "\012\005abcde";
    enum { LAYERS = 20000 };
    static char layers[3 * LAYERS];
    for (int i = 0; i < LAYERS; i++)
        memcpy(layers + 3 * i, "\242\006\000", 3);
    ck_ok(decode(name, 7, &(lungo_limits){.string = 5}));
    ck_fails(decode(name, 7, &(lungo_limits){.string = 4}), LUNGO_ERR_FORMAT,
             "a.caffemodel: 'name': expected a string of at most 4 bytes, got 5 (limit 'string'; "
             "--limit=string=N allows more)");
    ck_ok(decode(layers, sizeof layers, &(lungo_limits){.definition = 300 * sizeof layers}));
    ck_fails(decode(layers, sizeof layers, &(lungo_limits){.definition = 1 << 20}),
             LUNGO_ERR_MEMORY, "a.caffemodel: expected a definition that takes at most ");
}
END_TEST

/* ---- wherever definitions are read ---- */

#define TWO_LAYERS                                                                                 \
    "layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param { shape { dim: 4 } } } "        \
    "layer { name: 'y' type: 'Reduction' bottom: 'x' top: 'y' loss_weight: 1 }"
#define ONE_LAYER "expected at most 1 layers, got 2"

static lungo_status open_solver(const char *text, const lungo_limits *limits) {
    lungo_solver_options options = LUNGO_SOLVER_OPTIONS_INIT;
    lungo_solver *solver = NULL;
    options.limits = *limits;
    lungo_test_file("solver.prototxt", text);
    lungo_status status = lungo_solver_open(&solver, "solver.prototxt", &options);
    lungo_solver_free(solver);
    return status;
}

START_TEST(solvers_pass_them_on) {
    static const char settings[] = "base_lr: 0 lr_policy: 'fixed' net: 'net.prototxt'";
    lungo_test_file("net.prototxt", TWO_LAYERS);
    ck_ok(open_solver(settings, &(lungo_limits){.layers = 2}));
    ck_fails(open_solver(settings, &(lungo_limits){.layers = 1}), LUNGO_ERR_CONFIG, ONE_LAYER);
    ck_fails(open_solver(settings, &(lungo_limits){.text = 100}), LUNGO_ERR_PARSE,
             "net.prototxt: expected at most 100 bytes of text, got 158");
    ck_fails(open_solver(settings, &(lungo_limits){.text = 10}), LUNGO_ERR_PARSE,
             "solver.prototxt: expected at most 10 bytes of text, got 49");
}
END_TEST

static void expect_finding(const char *path, const lungo_limits *limits, const char *part) {
    lungo_check_options options = LUNGO_CHECK_OPTIONS_INIT;
    lungo_check *check;
    bool found = part == NULL;
    options.limits = *limits;
    ck_ok(lungo_check_file(&check, path, &options));
    for (size_t i = 0; i < lungo_check_count(check); i++) {
        const char *text = lungo_check_finding(check, i).text;
        ck_assert_msg(part || !strstr(text, "limit '"), "%s", text);
        found |= part && strstr(text, part);
    }
    ck_assert_msg(found, "expected a finding with '%s'", part ? part : "");
    lungo_check_free(check);
}

START_TEST(checks_report_them) {
    lungo_test_file("net.prototxt", TWO_LAYERS);
    lungo_test_file("solver.prototxt", "base_lr: 0 lr_policy: 'fixed' net: 'net.prototxt'");
    expect_finding("net.prototxt", &(lungo_limits){.layers = 2}, NULL);
    expect_finding("net.prototxt", &(lungo_limits){.layers = 1}, ONE_LAYER);
    expect_finding("net.prototxt", &(lungo_limits){.text = 100}, "expected at most 100 bytes");
    expect_finding("solver.prototxt", &(lungo_limits){.layers = 1}, ONE_LAYER);
    expect_finding("solver.prototxt", &(lungo_limits){.text = 100}, "expected at most 100 bytes");
}
END_TEST

START_TEST(all_other_readers_have_them) {
    lungo_definition *definition;
    lungo_folded *folded;
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    lungo_definition_options reading = LUNGO_DEFINITION_OPTIONS_INIT;
    options.limits.layers = 1;
    reading.limits.text = 100;
    lungo_test_file("net.prototxt", TWO_LAYERS);
    ck_fails(lungo_gradient_check("net.prototxt", &options, NULL, NULL, NULL), LUNGO_ERR_CONFIG,
             ONE_LAYER);
    ck_fails(lungo_folded_open(&folded, "net.prototxt", "none", &options), LUNGO_ERR_CONFIG,
             ONE_LAYER);
    ck_fails(
        lungo_definition_read(&definition, LUNGO_DEFINITION_NET_TEXT, "net.prototxt", &reading),
        LUNGO_ERR_PARSE, "expected at most 100 bytes of text, got 158");
    ck_fails(lungo_definition_read_any(&definition, "net.prototxt", &reading), LUNGO_ERR_PARSE,
             "expected at most 100 bytes of text, got 158");
    reading.limits.text = 158;
    ck_ok(lungo_definition_read_any(&definition, "net.prototxt", &reading));
    lungo_definition_free(definition);
}
END_TEST

/* A file that is longer than the limit is not read: this one would take 1 GB. */
START_TEST(what_is_too_long_is_not_read) {
    FILE *file = fopen("long.prototxt", "w");
    ck_assert(file && fseek(file, 1 << 30, SEEK_SET) == 0 && fputc('\n', file) == '\n');
    ck_assert_int_eq(fclose(file), 0);
    lungo_net *net;
    ck_fails(lungo_net_open(&net, "long.prototxt", NULL), LUNGO_ERR_PARSE,
             "long.prototxt: expected at most 67108864 bytes of text, got 1073741825");
    char *bytes;
    size_t length;
    lungo_test_file("five", "12345");
    ck_ok(lungo_file_read_at_most(&bytes, &length, "five", 5));
    ck_assert_str_eq(bytes, "12345");
    free(bytes);
    ck_ok(lungo_file_read_at_most(&bytes, &length, "five", 4));
    ck_assert_ptr_null(bytes);
    ck_assert_uint_eq(length, 5);
}
END_TEST

Suite *lungo_suite_limits(void);
Suite *lungo_suite_limits(void) {
    return lungo_test_folder_suite(
        "limits", (const TTest *const[]){
                      limits_are_set_by_name, what_is_no_limit_is_refused, the_page_has_the_table,
                      nets_are_held_to_each, parameters_and_new_shapes_are_held_to_values,
                      memory_of_a_definition_is_bounded, binary_definitions_are_held_to_them,
                      solvers_pass_them_on, checks_report_them, all_other_readers_have_them,
                      what_is_too_long_is_not_read, NULL});
}
