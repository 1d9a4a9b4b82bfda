/* extract_features: what blobs of a trained net hold, batch after batch, as records of a database
 * or as one array in a .npy file. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lungo/lungo.h"
#include "support/companion.h"
#include "support/glog.h"
#include "support/limits.h"
#include "support/sizes.h"
#include "support/threads.h"
#include "support/words.h"

enum { PER_COMMIT = 1000, DATUM_AXES = 4 };

#define CAFFE_FILE "extract_features.cpp"
#define USAGE                                                                                      \
    "extract_features  pretrained_net_param  feature_extraction_proto_file  "                      \
    "extract_feature_blob_name1[,name2,...]  save_feature_dataset_name1[,name2,...]  "             \
    "num_mini_batches  db_type  [CPU/GPU] [DEVICE_ID=0]\n"                                         \
    "Note: you can extract multiple features in one pass by specifying multiple feature blob "     \
    "names and dataset names separated by ','. The names cannot contain white space characters "   \
    "and the number of blobs and datasets must be equal."

static const char *engine = "", *unknown_fields = "error", *max_memory = "";
static flag_list limits;

static tool_flag flags[] = {
    {"engine", FLAG_TEXT, &engine, "reference|blas|onednn",
     "reference, blas or onednn; the fastest when left out.", NULL, false},
    LIMIT_FLAG(&limits, NULL),
    {"max-memory", FLAG_TEXT, &max_memory, "SIZE",
     "The most memory that the net may take, as 4G or 500M; 90 % of what is available when left "
     "out.",
     NULL, false},
    {"unknown-fields", FLAG_TEXT, &unknown_fields, "error|warn",
     "error, or warn: pass over fields that Caffe does not have, each with a warning.", NULL,
     false},
    {0},
};

/* Functions below are false when they fail, after saying why. */

/* One blob, and where its values go: `db`, or `npy`. */
typedef struct tapped_blob {
    const char *blob_name, *path;
    const lungo_blob *blob;
    lungo_shape shape; /* that every batch must have, for npy */
    size_t items;      /* written so far */
    lungo_db_writer *db;
    lungo_npy_writer *npy;
} tapped_blob;

typedef struct extraction {
    const char *weights, *model, *type;
    int batches;
    word_list blobs, paths;
    lungo_net *net;
    tapped_blob *features; /* as many as blobs and paths */
} extraction;

static bool succeeded(lungo_status status) {
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

static bool is_npy(const extraction *job) {
    return strcmp(job->type, "npy") == 0;
}

/* ---- opening ---- */

static bool open_net(extraction *job) {
    lungo_net_options options = LUNGO_NET_OPTIONS_INIT;
    options.forward_only = true;
    return sizes_parse(&options.max_memory, "max-memory", max_memory) &&
           limits_parse(&options.limits, &limits) &&
           succeeded(lungo_engine_parse(&options.engine, engine)) &&
           succeeded(lungo_unknown_fields_parse(&options.unknown_fields, unknown_fields)) &&
           succeeded(lungo_net_open(&job->net, job->model, &options)) &&
           succeeded(lungo_net_load_weights(job->net, job->weights));
}

static bool check_axes(const extraction *job, const tapped_blob *feature) {
    int axes = lungo_blob_shape(feature->blob)->axes;
    if (axes <= DATUM_AXES || is_npy(job)) return true;
    glog_complain("blob '%s': expected at most %d axes, which is what a record can hold, got %d; "
                  "db_type npy takes any",
                  feature->blob_name, DATUM_AXES, axes);
    return false;
}

static bool find_blobs(extraction *job) {
    if (job->blobs.count != job->paths.count) {
        glog_complain("the number of blob names and dataset names must be equal: got %zu and %zu",
                      job->blobs.count, job->paths.count);
        return false;
    }
    job->features = calloc(job->blobs.count, sizeof *job->features);
    for (size_t i = 0; job->features && i < job->blobs.count; i++) {
        tapped_blob *feature = &job->features[i];
        feature->blob_name = job->blobs.words[i];
        feature->path = job->paths.words[i];
        feature->blob = lungo_net_blob(job->net, feature->blob_name);
        if (!feature->blob) {
            glog_complain("Unknown feature blob name %s in the network %s", feature->blob_name,
                          job->model);
            return false;
        }
        if (!check_axes(job, feature)) return false;
    }
    if (!job->features) glog_complain("out of memory");
    return job->features != NULL;
}

/* The items of all batches stand one behind the other along axis 0. */
static bool open_npy(const extraction *job, tapped_blob *feature) {
    lungo_shape all = feature->shape = *lungo_blob_shape(feature->blob);
    if (all.axes == 0) all.dim[all.axes++] = 1;
    long long rows = (long long)all.dim[0] * job->batches;
    if (rows > INT_MAX) {
        glog_complain("blob '%s': expected at most %d items in all, got %lld", feature->blob_name,
                      INT_MAX, rows);
        return false;
    }
    all.dim[0] = (int)rows;
    return succeeded(lungo_npy_writer_open(&feature->npy, feature->path, &all));
}

static bool open_outputs(extraction *job) {
    for (size_t i = 0; i < job->blobs.count; i++) {
        tapped_blob *feature = &job->features[i];
        glog_line(LUNGO_LOG_INFO, CAFFE_FILE, 125, "Opening dataset %s", feature->path);
        bool open = is_npy(job)
                        ? open_npy(job, feature)
                        : succeeded(lungo_db_writer_open(&feature->db, job->type, feature->path));
        if (!open) return false;
    }
    return true;
}

/* ---- extracting ---- */

static void log_count(const tapped_blob *feature, int line) {
    glog_line(LUNGO_LOG_ERROR, CAFFE_FILE, line,
              "Extracted features of %zu query images for feature blob %s", feature->items,
              feature->blob_name);
}

static bool put_npy(tapped_blob *feature) {
    const lungo_shape *shape = lungo_blob_shape(feature->blob);
    if (shape->axes != feature->shape.axes ||
        memcmp(shape->dim, feature->shape.dim, (size_t)shape->axes * sizeof *shape->dim)) {
        glog_complain("blob '%s': expected one shape in all batches, which an array has, got "
                      "another one after %zu items; a database takes them",
                      feature->blob_name, feature->items);
        return false;
    }
    return succeeded(lungo_npy_writer_put(feature->npy, lungo_data(feature->blob),
                                          lungo_blob_count(feature->blob)));
}

static bool count_item(tapped_blob *feature) {
    if (++feature->items % PER_COMMIT) return true;
    if (feature->db && !succeeded(lungo_db_writer_commit(feature->db))) return false;
    log_count(feature, 165);
    return true;
}

/* Axes that a blob lacks count as 1, as in Caffe. */
static int dim_of(const lungo_shape *shape, int axis) {
    return axis < shape->axes ? shape->dim[axis] : 1;
}

static bool put_record(tapped_blob *feature, size_t item, size_t size) {
    const lungo_shape *shape = lungo_blob_shape(feature->blob);
    lungo_datum datum = {.channels = dim_of(shape, 1),
                         .height = dim_of(shape, 2),
                         .width = dim_of(shape, 3),
                         .float_data = lungo_data(feature->blob) + item * size,
                         .float_count = size};
    char key[24];
    int length = snprintf(key, sizeof key, "%010zu", feature->items);
    return succeeded(lungo_db_writer_put(feature->db, key, (size_t)length, &datum));
}

static bool put_batch(tapped_blob *feature) {
    size_t items = (size_t)dim_of(lungo_blob_shape(feature->blob), 0);
    if (feature->npy && !put_npy(feature)) return false;
    for (size_t i = 0; i < items; i++) {
        if (feature->db && !put_record(feature, i, lungo_blob_count(feature->blob) / items))
            return false;
        if (!count_item(feature)) return false;
    }
    return true;
}

static bool run_batches(extraction *job) {
    glog_line(LUNGO_LOG_ERROR, CAFFE_FILE, 133, "Extracting Features");
    for (int batch = 0; batch < job->batches; batch++) {
        if (!succeeded(lungo_net_forward(job->net, NULL))) return false;
        for (size_t i = 0; i < job->blobs.count; i++)
            if (!put_batch(&job->features[i])) return false;
    }
    return true;
}

static bool close_output(tapped_blob *feature) {
    lungo_status status =
        feature->db ? lungo_db_writer_close(feature->db) : lungo_npy_writer_close(feature->npy);
    feature->db = NULL;
    feature->npy = NULL;
    if (!succeeded(status)) return false;
    log_count(feature, 176);
    return true;
}

static bool close_outputs(extraction *job) {
    for (size_t i = 0; i < job->blobs.count; i++)
        if (!close_output(&job->features[i])) return false;
    glog_line(LUNGO_LOG_ERROR, CAFFE_FILE, 181, "Successfully extracted the features!");
    return true;
}

/* ---- the whole ---- */

static bool read_words(extraction *job, const char *const *words, int count) {
    *job = (extraction){.weights = words[0], .model = words[1], .type = words[5]};
    if (!words_split(&job->blobs, words[2]) || !words_split(&job->paths, words[3])) {
        glog_complain("out of memory");
        return false;
    }
    char *end;
    long batches = strtol(words[4], &end, 10);
    if (*end || batches < 1 || batches > INT_MAX) {
        glog_complain("num_mini_batches: expected 1 or more, got '%s'", words[4]);
        return false;
    }
    job->batches = (int)batches;
    if (count > 6 && strcmp(words[6], "GPU") == 0)
        glog_line(LUNGO_LOG_WARNING, "lungo.c", __LINE__, "GPU: this build computes on the CPU");
    glog_line(LUNGO_LOG_ERROR, CAFFE_FILE, 62, "Using CPU");
    return true;
}

static void dispose(extraction *job) {
    for (size_t i = 0; job->features && i < job->blobs.count; i++) {
        lungo_db_writer_abandon(job->features[i].db);
        lungo_npy_writer_abandon(job->features[i].npy);
    }
    free(job->features);
    lungo_net_free(job->net);
    words_dispose(&job->blobs);
    words_dispose(&job->paths);
}

/* Caffe's tool sends only errors to stderr, and its lines are errors. */
static int run(const char *const *words, int count) {
    extraction job;
    glog_set_default_minimum(LUNGO_LOG_WARNING);
    bool done = read_words(&job, words, count) && open_net(&job) && find_blobs(&job) &&
                open_outputs(&job) && run_batches(&job) && close_outputs(&job);
    dispose(&job);
    return done ? 0 : 1;
}

int main(int argc, char **argv) {
    threads_spin_little(argv);
    static const companion tool = {
        .page = {.name = "extract_features",
                 .words = "MODEL NET BLOB[,BLOB...] OUTPUT[,OUTPUT...] BATCHES DB_TYPE [CPU|GPU] "
                          "[DEVICE_ID=0]",
                 .brief = "keep what blobs of a trained net hold, batch after batch",
                 .about =
                     "DB_TYPE is lmdb or leveldb (a record of floats per item; the databases "
                     "must not exist yet), or npy (a file that numpy.load reads, axis 0 counts "
                     "the items). Only warnings and errors are logged unless --minloglevel "
                     "says otherwise.",
                 .examples = "extract_features lenet.caffemodel train_test.prototxt ip1,ip2 "
                             "ip1.npy,ip2.npy 100 npy"},
        .flags = flags,
        .least = 6,
        .most = 8,
        .log_file = CAFFE_FILE,
        .log_line = 35,
        .log_text = "This program takes in a trained network and an input data layer, and then "
                    "extract features of the input data produced by the net.\nUsage: " USAGE,
        .run = run};
    return companion_main(&tool, argc, argv);
}
