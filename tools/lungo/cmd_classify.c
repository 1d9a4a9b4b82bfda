/* lungo classify --model=NET --weights=MODEL PICTURE...: the likeliest classes of pictures. As
 * Caffe's examples/cpp_classification; views and scales are those of its python/classify.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "lungo/data.h"
#include "pictures.h"
#include "support/glog.h"
#include "support/lines.h"

/* Functions below are false when they fail, after saying why. */

typedef struct classifier {
    lungo_net *net;
    lungo_blob *input, *scores;
    line_list labels; /* none: classes are numbers */
    int top;          /* how many classes to print */
    picture_reader reader;

    /* The batch that is being filled: a row for each view of a picture. */
    float *rows;
    const char **paths; /* of each row */
    size_t row_size, row_count, most_rows;

    float *sums; /* over the views of the picture so far, per class */
    size_t class_count;
    int views_seen, failed;
} classifier;

/* ---- settings ---- */

/* "104,117,123": `least` to `most` numbers. */
static bool read_numbers(float *out, size_t *count, size_t least, size_t most, const char *flag,
                         const char *text) {
    const char *at = text;
    for (*count = 0; *at && *count < most; (*count)++) {
        char *end;
        out[*count] = strtof(at, &end);
        if (end == at || (*end && *end != ',')) break;
        at = end + (*end == ',');
    }
    if (!*at && *count >= least) return true;
    return glog_complain("--%s: expected %zu to %zu numbers with commas between, got '%s'", flag,
                         least, most, text) == 0;
}

static bool read_scale(float *out, const char *flag, const char *text) {
    size_t count;
    *out = 1;
    return !*text || read_numbers(out, &count, 1, 1, flag, text);
}

/* Caffe's example takes the mean of the mean file, channel by channel. */
static bool read_mean_file(picture_settings *settings, const char *path) {
    lungo_mean mean;
    if (lungo_mean_load(&mean, path)) return glog_report_error() == 0;
    size_t pixels = (size_t)mean.height * (size_t)mean.width;
    bool fits = mean.channels == settings->channels && pixels > 0;
    for (int c = 0; c < settings->channels && fits; c++) {
        double sum = 0;
        for (size_t i = 0; i < pixels; i++)
            sum += mean.values[(size_t)c * pixels + i];
        settings->mean[c] = (float)(sum / (double)pixels);
    }
    int channels = mean.channels;
    lungo_mean_dispose(&mean);
    return fits || glog_complain("--mean=%s: expected a mean of %d channels, as the net's input "
                                 "has, got %d",
                                 path, settings->channels, channels) == 0;
}

static bool read_mean(picture_settings *settings, const command_flags *flags) {
    size_t count, channels = (size_t)settings->channels;
    if (*flags->mean && *flags->mean_value)
        return glog_complain("expected --mean or --mean_value, got both") == 0;
    if (*flags->mean) return read_mean_file(settings, flags->mean);
    if (!*flags->mean_value) return true;
    if (!read_numbers(settings->mean, &count, 1, channels, "mean_value", flags->mean_value))
        return false;
    if (count != 1 && count != channels)
        return glog_complain("--mean_value: expected 1 or %zu numbers, got %zu", channels, count) ==
               0;
    for (size_t c = count; c < channels; c++)
        settings->mean[c] = settings->mean[0];
    return true;
}

static bool read_size(picture_settings *settings, const char *text) {
    int length = 0, height = settings->height, width = settings->width;
    if (*text && (sscanf(text, "%d,%d%n", &height, &width, &length) != 2 || text[length] ||
                  height < settings->height || width < settings->width))
        return glog_complain("--images_dim: expected a height and a width of at least %d,%d (the "
                             "net's input), got '%s'",
                             settings->height, settings->width, text) == 0;
    settings->resized_height = height;
    settings->resized_width = width;
    return true;
}

static bool read_settings(classifier *job, const command_flags *flags) {
    picture_settings *settings = &job->reader.settings;
    const int *dim = lungo_blob_shape(job->input)->dim;
    settings->channels = dim[1];
    settings->height = dim[2];
    settings->width = dim[3];
    settings->oversample = flags->oversample;
    settings->rgb = flags->rgb;
    job->top = flags->top;
    if (flags->top < 1) return glog_complain("--top: expected 1 or more, got %d", flags->top) == 0;
    return read_scale(&settings->scale, "scale", flags->scale) &&
           read_scale(&settings->raw_scale, "raw_scale", flags->raw_scale) &&
           read_size(settings, flags->images_dim) && read_mean(settings, flags);
}

/* ---- the net ---- */

static bool find_input(classifier *job) {
    if (lungo_net_input_count(job->net) != 1)
        return glog_complain("classify: expected a net with one input, got %zu",
                             lungo_net_input_count(job->net)) == 0;
    job->input = lungo_net_input(job->net, 0);
    const lungo_shape *shape = lungo_blob_shape(job->input);
    if (shape->axes == 4 && (shape->dim[1] == 1 || shape->dim[1] == 3) &&
        lungo_blob_count(job->input) > 0)
        return true;
    return glog_complain("classify: expected an input of pictures with 1 or 3 channels, got '%s' "
                         "with %d axes and %d channels",
                         lungo_blob_name(job->input), shape->axes,
                         shape->axes > 1 ? shape->dim[1] : 0) == 0;
}

static bool find_scores(classifier *job) {
    if (lungo_net_output_count(job->net) != 1)
        return glog_complain("classify: expected a net with one output, got %zu",
                             lungo_net_output_count(job->net)) == 0;
    job->scores = lungo_net_output(job->net, 0);
    const lungo_shape *shape = lungo_blob_shape(job->scores);
    job->class_count = shape->axes > 1 ? (size_t)shape->dim[1] : 0;
    size_t wanted = (size_t)lungo_blob_shape(job->input)->dim[0] * job->class_count;
    if (job->class_count > 0 && lungo_blob_count(job->scores) == wanted) return true;
    return glog_complain("classify: expected an output of one number for each picture and class, "
                         "got '%s' with %d axes and %zu values for %d pictures",
                         lungo_blob_name(job->scores), shape->axes, lungo_blob_count(job->scores),
                         lungo_blob_shape(job->input)->dim[0]) == 0;
}

static bool read_labels(classifier *job, const char *path) {
    if (!*path) return true;
    if (!lines_read(&job->labels, path, true)) return false;
    return job->labels.count == job->class_count ||
           glog_complain("--labels=%s: expected %zu lines, as many as '%s' has classes, got %zu",
                         path, job->class_count, lungo_blob_name(job->scores),
                         job->labels.count) == 0;
}

static bool make_room(classifier *job) {
    job->most_rows = (size_t)lungo_blob_shape(job->input)->dim[0];
    job->row_size = lungo_blob_count(job->input) / job->most_rows;
    job->rows = malloc(lungo_blob_count(job->input) * sizeof *job->rows);
    job->paths = malloc(job->most_rows * sizeof *job->paths);
    job->sums = calloc(job->class_count, sizeof *job->sums);
    return (job->rows && job->paths && job->sums) || glog_complain("out of memory") == 0;
}

static bool open_classifier(classifier *job, const command_flags *flags) {
    job->net = open_model(flags, LUNGO_TEST, true);
    if (!job->net) return false;
    if (lungo_net_load_weights(job->net, flags->weights)) return glog_report_error() == 0;
    return find_input(job) && find_scores(job) && read_settings(job, flags) &&
           read_labels(job, flags->labels) && make_room(job);
}

static void close_classifier(classifier *job) {
    lines_dispose(&job->labels);
    picture_dispose(&job->reader);
    free(job->rows);
    free(job->paths);
    free(job->sums);
    lungo_net_free(job->net);
}

/* ---- classes ---- */

/* By value, the largest first, then by number; what is not a number comes last. */
static bool is_before(const float *values, size_t a, size_t b) {
    float first = isnan(values[a]) ? -INFINITY : values[a];
    float second = isnan(values[b]) ? -INFINITY : values[b];
    return first > second || (first == second && a < b);
}

/* The next behind `last`, or the first if that is `count`; `count`: there is none. */
static size_t next_best(const float *values, size_t count, size_t last) {
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if ((last == count || is_before(values, last, i)) &&
            (best == count || is_before(values, i, best)))
            best = i;
    return best;
}

static void print_classes(const classifier *job, const char *path) {
    printf("---------- Prediction for %s ----------\n", path);
    size_t best = job->class_count;
    for (int i = 0; i < job->top; i++) {
        best = next_best(job->sums, job->class_count, best);
        if (best == job->class_count) return;
        printf("%.4f - ", job->sums[best]);
        if (job->labels.count)
            printf("\"%s\"\n", job->labels.lines[best]);
        else
            printf("\"%zu\"\n", best);
    }
}

static void take_scores(classifier *job, size_t row) {
    const float *scores = lungo_data(job->scores) + row * job->class_count;
    int views = picture_views(&job->reader);
    for (size_t k = 0; k < job->class_count; k++)
        job->sums[k] += scores[k];
    if (++job->views_seen < views) return;
    for (size_t k = 0; k < job->class_count && views > 1; k++)
        job->sums[k] /= (float)views;
    print_classes(job, job->paths[row]);
    memset(job->sums, 0, job->class_count * sizeof *job->sums);
    job->views_seen = 0;
}

/* ---- batches ---- */

static bool run_batch(classifier *job) {
    lungo_shape shape = *lungo_blob_shape(job->input);
    if (job->row_count == 0) return true;
    shape.dim[0] = (int)job->row_count;
    if (lungo_blob_reshape(job->input, &shape) || lungo_net_reshape(job->net))
        return glog_report_error() == 0;
    memcpy(lungo_data_overwrite(job->input), job->rows,
           job->row_count * job->row_size * sizeof *job->rows);
    if (lungo_net_forward(job->net, NULL)) return glog_report_error() == 0;
    for (size_t row = 0; row < job->row_count; row++)
        take_scores(job, row);
    job->row_count = 0;
    return true;
}

/* A picture that cannot be read is no reason to stop. */
static bool add_picture(classifier *job, const char *path) {
    if (!picture_read(&job->reader, path)) {
        job->failed++;
        return true;
    }
    for (int view = 0; view < picture_views(&job->reader); view++) {
        picture_put(job->rows + job->row_count * job->row_size, &job->reader, view);
        job->paths[job->row_count++] = path;
        if (job->row_count == job->most_rows && !run_batch(job)) return false;
    }
    return true;
}

static bool add_pictures(classifier *job, const line_list *paths) {
    for (size_t i = 0; i < paths->count; i++)
        if (!add_picture(job, paths->lines[i])) return false;
    return run_batch(job);
}

/* ---- pictures ---- */

static bool ends_in(const char *text, const char *ending) {
    size_t length = strlen(text), part = strlen(ending);
    return length >= part && strcmp(text + length - part, ending) == 0;
}

static bool list_pictures(line_list *paths, const char *const *words, int word_count) {
    for (int i = 0; i < word_count; i++)
        if (!(ends_in(words[i], ".txt") ? lines_read(paths, words[i], false)
                                        : lines_add(paths, words[i])))
            return false;
    return paths->count > 0 || glog_complain("classify: expected pictures, got empty lists") == 0;
}

int cmd_classify(const command_flags *flags, const char *const *words, int word_count) {
    if (!*flags->model) return glog_complain("classify: expected --model=FILE, a net");
    if (!*flags->weights) return glog_complain("classify: expected --weights=FILE, its weights");
    if (word_count == 0) return glog_complain("classify: expected pictures, or lists of them");
    classifier job = {0};
    line_list paths = {0};
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    bool done = list_pictures(&paths, words, word_count) && open_classifier(&job, flags) &&
                add_pictures(&job, &paths);
    close_classifier(&job);
    lines_dispose(&paths);
    return !done || job.failed > 0;
}
