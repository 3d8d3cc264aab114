/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "ctl/commands.h"
#include "ctl/doctor/report.h"
#include "ctl/screen/outfile.h"
#include "ctl/screen/output.h"

#define NAMES_MAX 16

static int refuse_symptom(const struct ctl *ctl, const char *name)
{
	const char *names[NAMES_MAX + 1] = { 0 }, *near;

	for (size_t i = 0; i < NAMES_MAX && doctor_symptoms[i].name; i++)
		names[i] = doctor_symptoms[i].name;
	near = text_suggest(name, names);
	return output_fail(ctl, CTL_USAGE, "There are web, files, video, voip and ssh.",
			   "doctor: no symptom '%s'%s%s%s", name, near ? ", did you mean '" : "",
			   near ? near : "", near ? "'?" : "");
}

static const char *now_text(char text[32])
{
	time_t now = time(NULL);
	struct tm utc;

	if (!gmtime_r(&now, &utc) || strftime(text, 32, "%Y-%m-%d %H:%M UTC", &utc) == 0)
		return "-";
	return text;
}

static int write_html(const struct ctl *ctl, const struct doctor_report *report, const char *path,
		      bool addresses)
{
	struct outfile out;
	char now[32];
	int r = outfile_open(&out, path);

	if (r == 0) {
		doctor_report_html(report, addresses, now_text(now), out.file);
		r = outfile_commit(&out);
	}
	if (r < 0)
		return output_fail(ctl, CTL_FAILED, NULL, "doctor: cannot write %s: %s",
				   strcmp(path, "-") == 0 ? "standard output" : path,
				   strerror(-r));
	return CTL_OK;
}

static int tell(const struct ctl *ctl, const struct doctor_report *report, char **argv)
{
	const char *html = options_value(argv, "--html");
	int code = CTL_OK;

	if (html)
		code = write_html(ctl, report, html, options_value(argv, "--addresses") != NULL);
	if (code != CTL_OK)
		return options_value(argv, "--nagios") ?
			doctor_report_nagios_unwritten(html, stdout) : code;
	if (options_value(argv, "--nagios")) {
		doctor_report_nagios(report, stdout);
		return doctor_report_nagios_exit(report);
	}
	if (ctl->json) {
		json_t *reply = doctor_report_json(report);

		if (!reply)
			return output_fail(ctl, CTL_FAILED, NULL, "doctor: out of memory");
		output_json(ctl, reply);
		json_decref(reply);
	} else if (!ctl->quiet && !(html && strcmp(html, "-") == 0)) {
		doctor_report_print(ctl, report);
	}
	return doctor_report_exit(report);
}

int command_doctor(const struct ctl *ctl, int argc, char **argv)
{
	const char *name = options_value(argv, "--symptom");
	const char *html = options_value(argv, "--html");
	const struct doctor_symptom *symptom = name ? doctor_find_symptom(name) : NULL;
	struct doctor_report report;
	struct doctor_facts facts;
	int code;

	(void)argc;
	if (name && !symptom)
		return refuse_symptom(ctl, name);
	if (options_value(argv, "--nagios") && ctl->json)
		return output_fail(ctl, CTL_USAGE, NULL,
				   "doctor: --nagios is a form of its own: not with --json");
	if (html && strcmp(html, "-") == 0 && (ctl->json || options_value(argv, "--nagios")))
		return output_fail(ctl, CTL_USAGE, "Give --html a file.",
				   "doctor: standard output takes one form at a time");
	doctor_gather(ctl, &facts);
	doctor_report_make(&report, &facts, symptom);
	code = tell(ctl, &report, argv);
	doctor_report_done(&report);
	doctor_facts_done(&facts);
	return code;
}
