/* A file is a run of records, each an Event of proto/event.proto:
 *
 *   length of the event, 8 bytes   masked CRC-32C of these, 4 bytes
 *   the event                      masked CRC-32C of it, 4 bytes
 *
 * Numbers are little-endian. Masking keeps the sum of something that holds its own sum from being
 * trivial: rotated right by 15 bits, plus 0xa282ead8. TensorBoard reads the files of a folder in
 * the order of their names, which therefore begin with the time. */
#include "store/events.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/file.h"
#include "event.pb-c.h"

struct lungo_events {
    int file;
    char *path;
    off_t length;         /* of the file */
    lungo_buffer pending; /* records to be written */
};

/* ---- records ---- */

static void put_number(lungo_buffer *out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)(value >> 8 * i);
        lungo_buffer_append(out, &byte, 1);
    }
}

/* Of the last `length` bytes. */
static void put_checksum(lungo_buffer *out, size_t length) {
    if (out->failed) return;
    uint32_t sum = lungo_crc32c(out->bytes + out->length - length, length);
    put_number(out, (uint32_t)((sum >> 15 | sum << 17) + 0xa282ead8u), 4);
}

typedef struct event_sink {
    ProtobufCBuffer buffer;
    lungo_buffer *out;
} event_sink;

static void append(ProtobufCBuffer *buffer, size_t length, const uint8_t *bytes) {
    lungo_buffer_append(((event_sink *)buffer)->out, bytes, length);
}

static double wall_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void put_event(lungo_events *events, Lungo__Event *event, int64_t step) {
    event->has_wall_time = event->has_step = true;
    event->wall_time = wall_time();
    event->step = step;
    event_sink sink = {{append}, &events->pending};
    size_t length = lungo__event__get_packed_size(event);
    put_number(&events->pending, length, 8);
    put_checksum(&events->pending, 8);
    lungo__event__pack_to_buffer(event, &sink.buffer);
    put_checksum(&events->pending, length);
}

static void put_value(lungo_events *events, int64_t step, const char *tag,
                      Lungo__Summary__Value *value) {
    Lungo__Event event = LUNGO__EVENT__INIT;
    Lungo__Summary summary = LUNGO__SUMMARY__INIT;
    event.summary = &summary;
    summary.n_value = 1;
    summary.value = &value;
    value->tag = (char *)tag;
    put_event(events, &event, step);
}

void lungo_events_scalar(lungo_events *events, int64_t step, const char *tag, float number) {
    Lungo__Summary__Value value = LUNGO__SUMMARY__VALUE__INIT;
    value.has_simple_value = true;
    value.simple_value = number;
    put_value(events, step, tag, &value);
}

void lungo_events_histogram(lungo_events *events, int64_t step, const char *tag,
                            const lungo_histogram *histogram) {
    Lungo__Summary__Value value = LUNGO__SUMMARY__VALUE__INIT;
    Lungo__Histogram histo = LUNGO__HISTOGRAM__INIT;
    value.histo = &histo;
    histo.has_min = histo.has_max = histo.has_num = true;
    histo.has_sum = histo.has_sum_squares = true;
    histo.min = histogram->min;
    histo.max = histogram->max;
    histo.num = histogram->count;
    histo.sum = histogram->sum;
    histo.sum_squares = histogram->squares;
    histo.n_bucket_limit = histo.n_bucket = histogram->bucket_count;
    histo.bucket_limit = (double *)histogram->limits;
    histo.bucket = (double *)histogram->counts;
    put_value(events, step, tag, &value);
}

lungo_status lungo_events_flush(lungo_events *events) {
    lungo_buffer *pending = &events->pending;
    lungo_status status = pending->failed ? lungo_fail_memory("events", pending->length)
                                          : lungo_file_append(events->file, pending->bytes,
                                                              pending->length, events->path);
    if (!status)
        events->length += (off_t)pending->length;
    else if (ftruncate(events->file, events->length))
        status = lungo_trail("its last event may be cut");
    lungo_buffer_clear(pending);
    return status;
}

/* ---- files ---- */

/* Names in the order of time: one second may see a run end and go on. */
static lungo_status create_file(lungo_events *events, const char *folder) {
    struct timespec now;
    lungo_buffer path = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    lungo_buffer_printf(&path, "%s/events.out.tfevents.%010lld.%09ld.lungo", folder,
                        (long long)now.tv_sec, now.tv_nsec);
    if (path.failed) return lungo_fail_memory("a file name", path.length);
    events->path = path.bytes;
    events->file = open(events->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    return events->file < 0 ? lungo_fail_errno("write", events->path) : LUNGO_OK;
}

static lungo_status begin_file(lungo_events *events, int64_t step) {
    Lungo__Event version = LUNGO__EVENT__INIT, start = LUNGO__EVENT__INIT;
    Lungo__SessionLog log = LUNGO__SESSION_LOG__INIT;
    version.file_version = (char *)"brain.Event:2";
    put_event(events, &version, step);
    log.has_status = true;
    log.status = LUNGO__SESSION_LOG__STATUS__START;
    start.session_log = &log;
    put_event(events, &start, step);
    return lungo_events_flush(events);
}

lungo_status lungo_events_open(lungo_events **out, const char *folder, int64_t step) {
    LUNGO_TRY(lungo_file_make_folders(folder));
    lungo_events *events = calloc(1, sizeof *events);
    if (!events) return lungo_fail_memory("an event file", sizeof *events);
    events->file = -1;
    lungo_status status = create_file(events, folder);
    if (!status) status = begin_file(events, step);
    if (!status)
        *out = events;
    else
        lungo_events_close(events);
    return status;
}

void lungo_events_close(lungo_events *events) {
    if (!events) return;
    if (events->file >= 0) close(events->file);
    lungo_buffer_dispose(&events->pending);
    free(events->path);
    free(events);
}
