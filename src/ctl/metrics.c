/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client/client.h"
#include "ctl/commands.h"
#include "ctl/options/options.h"
#include "ctl/screen/field.h"
#include "ctl/screen/format.h"
#include "ctl/screen/outfile.h"
#include "ctl/screen/output.h"
#include "proto/metrics.h"

/* Programs get all of UTF-8; nobody gets anything that a terminal would obey. */
static int print_text(const struct ctl *ctl, const char *text)
{
	char *clean = format_clean(text, ctl->utf8 || !isatty(STDOUT_FILENO), true);

	if (!clean)
		return output_fail(ctl, CTL_FAILED, NULL, "metrics: out of memory");
	fputs(clean, stdout);
	free(clean);
	return CTL_OK;
}

/* Whole, or the old file stays. */
static int write_file(const struct ctl *ctl, const char *path, const char *text)
{
	struct outfile out;
	int r = outfile_open(&out, path);

	if (r == 0 && fputs(text, out.file) < 0) {
		r = -errno;
		outfile_discard(&out);
	} else if (r == 0) {
		r = outfile_commit(&out);
	}
	if (r < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "metrics: cannot write %s: %s", path,
				   strerror(-r));
	return CTL_OK;
}

/* With a file CTL_FAILED is for one that could not be written. */
static int tell_down(const struct ctl *ctl, const char *path, int code)
{
	if (write_file(ctl, path, METRICS_DOWN_TEXT) != CTL_OK)
		return CTL_FAILED;
	return code == CTL_FAILED ? CTL_UNKNOWN : code;
}

int command_metrics(const struct ctl *ctl, int argc, char **argv)
{
	const char *path = options_value(argv, "--output");
	json_t *reply;
	int code;

	(void)argc;
	code = client_call(ctl, "GetMetrics", NULL, &reply);
	if (!reply && path) /* who reads the file shall not believe the old one for ever */
		return tell_down(ctl, path, code);
	if (!reply)
		return code;
	if (path)
		code = write_file(ctl, path, field_string(reply, "text", ""));
	else if (ctl->json)
		output_json(ctl, reply);
	else
		code = print_text(ctl, field_string(reply, "text", ""));
	json_decref(reply);
	return code;
}
