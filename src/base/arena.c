#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, BLOCK_BYTES = 64 * 1024 };

struct lungo_arena_block {
    struct lungo_arena_block *next;
    size_t used, capacity;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void lungo_arena_dispose(lungo_arena *arena) {
    while (arena->blocks) {
        struct lungo_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    arena->bytes = 0;
}

/* A large piece gets a block of its own behind the current one, which keeps its free room. */
static struct lungo_arena_block *new_block(lungo_arena *arena, size_t size) {
    size_t capacity = size > BLOCK_BYTES / 4 ? size : BLOCK_BYTES;
    struct lungo_arena_block *block = calloc(1, sizeof *block + capacity);
    if (!block) return NULL;
    block->capacity = capacity;
    arena->bytes += sizeof *block + capacity;
    if (capacity == size && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *lungo_arena_alloc(lungo_arena *arena, size_t size) {
    if (size > SIZE_MAX / 2) return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size == 0) size = ALIGNMENT;
    struct lungo_arena_block *block = arena->blocks;
    if (!block || block->capacity - block->used < size) block = new_block(arena, size);
    if (!block) return NULL;
    void *piece = block->bytes + block->used;
    block->used += size;
    return piece;
}

void *lungo_arena_array(lungo_arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    return lungo_arena_alloc(arena, count * size);
}

char *lungo_arena_copy(lungo_arena *arena, const char *text, size_t length) {
    if (length == SIZE_MAX) return NULL;
    char *copy = lungo_arena_alloc(arena, length + 1);
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

char *lungo_arena_string(lungo_arena *arena, const char *text) {
    return lungo_arena_copy(arena, text, strlen(text));
}

char *lungo_arena_printf(lungo_arena *arena, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : lungo_arena_alloc(arena, (size_t)length + 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}
