#include "kernels/im2col.h"

#include <string.h>

#include "math/parallel.h"

/* ---- any number of axes ---- */

/* The next position in row-major order, last axis fastest; false after the last one. */
static bool advance(int *at, const int *sizes, int axes) {
    for (int i = axes - 1; i >= 0; i--) {
        if (++at[i] < sizes[i]) return true;
        at[i] = 0;
    }
    return false;
}

/* The pixel under tap `tap` of window `at`; -1 in the padding. */
static ptrdiff_t pixel(const lungo_window *w, const int *tap, const int *at) {
    ptrdiff_t index = 0;
    for (int i = 0; i < w->axes; i++) {
        ptrdiff_t place = (ptrdiff_t)at[i] * w->stride[i] - w->pad[i];
        place += (ptrdiff_t)tap[i] * w->dilation[i];
        if (place < 0 || place >= w->in[i]) return -1;
        index = index * w->in[i] + place;
    }
    return index;
}

static void im2col_general(const lungo_window *w, const float *image, float *columns) {
    int tap[LUNGO_MAX_SPATIAL] = {0}, at[LUNGO_MAX_SPATIAL] = {0};
    for (int c = 0; c < w->channels; c++, image += lungo_window_pixels(w)) {
        do {
            do {
                ptrdiff_t from = pixel(w, tap, at);
                *columns++ = from < 0 ? 0 : image[from];
            } while (advance(at, w->out, w->axes));
        } while (advance(tap, w->kernel, w->axes));
    }
}

static void col2im_general(const lungo_window *w, const float *columns, float *image) {
    int tap[LUNGO_MAX_SPATIAL] = {0}, at[LUNGO_MAX_SPATIAL] = {0};
    for (int c = 0; c < w->channels; c++, image += lungo_window_pixels(w)) {
        do {
            do {
                ptrdiff_t to = pixel(w, tap, at);
                if (to >= 0) image[to] += *columns;
                columns++;
            } while (advance(at, w->out, w->axes));
        } while (advance(tap, w->kernel, w->axes));
    }
}

/* ---- two axes: a row of outputs at a time ---- */

static lungo_span span_of_tap(const lungo_window *w, int axis, int tap) {
    return lungo_span_of(w->in[axis], w->out[axis], w->stride[axis],
                         (ptrdiff_t)tap * w->dilation[axis] - w->pad[axis]);
}

/* Rows are often shorter than what a call of memcpy or memset costs, hence the loops. */
static void gather(const float *from, ptrdiff_t stride, ptrdiff_t count, float *to) {
    if (stride == 1) {
#pragma omp simd
        for (ptrdiff_t i = 0; i < count; i++)
            to[i] = from[i];
    } else {
        for (ptrdiff_t i = 0; i < count; i++)
            to[i] = from[i * stride];
    }
}

static void scatter(const float *from, ptrdiff_t count, float *to, ptrdiff_t stride) {
    if (stride == 1) {
#pragma omp simd
        for (ptrdiff_t i = 0; i < count; i++)
            to[i] += from[i];
    } else {
        for (ptrdiff_t i = 0; i < count; i++)
            to[i * stride] += from[i];
    }
}

static void zero(float *to, ptrdiff_t count) {
    if (count > 0) memset(to, 0, (size_t)count * sizeof *to);
}

/* One row of the columns: `plane` as seen under the tap (ky, kx). */
static void tap_from_plane(const lungo_window *w, const lungo_span *ys, const lungo_span *xs,
                           const float *plane, float *row) {
    ptrdiff_t width = w->out[1];
    zero(row, ys->first * width);
    for (ptrdiff_t y = ys->first; y < ys->end; y++) {
        const float *line = plane + (ys->from + (y - ys->first) * w->stride[0]) * w->in[1];
        float *to = row + y * width;
        zero(to, xs->first);
        if (xs->first < xs->end)
            gather(line + xs->from, w->stride[1], xs->end - xs->first, to + xs->first);
        zero(to + xs->end, width - xs->end);
    }
    zero(row + ys->end * width, (w->out[0] - ys->end) * width);
}

static void tap_to_plane(const lungo_window *w, const lungo_span *ys, const lungo_span *xs,
                         const float *row, float *plane) {
    if (xs->first == xs->end) return;
    for (ptrdiff_t y = ys->first; y < ys->end; y++) {
        float *line = plane + (ys->from + (y - ys->first) * w->stride[0]) * w->in[1];
        scatter(row + y * w->out[1] + xs->first, xs->end - xs->first, line + xs->from,
                w->stride[1]);
    }
}

static void im2col_plane(const lungo_window *w, const float *plane, float *columns) {
    size_t outputs = lungo_window_outputs(w);
    for (int ky = 0; ky < w->kernel[0]; ky++) {
        lungo_span ys = span_of_tap(w, 0, ky);
        for (int kx = 0; kx < w->kernel[1]; kx++, columns += outputs) {
            lungo_span xs = span_of_tap(w, 1, kx);
            tap_from_plane(w, &ys, &xs, plane, columns);
        }
    }
}

static void col2im_plane(const lungo_window *w, const float *columns, float *plane) {
    size_t outputs = lungo_window_outputs(w);
    for (int ky = 0; ky < w->kernel[0]; ky++) {
        lungo_span ys = span_of_tap(w, 0, ky);
        for (int kx = 0; kx < w->kernel[1]; kx++, columns += outputs) {
            lungo_span xs = span_of_tap(w, 1, kx);
            tap_to_plane(w, &ys, &xs, columns, plane);
        }
    }
}

/* ---- either ---- */

static bool has_planes(const lungo_window *window) {
    return window->axes == 2 && !window->general;
}

/* Where the caller has not shared out the images already. */
static bool shares_out(const lungo_window *w) {
    size_t columns = lungo_window_taps(w) * lungo_window_outputs(w);
    return !omp_in_parallel() && lungo_worth_threads((size_t)w->channels * columns);
}

void lungo_im2col(const lungo_window *window, const float *image, float *columns) {
    if (!has_planes(window)) {
        im2col_general(window, image, columns);
        return;
    }
    size_t pixels = lungo_window_pixels(window);
    size_t step = lungo_window_taps(window) * lungo_window_outputs(window);
#pragma omp parallel for if (shares_out(window))
    for (size_t c = 0; c < (size_t)window->channels; c++)
        im2col_plane(window, image + c * pixels, columns + c * step);
}

void lungo_col2im(const lungo_window *window, const float *columns, float *image) {
    size_t pixels = lungo_window_pixels(window);
    if (!has_planes(window)) {
        memset(image, 0, (size_t)window->channels * pixels * sizeof *image);
        col2im_general(window, columns, image);
        return;
    }
    size_t step = lungo_window_taps(window) * lungo_window_outputs(window);
#pragma omp parallel for if (shares_out(window))
    for (size_t c = 0; c < (size_t)window->channels; c++) {
        memset(image + c * pixels, 0, pixels * sizeof *image);
        col2im_plane(window, columns + c * step, image + c * pixels);
    }
}
