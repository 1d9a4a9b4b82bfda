/* Gray, colour, and colour with alpha, one from the other: OpenCV's cvtColor on bytes. */
#include "data/image_format.h"

/* The weights of BT.601 in 15 bits; imread of a gray picture has 14: lungo_gray. */
static unsigned char gray_of(const unsigned char *bgr) {
    return (unsigned char)((3735 * bgr[0] + 19235 * bgr[1] + 9798 * bgr[2] + (1 << 14)) >> 15);
}

static void convert_pixel(unsigned char *to, int to_channels, const unsigned char *from,
                          int from_channels) {
    if (to_channels == 1) {
        to[0] = from_channels == 1 ? from[0] : gray_of(from);
        return;
    }
    for (int c = 0; c < to_channels; c++)
        to[c] = c == 3 && from_channels < 4 ? 255 : from[from_channels == 1 ? 0 : c];
}

static bool is_known(int channels) {
    return channels == 1 || channels == 3 || channels == 4;
}

lungo_status lungo_image_convert(lungo_image *out, const lungo_image *in, int channels) {
    if (!is_known(channels) || !is_known(in->channels))
        return lungo_fail(LUNGO_ERR_USAGE, "expected 1, 3 or 4 channels, got %d to %d",
                          in->channels, channels);
    LUNGO_TRY(lungo_image_shape(out, channels, in->height, in->width));
    size_t pixels = (size_t)in->height * (size_t)in->width;
    for (size_t i = 0; i < pixels; i++)
        convert_pixel(out->pixels + i * (size_t)channels, channels,
                      in->pixels + i * (size_t)in->channels, in->channels);
    return LUNGO_OK;
}
