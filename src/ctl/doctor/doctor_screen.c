/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "ctl/doctor/report.h"
#include "ctl/screen/output.h"

#define INDENT 6 /* below a finding */

static const struct {
	const char *word;
	enum paint paint;
} words[DOCTOR_RESULTS] = {
	[DOCTOR_OK] = { "ok", PAINT_GOOD },   [DOCTOR_SKIPPED] = { "-", PAINT_END },
	[DOCTOR_UNKNOWN] = { "??", PAINT_BOLD }, [DOCTOR_WARN] = { "WARN", PAINT_WARN },
	[DOCTOR_FAIL] = { "FAIL", PAINT_BAD },
};

/* Behind a word: what is said of it, and what mends it unless that is the same for the next. */
static void print_told(const struct ctl *ctl, const char *label, const struct doctor_told *told,
		       const struct doctor_told *next)
{
	char *line;

	if (asprintf(&line, "%s: %s", label, told->detail ? told->detail : "-") < 0) {
		puts("out of memory");
		return;
	}
	output_wrapped(ctl, INDENT, INDENT, line);
	free(line);
	if (next && doctor_told_alike(told, next))
		return;
	for (size_t i = 0; i < told->fix_count; i++) {
		printf("%*s%s: ", INDENT, "", told->shows[i] ? "see" : "fix");
		output_command(ctl, INDENT + 5, INDENT + 7, told->fix[i]);
	}
}

static void print_word(const struct ctl *ctl, enum doctor_result result)
{
	printf("%s%-4s%s  ", output_paint(ctl, words[result].paint), words[result].word,
	       output_paint(ctl, PAINT_END));
}

static void print_finding(const struct ctl *ctl, const struct doctor_check *check,
			  const struct doctor_finding *finding)
{
	for (size_t i = 0; i < finding->count; i++) {
		const struct doctor_told *told = &finding->told[i];
		char title[128];

		snprintf(title, sizeof(title), "%s %s", check->id, check->title);
		if (i == 0 || told[-1].result != told->result)
			print_word(ctl, told->result);
		else
			printf("%*s", INDENT, "");
		print_told(ctl, i ? "also" : title, told,
			   i + 1 < finding->count ? told + 1 : NULL);
	}
	if (finding->more)
		printf("%*sand %zu more\n", INDENT, "", finding->more);
}

static void print_with(const struct ctl *ctl, const struct doctor_report *report,
		       enum doctor_result result)
{
	for (size_t i = 0; i < report->check_count; i++)
		if (report->findings[i].result == result)
			print_finding(ctl, &doctor_checks[i], &report->findings[i]);
}

/* Checks that do not matter for the trouble that was asked about. */
static size_t count_beside(const struct doctor_report *report)
{
	size_t count = 0;

	for (size_t i = 0; report->symptom && i < report->check_count; i++)
		count += !(doctor_checks[i].symptoms & report->symptom->bit);
	return count;
}

static void print_summary(const struct ctl *ctl, const struct doctor_report *report)
{
	const size_t *count = report->count;
	bool found = count[DOCTOR_FAIL] || count[DOCTOR_WARN];
	size_t beside = count_beside(report);

	printf("%s%zu ok%s, %zu warning%s, %zu failure%s, %zu unknown, %zu not for this host\n",
	       output_paint(ctl, found ? PAINT_BOLD : PAINT_GOOD), count[DOCTOR_OK],
	       output_paint(ctl, PAINT_END), count[DOCTOR_WARN], text_plural(count[DOCTOR_WARN]),
	       count[DOCTOR_FAIL], text_plural(count[DOCTOR_FAIL]), count[DOCTOR_UNKNOWN],
	       count[DOCTOR_SKIPPED] - beside);
	if (beside)
		printf("Left out: %zu more, which do not matter for %s\n", beside,
		       report->symptom->name);
	if (count[DOCTOR_UNKNOWN] && !report->facts->net_admin)
		puts("Root would also see the rules of this host and who is behind its tunnels: "
		     "sudo.");
}

void doctor_report_print(const struct ctl *ctl, const struct doctor_report *report)
{
	print_with(ctl, report, DOCTOR_FAIL);
	print_with(ctl, report, DOCTOR_WARN);
	print_with(ctl, report, DOCTOR_UNKNOWN);
	print_with(ctl, report, DOCTOR_OK);
	putchar('\n');
	print_summary(ctl, report);
	if (!report->symptom)
		return;
	printf("\n%sAbout %s%s\n", output_paint(ctl, PAINT_BOLD), report->symptom->name,
	       output_paint(ctl, PAINT_END));
	for (size_t i = 0; report->symptom->guide[i]; i++) {
		fputs("  ", stdout);
		output_wrapped(ctl, 2, 2, report->symptom->guide[i]);
	}
}
