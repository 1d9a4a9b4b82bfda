/* compute_image_mean: the mean of all images of a database, as a mean_file for transform_param, and
 * the mean of each channel, for mean_value. */
#include <stdio.h>

#include "lungo/lungo.h"
#include "support/companion.h"
#include "support/glog.h"

static const char *backend = "lmdb";

static tool_flag flags[] = {
    {"backend", FLAG_TEXT, &backend, "lmdb|leveldb", "The kind of the database: lmdb or leveldb.",
     NULL, false},
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

static int run(const char *const *words, int count) {
    return compute(words[0], count > 1 ? words[1] : NULL);
}

int main(int argc, char **argv) {
    static const companion tool = {
        .page = {.name = "compute_image_mean",
                 .words = "[flags] DATABASE [MEAN_FILE]",
                 .brief = "the mean of all images of a database",
                 .about = "MEAN_FILE is written for mean_file of transform_param; the mean of each "
                          "channel, for mean_value, is logged.",
                 .examples =
                     "compute_image_mean examples/cifar10/cifar10_train_lmdb mean.binaryproto"},
        .flags = flags,
        .least = 1,
        .most = 2,
        .run = run};
    return companion_main(&tool, argc, argv);
}
