#include "kernels/laid.h"

#include <string.h>

lungo_laid lungo_laid_of(const lungo_window *w) {
    lungo_laid laid;
    for (int i = 0; i < 2; i++) {
        ptrdiff_t reach = (ptrdiff_t)w->dilation[i] * (w->kernel[i] - 1);
        laid.in[i] = w->in[i];
        laid.stride[i] = w->stride[i];
        laid.pad[i] = w->pad[i];
        laid.phases[i] = reach + 1 < w->stride[i] ? reach + 1 : w->stride[i];
        laid.size[i] = w->out[i] + reach / w->stride[i];
    }
    return laid;
}

static void zero(float *to, ptrdiff_t count) {
    if (count > 0) memset(to, 0, (size_t)count * sizeof *to);
}

static void put_row(const float *row, ptrdiff_t stride, const lungo_span *xs, ptrdiff_t width,
                    float *out) {
    zero(out, xs->first);
    if (stride == 1) {
        for (ptrdiff_t x = xs->first; x < xs->end; x++)
            out[x] = row[xs->from + x - xs->first];
    } else {
        for (ptrdiff_t x = xs->first; x < xs->end; x++)
            out[x] = row[xs->from + (x - xs->first) * stride];
    }
    zero(out + xs->end, width - xs->end);
}

static void put_phase(const lungo_laid *laid, ptrdiff_t r, ptrdiff_t s, const float *plane,
                      float *out) {
    ptrdiff_t height = laid->size[0], width = laid->size[1];
    lungo_span ys = lungo_span_of(laid->in[0], height, laid->stride[0], r - laid->pad[0]);
    lungo_span xs = lungo_span_of(laid->in[1], width, laid->stride[1], s - laid->pad[1]);
    zero(out, ys.first * width);
    for (ptrdiff_t y = ys.first; y < ys.end; y++) {
        const float *row = plane + (ys.from + (y - ys.first) * laid->stride[0]) * laid->in[1];
        put_row(row, laid->stride[1], &xs, width, out + y * width);
    }
    zero(out + ys.end * width, (height - ys.end) * width);
}

void lungo_laid_put_channel(const lungo_laid *laid, const float *plane, float *out) {
    for (ptrdiff_t r = 0; r < laid->phases[0]; r++)
        for (ptrdiff_t s = 0; s < laid->phases[1]; s++, out += lungo_laid_plane(laid))
            put_phase(laid, r, s, plane, out);
}

void lungo_laid_put(const lungo_laid *laid, size_t channels, const float *image, float *out) {
    size_t pixels = (size_t)(laid->in[0] * laid->in[1]), step = lungo_laid_channel(laid);
    for (size_t c = 0; c < channels; c++)
        lungo_laid_put_channel(laid, image + c * pixels, out + c * step);
    zero(out + channels * step, LUNGO_PANEL);
}

/* Where tap `tap` of an axis stands: its phase, and its distance in that phase's plane. */
static size_t tap_row(const lungo_laid *laid, const lungo_window *w, ptrdiff_t ky, ptrdiff_t kx) {
    ptrdiff_t y = ky * w->dilation[0], x = kx * w->dilation[1];
    ptrdiff_t phase = y % w->stride[0] * laid->phases[1] + x % w->stride[1];
    return (size_t)phase * lungo_laid_plane(laid) +
           (size_t)(y / w->stride[0] * laid->size[1] + x / w->stride[1]);
}

void lungo_laid_rows(const lungo_laid *laid, const lungo_window *w, size_t channels,
                     uint32_t *rows) {
    for (size_t c = 0; c < channels; c++)
        for (int ky = 0; ky < w->kernel[0]; ky++)
            for (int kx = 0; kx < w->kernel[1]; kx++)
                *rows++ = (uint32_t)(c * lungo_laid_channel(laid) + tap_row(laid, w, ky, kx));
}
