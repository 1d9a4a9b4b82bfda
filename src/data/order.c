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

/* ---- resuming: an order follows from the seed by mixing as often as passes were begun; after very
 * many of them, as short lists have, it is saved itself ---- */

enum { MOST_MIXED = 256 };

void lungo_order_save(const lungo_order *order, lungo_writer *writer) {
    lungo_write_u64(writer, order->seed);
    lungo_write_u64(writer, order->passes);
    lungo_write_u64(writer, order->next);
    if (!order->items || order->passes < MOST_MIXED) return;
    lungo_write_rng(writer, &order->shuffler);
    for (size_t i = 0; i < order->count; i++)
        lungo_write_u64(writer, order->items[i]);
}

static lungo_status load_items(lungo_order *order, lungo_reader *reader) {
    LUNGO_TRY(lungo_read_rng(reader, &order->shuffler));
    for (size_t i = 0; i < order->count; i++) {
        uint64_t item;
        LUNGO_TRY(lungo_read_u64(reader, &item));
        if (item >= order->count)
            return lungo_fail(LUNGO_ERR_DATA,
                              "data has changed: expected more than %llu records, got %zu",
                              (unsigned long long)item, order->count);
        order->items[i] = (uint32_t)item;
    }
    return LUNGO_OK;
}

lungo_status lungo_order_load(lungo_order *order, lungo_reader *reader) {
    uint64_t seed, next, passes;
    LUNGO_TRY(lungo_read_u64(reader, &seed));
    LUNGO_TRY(lungo_read_u64(reader, &passes));
    LUNGO_TRY(lungo_read_u64(reader, &next));
    if (next >= order->count)
        return lungo_fail(LUNGO_ERR_DATA,
                          "data has changed: expected more than %llu records, got %zu",
                          (unsigned long long)next, order->count);
    order->seed = (uint32_t)seed;
    order->passes = passes;
    order->next = (size_t)next;
    if (order->items && passes >= MOST_MIXED) return load_items(order, reader);
    if (order->items) mix_from_the_first(order);
    return LUNGO_OK;
}
