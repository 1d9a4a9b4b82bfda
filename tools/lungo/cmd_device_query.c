/* lungo device_query: what this machine computes with. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "lungo/lungo.h"
#include "support/glog.h"

/* "model name : Intel ..." of /proc/cpuinfo; "unknown" where there is none. */
static void read_processor(char *name, size_t room) {
    snprintf(name, room, "unknown");
    FILE *info = fopen("/proc/cpuinfo", "re");
    if (!info) return;
    char line[512];
    while (fgets(line, sizeof line, info)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) || !value) continue;
        value[strcspn(value, "\n")] = '\0';
        snprintf(name, room, "%s", value + 2);
        break;
    }
    fclose(info);
}

/* "LevelDB, LMDB, no HDF5". */
static void list_stores(char *text, size_t room) {
    lungo_catalog_store store;
    size_t used = 0;
    for (size_t i = 0; (store = lungo_catalog_store_get(i)).name && used < room; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%s%s", i ? ", " : "",
                                 store.available ? "" : "no ", store.name);
}

int cmd_device_query(const command_flags *flags) {
    char processor[256], stores[128];
    read_processor(processor, sizeof processor);
    list_stores(stores, sizeof stores);
    glog_line(LUNGO_LOG_INFO, "caffe.cpp", 138, "Querying GPUs %s", flags->gpu);
    glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "Processor: %s", processor);
    glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "Cores online: %ld",
              sysconf(_SC_NPROCESSORS_ONLN));
    glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "GPUs: none; this build computes on the CPU");
    glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "Matrix products: %s", lungo_catalog_blas());
    glog_line(LUNGO_LOG_INFO, "lungo.c", __LINE__, "Stores: %s", stores);
    return 0;
}
