/* compute_image_mean: the mean of all images of a database, as a mean_file for transform_param, and
 * the mean of each channel, for mean_value. */
#include <stdio.h>

#include "lungo/lungo.h"
#include "support/flags.h"
#include "support/glog.h"

static const char *backend = "lmdb";

static tool_flag flags[] = {
    {"backend", FLAG_TEXT, &backend, "The kind of the database: lmdb or leveldb.", NULL, false},
    {0},
};

/* Sums in float, as Caffe does it: its users compare the digits. */
static void log_channels(const lungo_mean *mean) {
    int size = mean->height * mean->width;
    glog_line(LUNGO_LOG_INFO, "compute_image_mean.cpp", 114, "Number of channels: %d",
              mean->channels);
    for (int c = 0; c < mean->channels; c++) {
        float sum = 0;
        for (int i = 0; i < size; i++)
            sum += mean->values[(size_t)c * (size_t)size + (size_t)i];
        glog_line(LUNGO_LOG_INFO, "compute_image_mean.cpp", 119, "mean_value channel [%d]: %g", c,
                  (double)(sum / (float)size));
    }
}

static int compute(const char *database, const char *output) {
    lungo_mean mean;
    if (lungo_mean_compute(&mean, backend, database)) return glog_report_error();
    lungo_status status = LUNGO_OK;
    if (output) {
        glog_line(LUNGO_LOG_INFO, "compute_image_mean.cpp", 108, "Write to %s", output);
        status = lungo_mean_save(&mean, output);
    }
    if (!status) log_channels(&mean);
    lungo_mean_dispose(&mean);
    return status ? glog_report_error() : 0;
}

static void print_usage(void) {
    printf("compute_image_mean: the mean of all images of a database\n"
           "usage: compute_image_mean <flags> DATABASE [MEAN_FILE]\n\nflags:\n");
    flags_print(flags);
}

int main(int argc, char **argv) {
    flag_result words;
    glog_start();
    if (!flags_parse(&words, argc, argv, flags)) return 1;
    if (words.version) {
        printf("compute_image_mean version %s\n", lungo_version());
        return 0;
    }
    if (words.help || words.word_count < 1 || words.word_count > 2) {
        print_usage();
        return words.help ? 0 : 1;
    }
    return compute(words.words[0], words.word_count > 1 ? words.words[1] : NULL);
}
