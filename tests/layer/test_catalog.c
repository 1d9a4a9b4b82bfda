#include <string.h>

#include "layer/layer.h"
#include "lungo/catalog.h"
#include "support/suites.h"

START_TEST(types_are_in_alphabetical_order_and_complete) {
    size_t count = lungo_catalog_count();
    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        ck_assert_msg(entry.brief && entry.brief[0], "%s says nothing of itself", entry.name);
        ck_assert_msg(strstr(" activation common data loss normalization recurrent utility vision ",
                             entry.family) != NULL,
                      "%s: unknown family %s", entry.name, entry.family);
        if (i > 0)
            ck_assert_msg(strcmp(lungo_catalog_get(i - 1).name, entry.name) < 0,
                          "%s stands behind %s in layers.def", entry.name,
                          lungo_catalog_get(i - 1).name);
        ck_assert_str_eq(lungo_layer_type_at(i)->name, entry.name);
    }
    ck_assert_ptr_null(lungo_layer_type_at(count));
    ck_assert_ptr_null(lungo_catalog_get(count).name);
}
END_TEST

START_TEST(every_params_entry_is_a_message_of_the_schema) {
    lungo_catalog_field field;
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        for (size_t j = 0; j < 4 && entry.params[j]; j++)
            ck_assert_msg(lungo_catalog_field_get(&field, entry.params[j], 0),
                          "%s: %s has no field", entry.name, entry.params[j]);
    }
}
END_TEST

START_TEST(bounds_of_bottoms_and_tops_make_sense) {
    for (size_t i = 0; i < lungo_catalog_count(); i++) {
        lungo_catalog_entry entry = lungo_catalog_get(i);
        ck_assert_msg(entry.bottoms[0] >= 0 && entry.tops[0] >= 0, "%s", entry.name);
        ck_assert_msg(entry.bottoms[1] < 0 || entry.bottoms[1] >= entry.bottoms[0], "%s",
                      entry.name);
        ck_assert_msg(entry.tops[1] < 0 || entry.tops[1] >= entry.tops[0], "%s", entry.name);
    }
}
END_TEST

static void expect_field(const char *param, size_t index, const char *name, const char *type,
                         const char *fallback) {
    lungo_catalog_field field;
    ck_assert(lungo_catalog_field_get(&field, param, index));
    ck_assert_str_eq(field.name, name);
    ck_assert_str_eq(field.type, type);
    ck_assert_str_eq(field.fallback, fallback);
}

/* In the order of the fields' numbers. */
START_TEST(fields_come_from_the_schema) {
    expect_field("relu_param", 0, "negative_slope", "float", "0");
    expect_field("relu_param", 1, "engine", "enum Engine", "DEFAULT");
    expect_field("clip_param", 0, "min", "required float", "");
    expect_field("inner_product_param", 0, "num_output", "uint32", "");
    expect_field("inner_product_param", 1, "bias_term", "bool", "true");
    expect_field("inner_product_param", 2, "weight_filler", "FillerParameter", "");
    expect_field("inner_product_param", 4, "axis", "int32", "1");
    expect_field("convolution_param", 2, "pad", "repeated uint32", "");
    expect_field("data_param", 7, "backend", "enum DB", "LEVELDB");
    expect_field("python_param", 2, "param_str", "string", "\"\"");
    lungo_catalog_field field;
    ck_assert(!lungo_catalog_field_get(&field, "relu_param", 2));
    ck_assert(!lungo_catalog_field_get(&field, "no_param", 0));
    ck_assert(!lungo_catalog_field_get(&field, "name", 0));
}
END_TEST

START_TEST(types_are_found_by_name) {
    const lungo_layer_type *type = NULL;
    ck_ok(lungo_layer_find_type(&type, "ReLU"));
    ck_assert_str_eq(type->name, "ReLU");
    ck_fails(lungo_layer_find_type(&type, "Sliptt"), LUNGO_ERR_CONFIG,
             "unknown layer type 'Sliptt'");
    ck_assert_str_eq(type->name, "ReLU");
}
END_TEST

Suite *lungo_suite_catalog(void);
Suite *lungo_suite_catalog(void) {
    return lungo_suite_of("catalog",
                          (const TTest *const[]){types_are_in_alphabetical_order_and_complete,
                                                 every_params_entry_is_a_message_of_the_schema,
                                                 bounds_of_bottoms_and_tops_make_sense,
                                                 fields_come_from_the_schema,
                                                 types_are_found_by_name, NULL});
}
