/* PNG by libpng, asked as OpenCV asks it: 16 bits cut to 8, alpha left out (kept only as stored),
 * gray by libpng's own weights.
 *
 * libpng reports an error by a jump. Nothing that must be freed lives in a frame it jumps over. */
#include <string.h>

#include "data/image_format.h"

static bool matches(const unsigned char *bytes, size_t size) {
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    return size >= sizeof signature && !memcmp(bytes, signature, sizeof signature);
}

#ifdef LUNGO_HAVE_PNG
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

typedef struct png_trap {
    char error[200];
} png_trap;

static void raise_error(png_structp png, png_const_charp message) {
    png_trap *trap = png_get_error_ptr(png);
    snprintf(trap->error, sizeof trap->error, "%s", message);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

/* ---- decoding ---- */

typedef struct png_job {
    png_trap trap;
    png_structp png;
    png_infop info;
    lungo_image *image;
    lungo_image_file *file;
    size_t at; /* bytes read so far */
} png_job;

static void read_bytes(png_structp png, png_bytep to, size_t size) {
    png_job *job = png_get_io_ptr(png);
    if (size > job->file->size - job->at) png_error(png, "no more bytes");
    memcpy(to, job->file->bytes + job->at, size);
    job->at += size;
}

/* Channels of a picture taken as it is stored. */
static int stored_channels(const png_job *job) {
    int type = png_get_color_type(job->png, job->info);
    png_bytep alphas;
    png_color_16p key;
    int count = 0;
    if (type == PNG_COLOR_TYPE_GRAY) return 1;
    if (type & PNG_COLOR_MASK_ALPHA) return 4;
    png_get_tRNS(job->png, job->info, &alphas, &count, &key);
    return count > 0 ? 4 : 3;
}

static lungo_status choose_channels(png_job *job, int *channels) {
    int depth = png_get_bit_depth(job->png, job->info);
    *channels = job->file->mode == LUNGO_IMAGE_GRAY    ? 1
                : job->file->mode == LUNGO_IMAGE_COLOR ? 3
                                                       : stored_channels(job);
    if (depth == 16 && job->file->mode == LUNGO_IMAGE_AS_STORED)
        return lungo_fail(LUNGO_ERR_DATA,
                          "expected at most 8 bits per value of a picture taken as it is stored, "
                          "got 16; force_color or force_gray cuts them to 8");
    return LUNGO_OK;
}

static void choose_output(png_job *job) {
    png_structp png = job->png;
    int type = png_get_color_type(png, job->info), channels = job->image->channels;
    png_set_strip_16(png);
    if (channels < 4)
        png_set_strip_alpha(png);
    else
        png_set_tRNS_to_alpha(png);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (!(type & PNG_COLOR_MASK_COLOR)) png_set_expand_gray_1_2_4_to_8(png);
    if (channels == 1)
        png_set_rgb_to_gray(png, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
    else if (type & PNG_COLOR_MASK_COLOR)
        png_set_bgr(png);
    else
        png_set_gray_to_rgb(png);
}

static lungo_status read_rows(png_job *job) {
    const lungo_image *image = job->image;
    int passes = png_set_interlace_handling(job->png);
    png_read_update_info(job->png, job->info);
    size_t expected = (size_t)image->width * (size_t)image->channels;
    size_t got = png_get_rowbytes(job->png, job->info);
    if (got != expected)
        return lungo_fail(LUNGO_ERR_FORMAT, "PNG: expected rows of %zu bytes, got %zu", expected,
                          got);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < image->height; y++)
            png_read_row(job->png, lungo_image_row(image, y), NULL);
    return LUNGO_OK;
}

static int find_orientation(const png_job *job) {
    png_bytep exif;
    png_uint_32 size;
    return png_get_eXIf_1(job->png, job->info, &size, &exif) ? lungo_exif_orientation(exif, size)
                                                             : 1;
}

static lungo_status decode_trapped(png_job *job) {
    int channels;
    if (setjmp(png_jmpbuf(job->png)))
        return lungo_fail(LUNGO_ERR_FORMAT, "damaged PNG: %s", job->trap.error);
    png_set_user_limits(job->png, 0x7fffffff, 0x7fffffff); /* the shape is checked below */
    png_set_read_fn(job->png, job, read_bytes);
    png_read_info(job->png, job->info);
    LUNGO_TRY(choose_channels(job, &channels));
    LUNGO_TRY(lungo_image_shape_of(job->image, job->file, channels,
                                   png_get_image_height(job->png, job->info),
                                   png_get_image_width(job->png, job->info)));
    choose_output(job);
    LUNGO_TRY(read_rows(job));
    png_read_end(job->png, job->info);
    job->file->orientation = find_orientation(job);
    return LUNGO_OK;
}

/* Every chunk (its length, a name, so many bytes, a check of 4) lies in the file: libpng takes
 * memory for what a chunk promises before it looks for it. */
static lungo_status check_chunks(const lungo_image_file *file) {
    for (size_t at = 8, left; (left = file->size - at) >= 12;) {
        const unsigned char *from = file->bytes + at;
        uint32_t length =
            (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
        if (length > left - 12)
            return lungo_fail(LUNGO_ERR_FORMAT,
                              "cut PNG: expected a chunk of %u bytes at byte %zu, got %zu in all",
                              length, at, file->size);
        if (!memcmp(from + 4, "IEND", 4)) return LUNGO_OK;
        at += 12 + (size_t)length;
    }
    return lungo_fail(LUNGO_ERR_FORMAT, "cut PNG: expected an IEND chunk, got the end of the file");
}

static lungo_status decode(lungo_image *image, lungo_image_file *file) {
    png_job job = {.image = image, .file = file};
    LUNGO_TRY(check_chunks(file));
    job.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job.trap, raise_error, ignore_warning);
    if (job.png) job.info = png_create_info_struct(job.png);
    lungo_status status =
        job.info ? decode_trapped(&job) : lungo_fail_memory("a PNG reader", sizeof job);
    png_destroy_read_struct(&job.png, &job.info, NULL);
    return status;
}

/* ---- encoding ---- */

typedef struct png_output {
    png_trap trap;
    png_structp png;
    png_infop info;
    const lungo_image *image;
    lungo_buffer *out;
} png_output;

static void write_bytes(png_structp png, png_bytep bytes, size_t size) {
    png_output *job = png_get_io_ptr(png);
    lungo_buffer_append(job->out, bytes, size);
}

static void flush_nothing(png_structp png) {
    (void)png;
}

static lungo_status encode_trapped(png_output *job) {
    static const int types[] = {
        [1] = PNG_COLOR_TYPE_GRAY, [3] = PNG_COLOR_TYPE_RGB, [4] = PNG_COLOR_TYPE_RGB_ALPHA};
    const lungo_image *image = job->image;
    if (setjmp(png_jmpbuf(job->png)))
        return lungo_fail(LUNGO_ERR_DATA, "cannot write a PNG: %s", job->trap.error);
    png_set_write_fn(job->png, job, write_bytes, flush_nothing);
    png_set_filter(job->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_set_compression_level(job->png, Z_BEST_SPEED);
    png_set_compression_strategy(job->png, Z_RLE);
    png_set_IHDR(job->png, job->info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 types[image->channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(job->png, job->info);
    png_set_bgr(job->png);
    for (int y = 0; y < image->height; y++)
        png_write_row(job->png, lungo_image_row(image, y));
    png_write_end(job->png, job->info);
    return LUNGO_OK;
}

static lungo_status encode(lungo_buffer *out, const lungo_image *image) {
    png_output job = {.image = image, .out = out};
    job.png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, &job.trap, raise_error, ignore_warning);
    if (job.png) job.info = png_create_info_struct(job.png);
    lungo_status status =
        job.info ? encode_trapped(&job) : lungo_fail_memory("a PNG writer", sizeof job);
    png_destroy_write_struct(&job.png, &job.info);
    return status;
}
#endif

const lungo_image_format lungo_image_png = {
    .name = "PNG",
    .endings = " png ",
    .matches = matches,
#ifdef LUNGO_HAVE_PNG
    .decode = decode,
    .encode = encode,
#else
    .advice = "this build of Lungo has no libpng; install libpng-dev and configure with "
              "-DLUNGO_PNG=ON",
#endif
};
