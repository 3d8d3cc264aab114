/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "proto/varlink.h"

static struct config_where where_of(const struct config_build *build,
				    const config_setting_t *setting)
{
	return (struct config_where){ build->file, config_setting_source_line(setting) };
}

void config_build_note(struct config_build *build, enum config_severity severity,
		       const config_setting_t *setting, const char *path, const char *format, ...)
{
	char *text;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		build->failed = -ENOMEM;
		return;
	}
	if (config_report_add(build->report, severity, where_of(build, setting), path, "%s",
			      text) < 0)
		build->failed = -ENOMEM;
	free(text);
}

static void note_inactive(struct config_build *build, const struct config_row *row,
			  const config_setting_t *setting, const char *path,
			  const struct config_value *value)
{
	if (row->inactive && row->inactive & 1U << value->number)
		config_build_note(build, CONFIG_NOTICE, setting, path,
				  "\"%s\" is not active in this version, %s", value->text,
				  row->instead);
}

bool config_build_read(struct config_build *build, const struct config_row *row,
		       const config_setting_t *setting, const char *path,
		       struct config_value *ret_value)
{
	char *problem = NULL;
	size_t len;
	FILE *out = open_memstream(&problem, &len);
	int r = -ENOMEM;

	if (out) {
		r = config_value_read(row, setting, ret_value, out);
		if (fclose(out) != 0 && r == -EINVAL)
			r = -ENOMEM;
	}
	if (r == -EINVAL)
		config_build_note(build, CONFIG_ERROR, setting, path, "%s", problem);
	else if (r < 0)
		build->failed = r;
	else
		note_inactive(build, row, setting, path, ret_value);
	free(problem);
	return r == 0;
}

void config_build_record(struct config_build *build, const config_setting_t *setting,
			 const char *path, const struct config_value *value)
{
	struct config_where where = where_of(build, setting);
	json_t *found = json_pack("{s:O, s:o, s:I}", "value", value->json, "file",
				  varlink_string(where.file), "line", (json_int_t)where.line);

	if (json_object_set_new(build->config->effective, path, found) < 0)
		build->failed = -ENOMEM;
}
