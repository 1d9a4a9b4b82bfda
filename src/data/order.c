#include "data/order.h"

#include <stdlib.h>

lungo_status lungo_order_init(lungo_order *order, size_t count) {
    if (count > UINT32_MAX)
        return lungo_fail(LUNGO_ERR_DATA, "expected fewer than 2^32 records, got %zu", count);
    order->count = count;
    return LUNGO_OK;
}

void lungo_order_dispose(lungo_order *order) {
    free(order->items);
    *order = (lungo_order){0};
}

static void mix(lungo_order *order) {
    lungo_rng_shuffle(&order->shuffler, order->items, order->count, sizeof *order->items);
}

/* The order of the pass number `passes`. */
static void mix_from_the_first(lungo_order *order) {
    for (size_t i = 0; i < order->count; i++)
        order->items[i] = (uint32_t)i;
    lungo_rng_seed(&order->shuffler, order->seed);
    for (uint64_t i = 0; i <= order->passes; i++)
        mix(order);
}

lungo_status lungo_order_shuffle(lungo_order *order, uint32_t seed) {
    order->items = calloc(order->count, sizeof *order->items);
    if (!order->items) return lungo_fail_memory("an order", order->count * sizeof *order->items);
    order->seed = seed;
    mix_from_the_first(order);
    return LUNGO_OK;
}

size_t lungo_order_item(const lungo_order *order) {
    return order->items ? order->items[order->next] : order->next;
}

void lungo_order_advance(lungo_order *order) {
    if (++order->next < order->count) return;
    order->next = 0;
    order->passes++;
    if (order->items) mix(order);
}

void lungo_order_save(const lungo_order *order, lungo_writer *writer) {
    lungo_write_u64(writer, order->seed);
    lungo_write_u64(writer, order->passes);
    lungo_write_u64(writer, order->next);
}

lungo_status lungo_order_load(lungo_order *order, lungo_reader *reader) {
    enum { MOST_PASSES = 1 << 20 };
    uint64_t seed, next, passes;
    LUNGO_TRY(lungo_read_u64(reader, &seed));
    LUNGO_TRY(lungo_read_u64(reader, &passes));
    LUNGO_TRY(lungo_read_u64(reader, &next));
    if (next >= order->count)
        return lungo_fail(LUNGO_ERR_DATA,
                          "data has changed: expected more than %llu records, got %zu",
                          (unsigned long long)next, order->count);
    if (passes > MOST_PASSES)
        return lungo_fail(LUNGO_ERR_FORMAT, "saved state: expected at most %d passes, got %llu",
                          MOST_PASSES, (unsigned long long)passes);
    order->seed = (uint32_t)seed;
    order->passes = passes;
    order->next = (size_t)next;
    if (order->items) mix_from_the_first(order);
    return LUNGO_OK;
}
