#include <stdint.h>
#include <string.h>

#include "proto/document.h"
#include "support/suites.h"

START_TEST(positions_are_found_again) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    enum { COUNT = 1000 };
    static char messages[COUNT][16];
    for (int i = 0; i < COUNT; i++)
        ck_ok(lungo_document_set_position(document, messages[i],
                                          (lungo_position){"net.prototxt", i + 1, 2 * i + 1}));
    for (int i = 0; i < COUNT; i++) {
        lungo_position position = lungo_document_position(document, messages[i]);
        ck_assert_str_eq(position.file, "net.prototxt");
        ck_assert_int_eq(position.line, i + 1);
        ck_assert_int_eq(position.column, 2 * i + 1);
    }
    lungo_document_free(document);
}
END_TEST

START_TEST(what_has_no_position_says_so) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    int somebody = 0, nobody = 0;
    ck_assert_int_eq(lungo_document_position(document, &nobody).line, 0);
    ck_ok(lungo_document_set_position(document, &somebody, (lungo_position){NULL, 3, 4}));
    ck_assert_int_eq(lungo_document_position(document, &somebody).line, 3);
    ck_assert_ptr_null(lungo_document_position(document, &somebody).file);
    ck_assert_int_eq(lungo_document_position(document, &nobody).line, 0);
    ck_assert_int_eq(lungo_document_position(document, NULL).line, 0);
    lungo_document_free(document);
}
END_TEST

START_TEST(a_position_outlives_its_file_name) {
    lungo_document *document;
    ck_ok(lungo_document_new(&document));
    char name[] = "a.prototxt";
    int first = 0, second = 0;
    ck_ok(lungo_document_set_position(document, &first, (lungo_position){name, 1, 1}));
    name[0] = 'b';
    ck_ok(lungo_document_set_position(document, &second, (lungo_position){name, 1, 1}));
    ck_assert_str_eq(lungo_document_position(document, &first).file, "a.prototxt");
    ck_assert_str_eq(lungo_document_position(document, &second).file, "b.prototxt");
    ck_ok(lungo_document_set_position(document, &first, (lungo_position){name, 9, 9}));
    ck_assert_int_eq(lungo_document_position(document, &first).line, 9);
    lungo_document_free(document);
}
END_TEST

Suite *lungo_suite_document(void);
Suite *lungo_suite_document(void) {
    return lungo_suite_of(
        "document", (const TTest *const[]){positions_are_found_again, what_has_no_position_says_so,
                                           a_position_outlives_its_file_name, NULL});
}
