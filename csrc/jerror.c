/* libjpeg's error manager: errors return to our C entry point, nothing is printed, the process goes on. */

#include "internal.h"

static void return_to_caller(j_common_ptr cinfo)
{
    rj_error *error = (rj_error *)(void *)cinfo->err;
    cinfo->err->format_message(cinfo, error->message);
    longjmp(error->return_point, 1);
}

static void stay_silent(j_common_ptr cinfo)
{
    (void)cinfo;
}

static void take_warning(j_common_ptr cinfo, int message_level)
{
    rj_error *error = (rj_error *)(void *)cinfo->err;
    if (message_level >= 0)
        return;
    if (error->refuse_warnings)
        return_to_caller(cinfo);
    if (cinfo->err->num_warnings++ == 0)
        cinfo->err->format_message(cinfo, error->message);
}

struct jpeg_error_mgr *rj_error_init(rj_error *error)
{
    jpeg_std_error(&error->manager);
    error->manager.error_exit = return_to_caller;
    error->manager.output_message = stay_silent;
    error->manager.emit_message = take_warning;
    error->message[0] = '\0';
    return &error->manager;
}
