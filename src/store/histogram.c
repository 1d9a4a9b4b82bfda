#include "store/histogram.h"

#include <math.h>

static void measure(lungo_histogram *out, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        double value = values[i];
        if (!isfinite(value)) continue;
        if (out->count == 0 || value < out->min) out->min = value;
        if (out->count == 0 || value > out->max) out->max = value;
        out->count++;
        out->sum += value;
        out->squares += value * value;
    }
}

static void count_values(lungo_histogram *out, const float *values, size_t count) {
    size_t last = out->bucket_count - 1;
    double scale = last > 0 ? LUNGO_BUCKETS / (out->max - out->min) : 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        size_t bucket = (size_t)((values[i] - out->min) * scale);
        out->counts[bucket < last ? bucket : last]++;
    }
}

void lungo_histogram_of(lungo_histogram *out, const float *values, size_t count) {
    *out = (lungo_histogram){0};
    measure(out, values, count);
    if (out->count == 0) return;
    out->bucket_count = out->min < out->max ? LUNGO_BUCKETS : 1;
    double width = (out->max - out->min) / (double)out->bucket_count;
    for (size_t k = 0; k + 1 < out->bucket_count; k++)
        out->limits[k] = out->min + width * (double)(k + 1);
    out->limits[out->bucket_count - 1] = out->max;
    count_values(out, values, count);
}
