/* JPEG by libjpeg-turbo, asked as OpenCV asks it: the accurate integer DCT and smooth chroma
 * (libjpeg's defaults), gray from the luma alone, four components by way of CMYK.
 *
 * libjpeg reports an error by a jump. Nothing that must be freed lives in a frame it jumps over:
 * the job belongs to the caller, the pixels to the image. */
#include "data/image_format.h"

static bool matches(const unsigned char *bytes, size_t size) {
    return size >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

#ifdef LUNGO_HAVE_JPEG
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/log.h"

/* ---- errors ---- */

enum { MOST_SCANS = 500 }; /* a small file of endless scans must not keep a reader for hours */

typedef struct jpeg_trap {
    struct jpeg_error_mgr manager; /* first: libjpeg's pointer to it is one to the trap */
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    char error[JMSG_LENGTH_MAX], warning[JMSG_LENGTH_MAX];
    bool ended, short_of_data; /* the file ended; while pixels were to be had */
} jpeg_trap;

static void raise_error(j_common_ptr info) {
    jpeg_trap *trap = (jpeg_trap *)info->err;
    trap->manager.format_message(info, trap->error);
    longjmp(trap->back, 1);
}

static void note_warning(j_common_ptr info, int level) {
    jpeg_trap *trap = (jpeg_trap *)info->err;
    if (level >= 0) return;
    if (trap->manager.msg_code == JWRN_JPEG_EOF) {
        trap->ended = true;
        return;
    }
    if (trap->manager.msg_code == JWRN_HIT_MARKER && trap->ended) trap->short_of_data = true;
    if (!trap->warning[0]) trap->manager.format_message(info, trap->warning);
}

static void count_scans(j_common_ptr info) {
    jpeg_trap *trap = (jpeg_trap *)info->err;
    if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= MOST_SCANS) return;
    snprintf(trap->error, sizeof trap->error, "more than %d scans", MOST_SCANS);
    longjmp(trap->back, 1);
}

static struct jpeg_error_mgr *set_trap(jpeg_trap *trap) {
    jpeg_std_error(&trap->manager);
    trap->manager.error_exit = raise_error;
    trap->manager.emit_message = note_warning;
    trap->progress.progress_monitor = count_scans;
    return &trap->manager;
}

/* ---- decoding ---- */

typedef struct jpeg_job {
    struct jpeg_decompress_struct info;
    jpeg_trap trap;
    lungo_image *image;
    lungo_image_file *file;
    unsigned char *cmyk; /* a row, libjpeg's memory */
} jpeg_job;

static void choose_output(jpeg_job *job) {
    struct jpeg_decompress_struct *info = &job->info;
    if (info->num_components == 4)
        info->out_color_space = JCS_CMYK;
    else if (job->image->channels == 1)
        info->out_color_space = JCS_GRAYSCALE;
    else
        info->out_color_space = JCS_EXT_BGR;
}

/* As in files of Adobe: the complements of ink, times the complement of black. */
static void mix_inks(unsigned char *to, const unsigned char *cmyk, int width, int channels) {
    for (int x = 0; x < width; x++, cmyk += 4, to += channels) {
        int light[3];
        for (int c = 0; c < 3; c++)
            light[c] = cmyk[3] - ((255 - cmyk[c]) * cmyk[3] >> 8);
        if (channels == 1) {
            to[0] = lungo_gray(light[2], light[1], light[0]);
            continue;
        }
        for (int c = 0; c < 3; c++)
            to[c] = (unsigned char)light[2 - c];
    }
}

static void read_rows(jpeg_job *job) {
    struct jpeg_decompress_struct *info = &job->info;
    lungo_image *image = job->image;
    bool inks = info->out_color_space == JCS_CMYK;
    if (inks)
        job->cmyk =
            (*info->mem->alloc_large)((j_common_ptr)info, JPOOL_IMAGE, 4 * (size_t)image->width);
    while (info->output_scanline < info->output_height) {
        unsigned char *row = lungo_image_row(image, (int)info->output_scanline);
        JSAMPROW to = inks ? job->cmyk : row;
        jpeg_read_scanlines(info, &to, 1);
        if (inks) mix_inks(row, job->cmyk, image->width, image->channels);
    }
}

/* Of the first APP1 segment, behind its "Exif\0\0". */
static int find_orientation(const struct jpeg_decompress_struct *info) {
    const struct jpeg_marker_struct *marker = info->marker_list;
    return marker && marker->data_length > 6
               ? lungo_exif_orientation(marker->data + 6, marker->data_length - 6)
               : 1;
}

static lungo_status decode_trapped(jpeg_job *job) {
    struct jpeg_decompress_struct *info = &job->info;
    const lungo_image_file *file = job->file;
    if (setjmp(job->trap.back))
        return lungo_fail(LUNGO_ERR_FORMAT, "damaged JPEG: %s", job->trap.error);
    jpeg_create_decompress(info);
    info->progress = &job->trap.progress;
    jpeg_save_markers(info, JPEG_APP0 + 1, 0xffff);
    jpeg_mem_src(info, file->bytes, file->size);
    jpeg_read_header(info, TRUE);
    bool color = file->mode == LUNGO_IMAGE_COLOR ||
                 (file->mode == LUNGO_IMAGE_AS_STORED && info->num_components > 1);
    LUNGO_TRY(lungo_image_shape_of(job->image, file, color ? 3 : 1, info->image_height,
                                   info->image_width));
    job->file->orientation = find_orientation(info);
    choose_output(job);
    jpeg_start_decompress(info);
    read_rows(job);
    return LUNGO_OK;
}

static lungo_status check_end(const jpeg_job *job) {
    const jpeg_trap *trap = &job->trap;
    bool several_scans = jpeg_has_multiple_scans((j_decompress_ptr)&job->info);
    if (trap->short_of_data || (trap->ended && several_scans))
        return lungo_fail(LUNGO_ERR_FORMAT,
                          "cut JPEG: expected more data for its %dx%d pixels, got %zu bytes in all",
                          job->image->height, job->image->width, job->file->size);
    if (trap->warning[0]) lungo_warn("the picture '%s': %s", job->file->name, trap->warning);
    return LUNGO_OK;
}

static lungo_status decode(lungo_image *image, lungo_image_file *file) {
    jpeg_job job = {.image = image, .file = file};
    job.info.err = set_trap(&job.trap);
    lungo_status status = decode_trapped(&job);
    if (!status) status = check_end(&job);
    jpeg_destroy_decompress(&job.info);
    return status;
}

/* ---- encoding ---- */

typedef struct jpeg_output {
    struct jpeg_compress_struct info;
    jpeg_trap trap;
    const lungo_image *image;
    unsigned char *bytes; /* malloc'ed by libjpeg */
    unsigned long size;
} jpeg_output;

static lungo_status encode_trapped(jpeg_output *job) {
    static const J_COLOR_SPACE spaces[] = {
        [1] = JCS_GRAYSCALE, [3] = JCS_EXT_BGR, [4] = JCS_EXT_BGRX};
    struct jpeg_compress_struct *info = &job->info;
    if (setjmp(job->trap.back))
        return lungo_fail(LUNGO_ERR_DATA, "cannot write a JPEG: %s", job->trap.error);
    jpeg_create_compress(info);
    jpeg_mem_dest(info, &job->bytes, &job->size);
    info->image_width = (JDIMENSION)job->image->width;
    info->image_height = (JDIMENSION)job->image->height;
    info->input_components = job->image->channels;
    info->in_color_space = spaces[job->image->channels];
    jpeg_set_defaults(info);
    jpeg_set_quality(info, 95, TRUE);
    jpeg_start_compress(info, TRUE);
    while (info->next_scanline < info->image_height) {
        JSAMPROW row = lungo_image_row(job->image, (int)info->next_scanline);
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
    return LUNGO_OK;
}

static lungo_status encode(lungo_buffer *out, const lungo_image *image) {
    jpeg_output job = {.image = image};
    job.info.err = set_trap(&job.trap);
    lungo_status status = encode_trapped(&job);
    if (!status) lungo_buffer_append(out, job.bytes, job.size);
    jpeg_destroy_compress(&job.info);
    free(job.bytes);
    return status;
}
#endif

const lungo_image_format lungo_image_jpeg = {
    .name = "JPEG",
    .endings = " jpg jpeg jpe ",
    .matches = matches,
#ifdef LUNGO_HAVE_JPEG
    .decode = decode,
    .encode = encode,
#else
    .advice = "this build of Lungo has no libjpeg; install libjpeg62-turbo-dev and configure with "
              "-DLUNGO_JPEG=ON",
#endif
};
