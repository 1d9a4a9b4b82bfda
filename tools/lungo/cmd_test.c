/* lungo test --model=NET --weights=MODEL [--iterations=N]: the mean of every output over N batches.
 */
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"
#include "support/glog.h"

/* In float, as Caffe adds them: the last digit printed may show it. */
typedef struct score_sums {
    size_t count; /* values over all outputs */
    float *sums;
    float loss;
} score_sums;

static bool scores_init(score_sums *scores, const lungo_net *net) {
    *scores = (score_sums){0};
    for (size_t i = 0; i < lungo_net_output_count(net); i++)
        scores->count += lungo_blob_count(lungo_net_output(net, i));
    scores->sums = calloc(scores->count + 1, sizeof *scores->sums);
    return scores->sums != NULL;
}

static void add_batch(score_sums *scores, const lungo_net *net, int batch) {
    size_t index = 0;
    for (size_t i = 0; i < lungo_net_output_count(net); i++) {
        const lungo_blob *blob = lungo_net_output(net, i);
        for (size_t k = 0; k < lungo_blob_count(blob) && index < scores->count; k++) {
            float value = lungo_data(blob)[k];
            scores->sums[index++] += value;
            glog_line(LUNGO_LOG_INFO, "caffe.cpp", 304, "Batch %d, %s = %g", batch,
                      lungo_blob_name(blob), value);
        }
    }
}

static void print_means(const score_sums *scores, const lungo_net *net, int batches) {
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 309, "Loss: %g", scores->loss / (float)batches);
    size_t index = 0;
    for (size_t i = 0; i < lungo_net_output_count(net); i++) {
        const lungo_blob *blob = lungo_net_output(net, i);
        float weight = lungo_net_output_loss_weight(net, i);
        for (size_t k = 0; k < lungo_blob_count(blob) && index < scores->count; k++) {
            float mean = scores->sums[index++] / (float)batches;
            char loss[96] = "";
            if (weight != 0)
                snprintf(loss, sizeof loss, " (* %g = %g loss)", weight, weight * mean);
            glog_line(LUNGO_LOG_INFO, "caffe.cpp", 321, "%s = %g%s", lungo_blob_name(blob), mean,
                      loss);
        }
    }
}

static lungo_status run(lungo_net *net, score_sums *scores, const command_flags *flags) {
    lungo_status status = lungo_net_load_weights(net, flags->weights);
    if (status) return status;
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 281, "Running for %d iterations.", flags->iterations);
    for (int batch = 0; batch < flags->iterations; batch++) {
        float loss;
        status = lungo_net_forward(net, &loss);
        if (status) return status;
        scores->loss += loss;
        add_batch(scores, net, batch);
    }
    print_means(scores, net, flags->iterations);
    return LUNGO_OK;
}

int cmd_test(const command_flags *flags) {
    if (!*flags->model) return glog_complain("test: expected --model=FILE, a network to score");
    if (!*flags->weights)
        return glog_complain("test: expected --weights=FILE, the weights to score");
    if (flags->iterations < 1)
        return glog_complain("test: expected --iterations of 1 or more, got %d", flags->iterations);
    say_cpu(flags, 275);
    lungo_net *net = open_model(flags, LUNGO_TEST, true);
    if (!net) return 1;
    score_sums scores;
    lungo_status status = LUNGO_ERR_MEMORY;
    if (!scores_init(&scores, net)) {
        glog_complain("out of memory");
    } else if ((status = run(net, &scores, flags))) {
        glog_report_error();
    }
    free(scores.sums);
    lungo_net_free(net);
    return status != LUNGO_OK;
}
