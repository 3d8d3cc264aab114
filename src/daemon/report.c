/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/report.h"

#include "base/log.h"
#include "daemon/daemon.h"

static void log_lines(int priority, char *const *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		log_print(priority, "%s", lines[i]);
}

void report_log(const struct config_report *report)
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

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

int report_print(const struct config_report *report, bool strict)
{
	bool bad = report->error_count > 0 || (strict && report->warning_count > 0);

	print_lines("", report->errors, report->error_count);
	print_lines(" (warning)", report->warnings, report->warning_count);
	print_lines("", report->notices, report->notice_count);
	if (report->error_count + report->warning_count > 0)
		printf("%zu error%s, %zu warning%s, configuration %s\n", report->error_count,
		       plural(report->error_count), report->warning_count,
		       plural(report->warning_count), bad ? "not usable" : "usable");
	return bad ? EXIT_INVALID_CONFIGURATION : 0;
}
