#include "store/hdf5_guard.h"

#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Whoever else uses libhdf5 in this process gets back the printing that they had. */
static H5E_auto2_t printer;
static void *printer_data;

void lungo_hdf5_enter(void) {
    pthread_mutex_lock(&mutex);
    H5Eget_auto2(H5E_DEFAULT, &printer, &printer_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

lungo_status lungo_hdf5_leave(lungo_status status) {
    H5Eset_auto2(H5E_DEFAULT, printer, printer_data);
    pthread_mutex_unlock(&mutex);
    return status;
}

/* The first entry is that of the innermost function, which knows most. */
static herr_t take_first(unsigned depth, const H5E_error2_t *error, void *reason) {
    if (depth == 0 && error->desc) snprintf(reason, 256, "%s", error->desc);
    return 0;
}

lungo_status lungo_hdf5_fail(const char *path, const char *action, const char *name) {
    char reason[256] = "HDF5 gives no reason";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, reason);
    return lungo_fail(LUNGO_ERR_FORMAT, "HDF5 file '%s': cannot %s '%s': %s", path, action, name,
                      reason);
}
