#include "store/shared.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the list and all counts */
static lungo_shared *all;

static lungo_status find_or_open(lungo_shared **out, const struct stat *info,
                                 lungo_shared_open *open, const char *path) {
    for (lungo_shared *one = all; one; one = one->next) {
        if (one->device != info->st_dev || one->inode != info->st_ino) continue;
        *out = one;
        return LUNGO_OK;
    }
    LUNGO_TRY(open(out, info, path));
    (*out)->device = info->st_dev;
    (*out)->inode = info->st_ino;
    (*out)->users = 0;
    (*out)->next = all;
    all = *out;
    return LUNGO_OK;
}

lungo_status lungo_shared_acquire(lungo_shared **out, const char *identity, lungo_shared_open *open,
                                  const char *path) {
    struct stat info;
    if (stat(identity, &info)) return lungo_fail_errno("open", identity);
    pthread_mutex_lock(&mutex);
    lungo_status status = find_or_open(out, &info, open, path);
    if (!status) (*out)->users++;
    pthread_mutex_unlock(&mutex);
    return status;
}

void lungo_shared_release(lungo_shared *shared) {
    pthread_mutex_lock(&mutex);
    if (--shared->users == 0) {
        lungo_shared **link = &all;
        while (*link != shared)
            link = &(*link)->next;
        *link = shared->next;
        shared->close(shared);
    }
    pthread_mutex_unlock(&mutex);
}
