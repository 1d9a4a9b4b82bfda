/* lungo data PATH: what a database, a list of pictures or HDF5 files hold, every record tried. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "lungo/lungo.h"
#include "support/glog.h"
#include "support/progress.h"
#include "survey.h"

/* Functions below are false when they fail, after saying why. */

static bool succeeded(lungo_status status) {
    if (status) glog_report_error();
    return status == LUNGO_OK;
}

/* No fault of the record. */
static bool is_ours(lungo_status status) {
    return status == LUNGO_ERR_UNSUPPORTED || status == LUNGO_ERR_MEMORY;
}

/* ---- databases ---- */

static bool add_record(data_survey *survey, lungo_db_reader *reader, lungo_image *image) {
    lungo_datum datum;
    size_t key_size;
    const void *key = lungo_db_reader_key(reader, &key_size);
    lungo_status status = lungo_db_reader_datum(reader, &datum);
    if (!status && datum.encoded)
        status = lungo_image_decode(image, datum.data, datum.data_size, LUNGO_IMAGE_AS_STORED,
                                    "encoded record");
    if (is_ours(status)) return succeeded(status);
    if (status) return survey_add_bad(survey, key, key_size, lungo_error_text());
    return survey_add(survey, key, key_size, &datum, datum.encoded ? image : NULL);
}

static bool add_records(data_survey *survey, lungo_db_reader *reader) {
    lungo_image image = LUNGO_IMAGE_INIT;
    bool found = false, done = succeeded(lungo_db_reader_next(reader, &found));
    while (done && found) {
        done =
            add_record(survey, reader, &image) && succeeded(lungo_db_reader_next(reader, &found));
        progress_show(survey->records);
    }
    lungo_image_dispose(&image);
    return done;
}

static bool survey_database(data_survey *survey, const char *path) {
    lungo_db_reader *reader;
    size_t count;
    if (!succeeded(lungo_db_reader_open(&reader, NULL, path))) return false;
    bool done = succeeded(lungo_db_reader_count(reader, &count));
    if (done) {
        printf("%s: a database of %s\n", path, lungo_db_reader_backend(reader));
        progress_start(count);
        done = add_records(survey, reader);
        progress_stop();
    }
    lungo_db_reader_close(reader);
    return done;
}

/* ---- lists ---- */

static bool add_picture(data_survey *survey, const char *root, const lungo_image_list *list,
                        size_t index, lungo_image *image) {
    char *path;
    const char *name = lungo_image_list_path(list, index);
    if (asprintf(&path, "%s%s", root, name) < 0) {
        glog_complain("out of memory");
        return false;
    }
    lungo_status status = lungo_image_read(image, path, LUNGO_IMAGE_COLOR);
    free(path);
    if (is_ours(status)) return succeeded(status);
    if (status) return survey_add_bad(survey, name, strlen(name), lungo_error_text());
    lungo_datum datum = {.label = lungo_image_list_label(list, index), .has_label = true};
    return survey_add(survey, name, strlen(name), &datum, image);
}

static bool survey_list(data_survey *survey, const char *path, const char *root) {
    lungo_image_list *list;
    lungo_image image = LUNGO_IMAGE_INIT;
    if (!succeeded(lungo_image_list_open(&list, path))) return false;
    size_t count = lungo_image_list_count(list);
    bool done = true;
    printf("%s: a list of pictures\n", path);
    progress_start(count);
    for (size_t i = 0; done && i < count; i++) {
        done = add_picture(survey, root, list, i, &image);
        progress_show(i + 1);
    }
    progress_stop();
    lungo_image_list_free(list);
    lungo_image_dispose(&image);
    return done;
}

/* ---- */

static bool write_sheet(const data_survey *survey, const char *path) {
    if (!survey->sheet) return true;
    if (survey->sheet->count == 0) {
        glog_complain("no record could be drawn: '%s' is not made", path);
        return false;
    }
    if (!succeeded(sheet_write(survey->sheet, path))) return false;
    printf("contact sheet: %s, the first %d\n", path, survey->sheet->count);
    return true;
}

static bool survey_path(data_survey *survey, const char *path, const command_flags *flags) {
    struct stat info;
    bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (survey->sheet && !succeeded(sheet_check(flags->contact_sheet))) return false;
    if (is_folder) return survey_database(survey, path);
    if (lungo_hdf5_file_is(path)) return survey_hdf5_file(survey, path);
    if (survey_is_hdf5_list(path)) return survey_hdf5_list(survey, path);
    return survey_list(survey, path, flags->root_folder);
}

/* The library's warnings about pictures would drown the table; its errors stand in it. */
int cmd_data(const command_flags *flags, const char *const *words, int word_count) {
    if (word_count != 1)
        return glog_complain(
            "data: expected one database, list of pictures or HDF5 file, got %d words", word_count);
    data_survey survey = {0};
    if (*flags->contact_sheet) survey.sheet = calloc(1, sizeof *survey.sheet);
    if (*flags->contact_sheet && !survey.sheet) return glog_complain("out of memory");
    glog_set_default_minimum(LUNGO_LOG_ERROR);
    bool done = survey_path(&survey, words[0], flags);
    if (done) {
        survey_print(&survey);
        done = write_sheet(&survey, flags->contact_sheet) && survey.bad == 0;
    }
    survey_dispose(&survey);
    free(survey.sheet);
    return done ? 0 : 1;
}
