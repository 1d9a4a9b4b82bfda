/* Status codes and error text.
 *
 * A function that can fail returns a lungo_status. When it is not LUNGO_OK, lungo_error_text()
 * gives the facts (expected X, got Y) on its first line and, on further lines, where: the layer,
 * the file, the net. The text belongs to the calling thread and lasts until its next failure.
 */
#ifndef LUNGO_STATUS_H
#define LUNGO_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lungo_status {
    LUNGO_OK = 0,
    LUNGO_ERR_USAGE,       /* a call that its contract forbids: bad argument or wrong moment */
    LUNGO_ERR_PARSE,       /* text that does not follow prototxt's grammar or Caffe's schema */
    LUNGO_ERR_CONFIG,      /* a well-formed net or solver that cannot be built or means nothing */
    LUNGO_ERR_FILE,        /* the system refused a file: missing, not permitted, disk full */
    LUNGO_ERR_FORMAT,      /* a file's content is cut, damaged, or of another kind */
    LUNGO_ERR_DATA,        /* data that does not fit the net: label out of range, changing shapes */
    LUNGO_ERR_MEMORY,      /* out of memory, or a count beyond what Caffe's formats can hold */
    LUNGO_ERR_UNSUPPORTED, /* known to Caffe, not to this build; the text says what to do */
    LUNGO_ERR_INTERRUPTED, /* the caller or a signal asked to stop */
    LUNGO_ERR_NUMERIC      /* training met a NaN or an infinity; the text says where first */
} lungo_status;

/* The last failure of the calling thread: text (never NULL) and code. */
const char *lungo_error_text(void);
lungo_status lungo_error_code(void);

/* "0.1.0", and the version of Caffe whose files and numbers it follows, "1.0.0". */
const char *lungo_version(void);
const char *lungo_caffe_version(void);

#ifdef __cplusplus
}
#endif
#endif
