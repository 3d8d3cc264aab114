/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/config/config_report_print.h"

#include "base/log.h"
#include "base/text.h"

static void log_lines(int priority, char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		log_print(priority, "%s", lines[i]);
}

void config_report_log(const struct config_report *report)
{
	log_lines(LOG_ERR, report->errors, report->error_count);
	log_lines(LOG_WARNING, report->warnings, report->warning_count);
	log_lines(LOG_NOTICE, report->notices, report->notice_count);
}

static void print_lines(const char *mark, char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%s\n", lines[i], mark);
}

bool config_report_print(const struct config_report *report, bool strict)
{
	bool bad = report->error_count > 0 || (strict && report->warning_count > 0);

	print_lines("", report->errors, report->error_count);
	print_lines(" (warning)", report->warnings, report->warning_count);
	print_lines("", report->notices, report->notice_count);
	if (report->error_count + report->warning_count > 0)
		printf("%zu error%s, %zu warning%s, configuration %s\n", report->error_count,
		       text_plural(report->error_count), report->warning_count,
		       text_plural(report->warning_count), bad ? "not usable" : "usable");
	return !bad;
}
