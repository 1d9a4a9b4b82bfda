/* An arena: many small pieces, one owner, one free. Pieces are zeroed and 16-byte aligned. */
#ifndef LUNGO_BASE_ARENA_H
#define LUNGO_BASE_ARENA_H

#include <stddef.h>

typedef struct lungo_arena {
    struct lungo_arena_block *blocks;
    size_t bytes; /* that its blocks take */
} lungo_arena;

/* A zeroed struct is an empty arena. Dispose frees every piece and leaves it empty. */
void lungo_arena_dispose(lungo_arena *arena);

/* NULL when memory is out or count * size overflows. */
void *lungo_arena_alloc(lungo_arena *arena, size_t size);
void *lungo_arena_array(lungo_arena *arena, size_t count, size_t size);
char *lungo_arena_copy(lungo_arena *arena, const char *text, size_t length);
char *lungo_arena_string(lungo_arena *arena, const char *text);
char *lungo_arena_printf(lungo_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
