#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "support/suites.h"

START_TEST(pieces_are_zeroed_aligned_and_apart) {
    lungo_arena arena = {0};
    unsigned char *previous = NULL;
    for (size_t size = 0; size < 5000; size += 37) {
        unsigned char *piece = lungo_arena_alloc(&arena, size);
        ck_assert_ptr_nonnull(piece);
        ck_assert_uint_eq((uintptr_t)piece % 16, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(piece[i], 0);
        memset(piece, 0xff, size);
        ck_assert_ptr_ne(piece, previous);
        previous = piece;
    }
    lungo_arena_dispose(&arena);
    ck_assert_ptr_null(arena.blocks);
}
END_TEST

START_TEST(overflow_gives_null) {
    lungo_arena arena = {0};
    ck_assert_ptr_null(lungo_arena_array(&arena, SIZE_MAX / 2, 4));
    ck_assert_ptr_null(lungo_arena_alloc(&arena, SIZE_MAX));
    lungo_arena_dispose(&arena);
}
END_TEST

START_TEST(text_is_copied_and_formatted) {
    lungo_arena arena = {0};
    ck_assert_str_eq(lungo_arena_string(&arena, "conv1"), "conv1");
    ck_assert_str_eq(lungo_arena_copy(&arena, "conv1", 4), "conv");
    ck_assert_str_eq(lungo_arena_printf(&arena, "%s_%d", "split", 2), "split_2");
    lungo_arena_dispose(&arena);
}
END_TEST

Suite *lungo_suite_arena(void);
Suite *lungo_suite_arena(void) {
    return lungo_suite_of("arena", (const TTest *const[]){pieces_are_zeroed_aligned_and_apart,
                                                          overflow_gives_null,
                                                          text_is_copied_and_formatted, NULL});
}
