#include "solver/names.h"

#include "base/buffer.h"

lungo_status lungo_fail_unknown(const char *field, const char *got, lungo_name_at *name,
                                size_t count) {
    lungo_buffer known = {0};
    for (size_t i = 0; i < count; i++)
        lungo_buffer_printf(&known, "%s%s", i ? ", " : "", name(i));
    if (got && *got)
        lungo_fail(LUNGO_ERR_CONFIG, "%s: expected one of %s, got \"%s\"", field,
                   lungo_buffer_text(&known), got);
    else
        lungo_fail(LUNGO_ERR_CONFIG, "%s: expected one of %s, got none", field,
                   lungo_buffer_text(&known));
    lungo_buffer_dispose(&known);
    return LUNGO_ERR_CONFIG;
}
