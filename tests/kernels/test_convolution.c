/* im2col and convolution against loops that follow the definition pixel by pixel. */
#include "kernels/convolution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/blocked.h"
#include "kernels/blocked_winograd.h"
#include "kernels/direct.h"
#include "kernels/im2col.h"
#include "kernels/reference.h"
#include "kernels/winograd.h"
#include "kernels/winograd_tile.h"
#include "kernels/winograd_weights.h"
#include "support/arrays.h"
#include "support/suites.h"

typedef struct sizes {
    const char *name;
    size_t images;
    int channels, filters, groups, lanes, axes;
    int in[3], kernel[3], stride[3], pad[3], dilation[3];
    bool general;
} sizes;

static const sizes table[] = {
    {"3x3", 2, 3, 4, 1, 1, 2, {5, 6}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"5x5 in lanes", 7, 2, 3, 1, 3, 2, {9, 8}, {5, 5}, {1, 1}, {0, 0}, {1, 1}, false},
    {"stride", 2, 2, 3, 1, 2, 2, {8, 9}, {3, 2}, {2, 3}, {0, 1}, {1, 1}, false},
    {"stride and general", 2, 2, 3, 1, 2, 2, {8, 9}, {3, 2}, {2, 3}, {0, 1}, {1, 1}, true},
    {"dilation", 3, 2, 2, 1, 1, 2, {9, 10}, {3, 3}, {1, 2}, {2, 1}, {2, 3}, false},
    {"groups", 2, 6, 9, 3, 2, 2, {5, 5}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"depthwise", 3, 4, 8, 4, 1, 2, {6, 5}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, false},
    {"pointwise", 3, 5, 4, 1, 3, 2, {4, 3}, {1, 1}, {1, 1}, {0, 0}, {1, 1}, false},
    {"1x1 with stride", 2, 3, 4, 1, 1, 2, {5, 4}, {1, 1}, {2, 2}, {0, 0}, {1, 1}, false},
    {"padding beyond the kernel", 2, 2, 3, 1, 2, 2, {3, 2}, {2, 3}, {2, 2}, {4, 5}, {1, 1}, false},
    {"window larger than the image",
     1,
     1,
     2,
     1,
     1,
     2,
     {2, 2},
     {5, 4},
     {1, 1},
     {3, 2},
     {1, 1},
     false},
    {"panels and a part", 2, 3, 14, 1, 2, 2, {17, 19}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"more filters than a tile", 1, 4, 29, 1, 1, 2, {9, 9}, {5, 5}, {1, 1}, {2, 2}, {1, 1}, false},
    {"stride 2, even and odd", 2, 7, 8, 1, 1, 2, {15, 12}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, false},
    {"stride beyond the kernel", 2, 3, 8, 1, 1, 2, {14, 13}, {2, 1}, {3, 4}, {0, 0}, {1, 1}, false},
    {"stride 4 of 11x11", 1, 3, 13, 1, 1, 2, {31, 31}, {11, 11}, {4, 4}, {0, 0}, {1, 1}, false},
    {"stride and dilation", 2, 3, 8, 1, 2, 2, {15, 14}, {3, 2}, {2, 3}, {2, 1}, {3, 2}, false},
    {"large depthwise", 3, 6, 6, 6, 2, 2, {20, 21}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"large groups", 3, 12, 24, 2, 3, 2, {14, 14}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"many channels", 2, 33, 35, 1, 2, 2, {9, 8}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"other padding in groups", 5, 6, 10, 2, 3, 2, {7, 9}, {3, 3}, {1, 1}, {0, 2}, {1, 1}, false},
    {"tiles of two blocks", 13, 3, 3, 1, 2, 2, {32, 31}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"blocks of channels", 2, 16, 32, 1, 2, 2, {7, 10}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"blocks, other padding", 3, 32, 16, 1, 3, 2, {6, 5}, {3, 3}, {1, 1}, {2, 0}, {1, 1}, false},
    {"blocks, two of tiles", 2, 16, 16, 1, 2, 2, {34, 33}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"blocks in groups", 3, 64, 96, 2, 2, 2, {7, 8}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, false},
    {"blocks in groups, two of tiles",
     2,
     48,
     48,
     3,
     2,
     2,
     {34, 33},
     {3, 3},
     {1, 1},
     {1, 0},
     {1, 1},
     false},
    {"one axis", 2, 3, 2, 1, 2, 1, {9}, {4}, {2}, {2}, {2}, false},
    {"three axes", 2, 2, 3, 1, 1, 3, {4, 5, 3}, {2, 3, 2}, {1, 2, 1}, {1, 0, 1}, {2, 1, 1}, false},
    {"no axis", 4, 6, 4, 2, 2, 0, {0}, {0}, {0}, {0}, {0}, false},
    {"no image", 0, 2, 3, 1, 1, 2, {4, 4}, {3, 3}, {1, 1}, {0, 0}, {1, 1}, false},
};

static lungo_convolution convolution_of(const sizes *s) {
    lungo_convolution conv = {.images = s->images,
                              .filters = s->filters,
                              .groups = s->groups,
                              .lanes = s->lanes,
                              .threads = s->lanes};
    lungo_window *w = &conv.window;
    w->axes = s->axes;
    w->channels = s->channels;
    w->general = s->general;
    for (int i = 0; i < s->axes; i++) {
        w->in[i] = s->in[i];
        w->kernel[i] = s->kernel[i];
        w->stride[i] = s->stride[i];
        w->pad[i] = s->pad[i];
        w->dilation[i] = s->dilation[i];
        int reach = s->dilation[i] * (s->kernel[i] - 1) + 1;
        w->out[i] = (s->in[i] + 2 * s->pad[i] - reach) / s->stride[i] + 1;
    }
    return conv;
}

/* The pixel of the plane under tap number `tap` of window number `output`; -1 in the padding. */
static long pixel_under(const lungo_window *w, size_t output, size_t tap) {
    long index = 0, step = 1;
    for (int i = w->axes - 1; i >= 0; i--) {
        int at = (int)(output % (size_t)w->out[i]), t = (int)(tap % (size_t)w->kernel[i]);
        int place = at * w->stride[i] - w->pad[i] + t * w->dilation[i];
        if (place < 0 || place >= w->in[i]) return -1;
        index += place * step;
        step *= w->in[i];
        output /= (size_t)w->out[i];
        tap /= (size_t)w->kernel[i];
    }
    return index;
}

typedef struct arrays {
    size_t x_count, w_count, b_count, y_count;
    float *x, *w, *b, *dy;
} arrays;

static arrays arrays_of(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    size_t filters = (size_t)conv->filters, channels = (size_t)w->channels;
    arrays a = {.x_count = conv->images * channels * lungo_window_pixels(w),
                .w_count = filters * channels / (size_t)conv->groups * lungo_window_taps(w),
                .b_count = filters,
                .y_count = conv->images * filters * lungo_window_outputs(w)};
    a.x = lungo_random_array(a.x_count, 1);
    a.w = lungo_random_array(a.w_count, 2);
    a.b = lungo_random_array(a.b_count, 3);
    a.dy = lungo_random_array(a.y_count, 4);
    return a;
}

static void free_arrays(arrays *a) {
    free(a->x);
    free(a->w);
    free(a->b);
    free(a->dy);
}

static float *scratch_of(const lungo_convolution *conv) {
    size_t floats = 0;
    ck_assert(lungo_convolution_scratch(conv, &floats));
    size_t winograd = lungo_winograd_works(conv) ? lungo_winograd_scratch(conv) : 0;
    size_t blocked = lungo_blocked_winograd_works(conv) ? lungo_blocked_winograd_scratch(conv) +
                                                              lungo_blocked_winograd_weights(conv)
                                                        : 0;
    if (winograd > floats) floats = winograd;
    if (blocked > floats) floats = blocked;
    return lungo_constant_array(floats, NAN);
}

typedef void forward_way(const lungo_convolution *, const float *, const float *, const float *,
                         float *, float *);
typedef void backward_way(const lungo_convolution *, const float *, const float *, float *,
                          float *);
typedef void weights_way(const lungo_convolution *, const float *, const float *, float, float *,
                         float *);

/* Errors of a long sum go with its terms, not with what is left of them. */
static void check_sums(const char *name, size_t count, const float *got, const float *want) {
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (double)want[i] * (double)want[i];
    double bound = 1e-5 * (1 + (count > 0 ? sqrt(squares / (double)count) : 0));
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(fabs((double)got[i] - (double)want[i]) <=
                          bound + 1e-4 * fabs((double)want[i]),
                      "%s: value %zu of %zu: expected %.9g, got %.9g", name, i, count,
                      (double)want[i], (double)got[i]);
}

static void check_forward(const lungo_convolution *conv, const arrays *a, forward_way *forward,
                          const char *name) {
    float *want = lungo_constant_array(a->y_count, 0), *scratch = scratch_of(conv);
    float *got = lungo_constant_array(a->y_count, NAN);
    lungo_reference_convolution_forward(conv, a->x, a->w, NULL, want);
    forward(conv, a->x, a->w, NULL, got, scratch);
    check_sums(name, a->y_count, got, want);
    size_t outputs = lungo_window_outputs(&conv->window);
    for (size_t i = 0; i < a->y_count; i++)
        want[i] += a->b[i / outputs % a->b_count];
    forward(conv, a->x, a->w, a->b, got, scratch);
    check_sums(name, a->y_count, got, want);
    free(scratch);
    free(want);
    free(got);
}

static void check_backward_data(const lungo_convolution *conv, const arrays *a,
                                backward_way *backward, const char *name) {
    float *want = lungo_constant_array(a->x_count, 0), *scratch = scratch_of(conv);
    float *got = lungo_constant_array(a->x_count, NAN);
    lungo_reference_convolution_backward_data(conv, a->w, a->dy, want);
    backward(conv, a->w, a->dy, got, scratch);
    check_sums(name, a->x_count, got, want);
    free(scratch);
    free(want);
    free(got);
}

static void check_backward_weights(const lungo_convolution *conv, const arrays *a,
                                   weights_way *backward, float before, float beta,
                                   const char *name) {
    float *want = lungo_constant_array(a->w_count, before);
    float *got = lungo_constant_array(a->w_count, before), *scratch = scratch_of(conv);
    lungo_reference_convolution_backward_weights(conv, a->x, a->dy, beta, want);
    backward(conv, a->x, a->dy, beta, got, scratch);
    check_sums(name, a->w_count, got, want);
    free(scratch);
    free(want);
    free(got);
}

/* Every way there is, whichever would be chosen. */
typedef struct ways {
    forward_way *forward;
    backward_way *backward_data;
    weights_way *backward_weights;
    bool (*works)(const lungo_convolution *);
} ways;

static bool always(const lungo_convolution *conv) {
    return conv != NULL;
}

static bool depthwise(const lungo_convolution *conv) {
    return lungo_is_depthwise(conv) && lungo_direct_works(conv);
}

/* Of blocked images: what plain ones become, and back. */
static lungo_blocked blocks_of_x(const lungo_convolution *conv) {
    const lungo_window *w = &conv->window;
    return (lungo_blocked){conv->images, (size_t)w->channels, lungo_window_pixels(w), LUNGO_LANES};
}

static lungo_blocked blocks_of_y(const lungo_convolution *conv) {
    size_t outputs = lungo_window_outputs(&conv->window);
    return (lungo_blocked){conv->images, (size_t)conv->filters, outputs, LUNGO_LANES};
}

static float *blocked(lungo_blocked layout, const float *plain) {
    float *values = lungo_constant_array(lungo_blocked_count(&layout), NAN);
    if (plain) lungo_block(&layout, plain, values);
    return values;
}

static void take_back(lungo_blocked layout, float *values, float *plain) {
    lungo_unblock(&layout, values, plain);
    free(values);
}

static float *transformed(const lungo_convolution *conv, const float *w) {
    float *u = lungo_constant_array(lungo_blocked_winograd_weights(conv), NAN);
    lungo_winograd_weights((size_t)conv->filters * (size_t)(conv->window.channels / conv->groups),
                           w, u);
    return u;
}

static void forward_blocked(const lungo_convolution *conv, const float *x, const float *w,
                            const float *b, float *y, float *scratch) {
    float *in = blocked(blocks_of_x(conv), x), *out = blocked(blocks_of_y(conv), NULL);
    float *u = transformed(conv, w);
    lungo_after_sum after = {.bias = b};
    lungo_blocked_winograd_forward(conv, in, u, &after, out, scratch);
    take_back(blocks_of_y(conv), out, y);
    free(in);
    free(u);
}

static void backward_data_blocked(const lungo_convolution *conv, const float *w, const float *dy,
                                  float *dx, float *scratch) {
    float *in = blocked(blocks_of_y(conv), dy), *out = blocked(blocks_of_x(conv), NULL);
    float *u = transformed(conv, w);
    lungo_blocked_winograd_backward_data(conv, u, in, out, scratch);
    take_back(blocks_of_x(conv), out, dx);
    free(in);
    free(u);
}

static void backward_weights_blocked(const lungo_convolution *conv, const float *x, const float *dy,
                                     float beta, float *dw, float *scratch) {
    float *in = blocked(blocks_of_x(conv), x), *out = blocked(blocks_of_y(conv), dy);
    lungo_blocked_winograd_backward_weights(conv, in, out, beta, dw, scratch);
    free(in);
    free(out);
}

static const ways all_ways[] = {
    {lungo_convolution_forward, lungo_convolution_backward_data, lungo_convolution_backward_weights,
     always},
    {lungo_product_forward, lungo_product_backward_data, lungo_product_backward_weights, always},
    {lungo_direct_forward, lungo_direct_backward_data, NULL, lungo_direct_works},
    {NULL, NULL, lungo_depthwise_backward_weights, depthwise},
    {lungo_winograd_forward, lungo_winograd_backward_data, lungo_winograd_backward_weights,
     lungo_winograd_works},
    {forward_blocked, backward_data_blocked, backward_weights_blocked,
     lungo_blocked_winograd_works},
};

static void check_way(const ways *way, const lungo_convolution *conv, const char *name) {
    if (!way->works(conv)) return;
    arrays a = arrays_of(conv);
    if (way->forward) check_forward(conv, &a, way->forward, name);
    if (way->backward_data) check_backward_data(conv, &a, way->backward_data, name);
    if (way->backward_weights) {
        check_backward_weights(conv, &a, way->backward_weights, NAN, 0, name);
        check_backward_weights(conv, &a, way->backward_weights, 3, 1, name);
    }
    free_arrays(&a);
}

START_TEST(convolution_follows_its_definition) {
    lungo_convolution conv = convolution_of(&table[_i]);
    for (size_t i = 0; i < sizeof all_ways / sizeof *all_ways; i++)
        check_way(&all_ways[i], &conv, table[_i].name);
}
END_TEST

START_TEST(wide_padding_is_left_to_the_product) {
    lungo_convolution conv = convolution_of(&table[0]);
    ck_assert(lungo_direct_works(&conv));
    conv.window.pad[1] = conv.window.out[1] = 1 << 20;
    ck_assert(!lungo_direct_works(&conv));
}
END_TEST

START_TEST(columns_hold_the_pixels_under_each_tap) {
    lungo_convolution conv = convolution_of(&table[_i]);
    const lungo_window *w = &conv.window;
    size_t taps = lungo_window_taps(w), outputs = lungo_window_outputs(w);
    size_t pixels = lungo_window_pixels(w), count = (size_t)w->channels * taps * outputs;
    float *image = lungo_random_array((size_t)w->channels * pixels, 5);
    float *got = lungo_constant_array(count, NAN), *want = lungo_constant_array(count, 0);
    for (size_t i = 0; i < count; i++) {
        long pixel = pixel_under(w, i % outputs, i / outputs % taps);
        if (pixel >= 0) want[i] = image[i / outputs / taps * pixels + (size_t)pixel];
    }
    lungo_im2col(w, image, got);
    ck_assert_mem_eq(got, want, count * sizeof *got);
    free(image);
    free(got);
    free(want);
}
END_TEST

START_TEST(scratch_beyond_memory_is_refused) {
    lungo_convolution conv = {.images = 1, .filters = 1, .groups = 1, .lanes = 1 << 20};
    conv.window = (lungo_window){.axes = 2,
                                 .channels = 1,
                                 .in = {30000, 30000},
                                 .out = {30000, 30000},
                                 .kernel = {30000, 30000},
                                 .stride = {1, 1},
                                 .pad = {15000, 15000},
                                 .dilation = {1, 1}};
    size_t floats;
    ck_assert(!lungo_convolution_scratch(&conv, &floats));
}
END_TEST

Suite *lungo_suite_convolution_kernel(void);
Suite *lungo_suite_convolution_kernel(void) {
    Suite *suite = lungo_suite_of(
        "convolution_kernel", (const TTest *const[]){scratch_beyond_memory_is_refused,
                                                     wide_padding_is_left_to_the_product, NULL});
    int count = sizeof table / sizeof *table;
    lungo_suite_add_table(suite, convolution_follows_its_definition, count);
    lungo_suite_add_table(suite, columns_hold_the_pixels_under_each_tap, count);
    return suite;
}
