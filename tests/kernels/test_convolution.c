/* im2col and convolution against loops that follow the definition pixel by pixel. */
#include "kernels/convolution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/im2col.h"
#include "kernels/reference.h"
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
    {"one axis", 2, 3, 2, 1, 2, 1, {9}, {4}, {2}, {2}, {2}, false},
    {"three axes", 2, 2, 3, 1, 1, 3, {4, 5, 3}, {2, 3, 2}, {1, 2, 1}, {1, 0, 1}, {2, 1, 1}, false},
    {"no axis", 4, 6, 4, 2, 2, 0, {0}, {0}, {0}, {0}, {0}, false},
    {"no image", 0, 2, 3, 1, 1, 2, {4, 4}, {3, 3}, {1, 1}, {0, 0}, {1, 1}, false},
};

static lungo_convolution convolution_of(const sizes *s) {
    lungo_convolution conv = {
        .images = s->images, .filters = s->filters, .groups = s->groups, .lanes = s->lanes};
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
    return lungo_constant_array(floats, NAN);
}

static void check_forward(const lungo_convolution *conv, const arrays *a, const char *name) {
    float *want = lungo_constant_array(a->y_count, 0), *scratch = scratch_of(conv);
    float *got = lungo_constant_array(a->y_count, NAN);
    lungo_reference_convolution_forward(conv, a->x, a->w, NULL, want);
    lungo_convolution_forward(conv, a->x, a->w, NULL, got, scratch);
    lungo_check_array(name, a->y_count, got, want);
    size_t outputs = lungo_window_outputs(&conv->window);
    for (size_t i = 0; i < a->y_count; i++)
        want[i] += a->b[i / outputs % a->b_count];
    lungo_convolution_forward(conv, a->x, a->w, a->b, got, scratch);
    lungo_check_array(name, a->y_count, got, want);
    free(scratch);
    free(want);
    free(got);
}

static void check_backward_data(const lungo_convolution *conv, const arrays *a, const char *name) {
    float *want = lungo_constant_array(a->x_count, 0), *scratch = scratch_of(conv);
    float *got = lungo_constant_array(a->x_count, NAN);
    lungo_reference_convolution_backward_data(conv, a->w, a->dy, want);
    lungo_convolution_backward_data(conv, a->w, a->dy, got, scratch);
    lungo_check_array(name, a->x_count, got, want);
    free(scratch);
    free(want);
    free(got);
}

static void check_backward_weights(const lungo_convolution *conv, const arrays *a, float before,
                                   float beta, const char *name) {
    float *want = lungo_constant_array(a->w_count, before);
    float *got = lungo_constant_array(a->w_count, before), *scratch = scratch_of(conv);
    lungo_reference_convolution_backward_weights(conv, a->x, a->dy, beta, want);
    lungo_convolution_backward_weights(conv, a->x, a->dy, beta, got, scratch);
    lungo_check_array(name, a->w_count, got, want);
    free(scratch);
    free(want);
    free(got);
}

START_TEST(convolution_follows_its_definition) {
    lungo_convolution conv = convolution_of(&table[_i]);
    arrays a = arrays_of(&conv);
    check_forward(&conv, &a, table[_i].name);
    check_backward_data(&conv, &a, table[_i].name);
    check_backward_weights(&conv, &a, NAN, 0, table[_i].name);
    check_backward_weights(&conv, &a, 3, 1, table[_i].name);
    free_arrays(&a);
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
    Suite *suite = lungo_suite_of("convolution_kernel",
                                  (const TTest *const[]){scratch_beyond_memory_is_refused, NULL});
    int count = sizeof table / sizeof *table;
    lungo_suite_add_table(suite, convolution_follows_its_definition, count);
    lungo_suite_add_table(suite, columns_hold_the_pixels_under_each_tap, count);
    return suite;
}
