/* Children that read HDF5 files and do not do what they should. Each test serves its own: it ends,
 * lies, hangs or dawdles at a chosen moment. */
#include "store/hdf5_child.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/folder.h"
#include "support/solvers.h"
#include "support/stores.h"
#include "support/suites.h"

#define TYPES LUNGO_SOURCE_DIR "/tests/golden/hdf5/types.h5"

static const float six[] = {1, 2, 3, 4, 5, 6};

/* ---- what is left of a child ---- */

/* No process, running or not, and no descriptor; and the next file is read as ever. */
static void check_nothing_is_left(int descriptors) {
    lungo_hdf5 *file;
    float values[6];
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_int_eq(lungo_count_entries("/proc/self/fd"), descriptors);
    ck_ok(lungo_hdf5_open(&file, TYPES));
    ck_ok(lungo_hdf5_read(file, "float", values, 6));
    ck_assert_mem_eq(values, six, sizeof six);
    lungo_hdf5_close(file);
}

/* ---- steps of a child ---- */

static void put(int socket, const void *bytes, size_t size) {
    if (send(socket, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) _exit(1);
}

static void take(int socket, void *bytes, size_t size) {
    if (recv(socket, bytes, size, MSG_WAITALL) != (ssize_t)size) _exit(1);
}

static void put_head(int socket, lungo_status status, size_t size) {
    lungo_hdf5_answer head = {status, size};
    put(socket, &head, sizeof head);
}

static void take_question(int socket) {
    static char name[LUNGO_HDF5_LONGEST_NAME];
    lungo_hdf5_request request;
    take(socket, &request, sizeof request);
    take(socket, name, request.name_size);
}

/* ---- ends ---- */

static int death; /* the signal that ends the child; 0: it leaves */

static void die(void) {
    signal(death, SIG_DFL);
    if (death) raise(death);
    _exit(0);
}

static void die_at_once(int socket, const char *path) {
    (void)socket, (void)path;
    die();
}

static void die_without_an_answer(int socket, const char *path) {
    (void)path;
    put_head(socket, LUNGO_OK, 0);
    take_question(socket);
    die();
}

static void die_in_a_head(int socket, const char *path) {
    (void)path;
    put_head(socket, LUNGO_OK, 0);
    take_question(socket);
    put(socket, "\0\0", 2);
    die();
}

static void die_half_way(int socket, const char *path) {
    (void)path;
    put_head(socket, LUNGO_OK, 0);
    take_question(socket);
    put_head(socket, LUNGO_OK, sizeof six);
    put(socket, six, sizeof six / 2);
    die();
}

typedef struct ending {
    int signal;
    lungo_status code;
    const char *text;
} ending;

static const ending endings[] = {
    {SIGKILL, LUNGO_ERR_FILE, "the process that reads it was killed (SIGKILL) when it read '"},
    {SIGSEGV, LUNGO_ERR_FORMAT, "is damaged: libhdf5 crashed (SIGSEGV) when it read '"},
    {SIGABRT, LUNGO_ERR_FORMAT, "is damaged: libhdf5 crashed (SIGABRT) when it read '"},
    {SIGXCPU, LUNGO_ERR_FORMAT, "is damaged: libhdf5 came to no end (SIGXCPU) when it read '"},
    {0, LUNGO_ERR_FORMAT, "is damaged: libhdf5 crashed when it read '"},
};
enum { ENDINGS = sizeof endings / sizeof *endings };

static void check_error(lungo_status status, const ending *end, const char *name) {
    char text[256];
    snprintf(text, sizeof text, "%s%s'", end->text, name);
    ck_fails(status, end->code, text);
    ck_assert(strstr(lungo_error_text(), "HDF5 file '" TYPES "'") != NULL);
}

START_TEST(a_child_that_ends_before_the_file_is_open) {
    const lungo_hdf5_way way = {die_at_once, 5000};
    int descriptors = lungo_count_entries("/proc/self/fd");
    lungo_hdf5 *file;
    death = endings[_i].signal;
    check_error(lungo_hdf5_open_by(&file, TYPES, &way), &endings[_i], "/");
    check_nothing_is_left(descriptors);
}
END_TEST

/* A second question has the same answer. */
START_TEST(a_child_that_ends_in_a_question) {
    static void (*const moments[])(int, const char *) = {die_without_an_answer, die_in_a_head,
                                                         die_half_way};
    death = endings[_i].signal;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        const lungo_hdf5_way way = {moments[i], 5000};
        int descriptors = lungo_count_entries("/proc/self/fd");
        lungo_hdf5 *file;
        float values[6];
        ck_ok(lungo_hdf5_open_by(&file, TYPES, &way));
        check_error(lungo_hdf5_read(file, "float", values, 6), &endings[_i], "float");
        check_error(lungo_hdf5_read(file, "double", values, 6), &endings[_i], "double");
        lungo_hdf5_close(file);
        check_nothing_is_left(descriptors);
    }
}
END_TEST

/* ---- the real child, which others may signal as well ---- */

static struct shared {
    pid_t child;
    int children;
} * shared; /* with children */

static void share(void) {
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void serve_by_name(int socket, const char *path) {
    shared->child = getpid();
    lungo_hdf5_usual_way.serve(socket, path);
}

START_TEST(a_child_that_is_signalled_between_questions) {
    const lungo_hdf5_way way = {serve_by_name, 5000};
    int descriptors = lungo_count_entries("/proc/self/fd"), number = endings[_i].signal;
    lungo_hdf5 *file;
    float values[6];
    if (!number) return;
    share();
    ck_ok(lungo_hdf5_open_by(&file, TYPES, &way));
    ck_ok(lungo_hdf5_read(file, "float", values, 6));
    ck_assert_mem_eq(values, six, sizeof six);
    ck_assert_int_eq(kill(shared->child, number), 0);
    check_error(lungo_hdf5_read(file, "float", values, 6), &endings[_i], "float");
    lungo_hdf5_close(file);
    check_nothing_is_left(descriptors);
}
END_TEST

START_TEST(a_stopped_child_does_not_keep_its_file_open) {
    const lungo_hdf5_way way = {serve_by_name, 5000};
    int descriptors = lungo_count_entries("/proc/self/fd");
    lungo_hdf5 *file;
    share();
    ck_ok(lungo_hdf5_open_by(&file, TYPES, &way));
    ck_assert_int_eq(kill(shared->child, SIGSTOP), 0);
    lungo_hdf5_close(file);
    check_nothing_is_left(descriptors);
}
END_TEST

/* ---- nonsense ---- */

static lungo_hdf5_answer nonsense; /* the head of the answer */
static lungo_shape strange;        /* what follows */

/* It lives on, and waits for nothing. */
static void talk_nonsense(int socket, const char *path) {
    (void)path;
    put_head(socket, LUNGO_OK, 0);
    take_question(socket);
    put(socket, &nonsense, sizeof nonsense);
    put(socket, &strange, sizeof strange);
    while (true)
        pause();
}

typedef lungo_status question_function(lungo_hdf5 *file);

static lungo_status ask_values(lungo_hdf5 *file) {
    float values[6];
    return lungo_hdf5_read(file, "float", values, 6);
}

static lungo_status ask_shape(lungo_hdf5 *file) {
    lungo_shape shape;
    return lungo_hdf5_shape(&shape, file, "float");
}

static lungo_status ask_list(lungo_hdf5 *file) {
    lungo_arena arena = {0};
    lungo_hdf5_entry *entries;
    size_t count;
    lungo_status status = lungo_hdf5_list(&entries, &count, &arena, file, "float");
    lungo_arena_dispose(&arena);
    return status;
}

static lungo_status ask_bytes(lungo_hdf5 *file) {
    uint8_t *bytes;
    size_t length;
    return lungo_hdf5_read_bytes(&bytes, &length, file, "float");
}

static lungo_status ask_string(lungo_hdf5 *file) {
    char *text;
    return lungo_hdf5_read_string(&text, file, "float");
}

START_TEST(nonsense_is_refused) {
    const lungo_hdf5_way way = {talk_nonsense, 5000};
    const struct {
        question_function *ask;
        lungo_hdf5_answer head;
        lungo_shape shape;
    } rows[] = {
        {ask_values, {LUNGO_OK, 0}, {0}},
        {ask_values, {LUNGO_OK, sizeof six - 1}, {0}},
        {ask_values, {LUNGO_OK, sizeof six + 1}, {0}},
        {ask_values, {LUNGO_OK, SIZE_MAX}, {0}},
        {ask_values, {LUNGO_ERR_NUMERIC + 1, 4}, {0}},
        {ask_values, {(lungo_status)-1, 4}, {0}},
        {ask_values, {LUNGO_ERR_DATA, SIZE_MAX}, {0}},
        {ask_values, {LUNGO_ERR_DATA, 1 << 14}, {0}},
        {ask_shape, {LUNGO_OK, 8}, {0}},
        {ask_shape, {LUNGO_OK, sizeof strange}, {-1, {0}}},
        {ask_shape, {LUNGO_OK, sizeof strange}, {LUNGO_MAX_AXES + 1, {0}}},
        {ask_shape, {LUNGO_OK, sizeof strange}, {2, {2, -3}}},
        {ask_list, {LUNGO_OK, (size_t)1 << 40}, {0}},
        {ask_list, {LUNGO_OK, SIZE_MAX}, {0}},
        {ask_bytes, {LUNGO_OK, (size_t)1 << 40}, {0}},
        {ask_bytes, {LUNGO_OK, SIZE_MAX}, {0}},
        {ask_string, {LUNGO_OK, SIZE_MAX}, {0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int descriptors = lungo_count_entries("/proc/self/fd");
        lungo_hdf5 *file;
        nonsense = rows[i].head;
        strange = rows[i].shape;
        ck_ok(lungo_hdf5_open_by(&file, TYPES, &way));
        ck_fails(rows[i].ask(file), LUNGO_ERR_FORMAT,
                 "HDF5 file '" TYPES "' is damaged: libhdf5 gave nonsense when it read 'float'");
        lungo_hdf5_close(file);
        check_nothing_is_left(descriptors);
    }
}
END_TEST

/* ---- hanging ---- */

static void sleep_on_a_lock(void) {
    static int lock;
    syscall(SYS_futex, &lock, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void stop(void) {
    raise(SIGSTOP);
}

static void (*const hangs[])(void) = {sleep_on_a_lock, stop};
enum { HANGS = sizeof hangs / sizeof *hangs };

static int hang, hanging; /* which of them; how many children hang, of those that come */

static void hang_at_opening(int socket, const char *path) {
    if (shared->children++ < hanging) hangs[hang]();
    lungo_hdf5_usual_way.serve(socket, path);
}

static void hang_in_a_question(int socket, const char *path) {
    if (shared->children++ >= hanging) lungo_hdf5_usual_way.serve(socket, path);
    put_head(socket, LUNGO_OK, 0);
    take_question(socket);
    hangs[hang]();
}

static void hang_in_an_answer(int socket, const char *path) {
    if (shared->children++ >= hanging) lungo_hdf5_usual_way.serve(socket, path);
    put_head(socket, LUNGO_OK, 0);
    take_question(socket);
    put_head(socket, LUNGO_OK, sizeof six);
    put(socket, six, 4);
    hangs[hang]();
}

static const struct {
    void (*serve)(int, const char *);
    int hanging, children;     /* in all */
    lungo_status opened, read; /* and read once more, it is there */
} lucks[] = {
    {hang_at_opening, 1, 2, LUNGO_OK, LUNGO_OK},
    {hang_at_opening, 2, 2, LUNGO_ERR_FILE, LUNGO_OK},
    {hang_in_a_question, 1, 2, LUNGO_OK, LUNGO_OK},
    {hang_in_a_question, 2, 3, LUNGO_OK, LUNGO_ERR_FILE},
    {hang_in_an_answer, 1, 2, LUNGO_OK, LUNGO_ERR_FILE},
};
enum { LUCKS = sizeof lucks / sizeof *lucks };

static void check_hung(lungo_status status, lungo_status expected, const char *name) {
    char text[256];
    snprintf(text, sizeof text,
             "HDF5 file '" TYPES "': the process that reads it has hung when it read '%s'", name);
    if (expected)
        ck_fails(status, expected, text);
    else
        ck_ok(status);
}

START_TEST(a_child_that_hangs_is_replaced_once) {
    const lungo_hdf5_way way = {lucks[_i / HANGS].serve, 5};
    int descriptors = lungo_count_entries("/proc/self/fd");
    lungo_hdf5 *file;
    float values[6];
    share();
    hang = _i % HANGS;
    hanging = lucks[_i / HANGS].hanging;
    check_hung(lungo_hdf5_open_by(&file, TYPES, &way), lucks[_i / HANGS].opened, "/");
    if (!lucks[_i / HANGS].opened) {
        check_hung(lungo_hdf5_read(file, "float", values, 6), lucks[_i / HANGS].read, "float");
        ck_ok(lungo_hdf5_read(file, "float", values, 6));
        ck_assert_mem_eq(values, six, sizeof six);
        lungo_hdf5_close(file);
    }
    ck_assert_int_eq(shared->children, lucks[_i / HANGS].children);
    check_nothing_is_left(descriptors);
}
END_TEST

/* ---- dawdling ---- */

/* As when it unpacks values. */
static void compute_for_a_while(void) {
    double until = lungo_clock_seconds() + 0.005;
    while (lungo_clock_seconds() < until)
        continue;
}

/* As when a file comes from afar. */
static void wait_for_a_while(void) {
    usleep(5000);
}

static void (*const whiles[])(void) = {compute_for_a_while, wait_for_a_while};
enum { WHILES = sizeof whiles / sizeof *whiles };

static int dawdling;

static void dribble(int socket, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        whiles[dawdling]();
        put(socket, (const char *)bytes + i, 1);
    }
}

static void serve_slowly(int socket, const char *path) {
    lungo_hdf5_answer opened = {LUNGO_OK, 0}, head = {LUNGO_OK, sizeof six};
    (void)path;
    dribble(socket, &opened, sizeof opened);
    take_question(socket);
    dribble(socket, &head, sizeof head);
    dribble(socket, six, sizeof six);
    take_question(socket);
    _exit(0);
}

static bool system_tells_of_calls(void) {
    char text[64];
    FILE *file = fopen("/proc/self/syscall", "re");
    bool told = file && fgets(text, sizeof text, file);
    if (file) fclose(file);
    return told;
}

/* Many looks for each byte. */
START_TEST(a_slow_child_is_waited_for) {
    const lungo_hdf5_way way = {serve_slowly, 1};
    int descriptors = lungo_count_entries("/proc/self/fd");
    lungo_hdf5 *file;
    float values[6];
    dawdling = _i;
    if (whiles[_i] == wait_for_a_while && !system_tells_of_calls()) return;
    ck_ok(lungo_hdf5_open_by(&file, TYPES, &way));
    ck_ok(lungo_hdf5_read(file, "float", values, 6));
    ck_assert_mem_eq(values, six, sizeof six);
    lungo_hdf5_close(file);
    check_nothing_is_left(descriptors);
}
END_TEST

Suite *lungo_suite_hdf5_child(void);
Suite *lungo_suite_hdf5_child(void) {
    const TTest *const tests[] = {a_stopped_child_does_not_keep_its_file_open, nonsense_is_refused,
                                  NULL};
    Suite *suite = lungo_test_folder_suite("hdf5_child", lungo_tests_with_hdf5(tests));
    if (lungo_hdf5_check()) return suite;
    lungo_suite_add_table(suite, a_child_that_ends_before_the_file_is_open, ENDINGS);
    lungo_suite_add_table(suite, a_child_that_ends_in_a_question, ENDINGS);
    lungo_suite_add_table(suite, a_child_that_is_signalled_between_questions, ENDINGS);
    lungo_suite_add_table(suite, a_child_that_hangs_is_replaced_once, LUCKS * HANGS);
    lungo_suite_add_table(suite, a_slow_child_is_waited_for, WHILES);
    return suite;
}
