/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/doctor/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "proto/varlink.h"

void doctor_report_make(struct doctor_report *report, const struct doctor_facts *facts,
			const struct doctor_symptom *symptom)
{
	*report = (struct doctor_report){ .facts = facts, .symptom = symptom };
	for (size_t i = 0; doctor_checks[i].id; i++) {
		doctor_run(&doctor_checks[i], facts, symptom ? symptom->bit : SYMPTOM_ALL,
			   &report->findings[i]);
		report->count[report->findings[i].result]++;
		report->check_count++;
	}
}

void doctor_report_done(struct doctor_report *report)
{
	for (size_t i = 0; i < report->check_count; i++)
		doctor_finding_done(&report->findings[i]);
	report->check_count = 0;
}

int doctor_report_exit(const struct doctor_report *report)
{
	if (report->count[DOCTOR_FAIL] || report->count[DOCTOR_WARN])
		return CTL_FOUND;
	return report->count[DOCTOR_UNKNOWN] ? CTL_UNKNOWN : CTL_OK;
}

int doctor_report_nagios_exit(const struct doctor_report *report)
{
	if (report->count[DOCTOR_FAIL])
		return 2;
	if (report->count[DOCTOR_WARN])
		return 1;
	return report->count[DOCTOR_UNKNOWN] ? 3 : 0;
}

/* Commands that mend, or those that show. */
static json_t *fixes_json(const struct doctor_told *told, bool shows)
{
	json_t *fixes = json_array();

	for (size_t i = 0; i < told->fix_count; i++)
		if (told->shows[i] == shows)
			json_array_append_new(fixes, varlink_string(told->fix[i]));
	return fixes;
}

static bool has_string(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), text) == 0)
			return true;
	return false;
}

/* Those of all that is told, each once. */
static json_t *all_fixes_json(const struct doctor_finding *finding, bool shows)
{
	json_t *fixes = json_array(), *one;
	size_t k;

	for (size_t i = 0; i < finding->count; i++) {
		json_t *more = fixes_json(&finding->told[i], shows);

		json_array_foreach(more, k, one)
			if (!has_string(fixes, json_string_value(one)))
				json_array_append(fixes, one);
		json_decref(more);
	}
	return fixes;
}

static json_t *told_json(const struct doctor_told *told)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "result", doctor_result_name(told->result),
			 "detail", varlink_string_or_null(told->detail), "fix",
			 fixes_json(told, false), "see", fixes_json(told, true));
}

static json_t *finding_json(const struct doctor_check *check, const struct doctor_finding *finding)
{
	json_t *list = json_array();
	char *text = doctor_finding_text(finding);
	json_t *detail = varlink_string_or_null(text);

	free(text);
	for (size_t i = 0; i < finding->count; i++)
		json_array_append_new(list, told_json(&finding->told[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:I}", "id", check->id, "result",
			 doctor_result_name(finding->result), "title", check->title, "detail",
			 detail, "fix", all_fixes_json(finding, false), "see",
			 all_fixes_json(finding, true), "findings", list, "not_told_total",
			 (json_int_t)finding->more);
}

static json_t *guide_json(const struct doctor_symptom *symptom)
{
	json_t *guide = json_array();

	for (size_t i = 0; symptom && symptom->guide[i]; i++)
		json_array_append_new(guide, json_string(symptom->guide[i]));
	return guide;
}

json_t *doctor_report_json(const struct doctor_report *report)
{
	json_t *checks = json_array(), *summary = json_object();

	for (size_t i = 0; i < report->check_count; i++)
		json_array_append_new(checks, finding_json(&doctor_checks[i],
							   &report->findings[i]));
	for (enum doctor_result result = 0; result < DOCTOR_RESULTS; result++)
		json_object_set_new(summary, doctor_result_name(result),
				    json_integer((json_int_t)report->count[result]));
	return json_pack("{s:i, s:o, s:o, s:s?, s:o, s:b}", "schema", CTL_SCHEMA, "checks", checks,
			 "summary", summary, "symptom",
			 report->symptom ? report->symptom->name : NULL, "guide",
			 guide_json(report->symptom), "net_admin", (int)report->facts->net_admin);
}

/* The first of the worst: what somebody reads on a pager. */
static size_t worst(const struct doctor_report *report)
{
	size_t found = 0;

	for (size_t i = 1; i < report->check_count; i++)
		if (report->findings[i].result > report->findings[found].result)
			found = i;
	return found;
}

/* How many things as bad as the state are found. */
static size_t count_bad(const struct doctor_report *report)
{
	enum doctor_result least = doctor_report_nagios_exit(report) == 3 ? DOCTOR_UNKNOWN :
									    DOCTOR_WARN;
	size_t count = 0;

	for (size_t i = 0; i < report->check_count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		if (finding->result < least)
			continue;
		for (enum doctor_result result = least; result < DOCTOR_RESULTS; result++)
			count += finding->more_with[result];
		for (size_t j = 0; j < finding->count; j++)
			count += finding->told[j].result >= least;
	}
	return count;
}

/* A line of a plugin: no bar but the one before the performance data, no newline. */
static void put_plain(const char *text, FILE *out)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		putc(c == '|' ? '/' : c < ' ' || c == 0x7f ? '?' : c, out);
	}
}

int doctor_report_nagios_unwritten(const char *path, FILE *out)
{
	fputs("MSSCLAMP UNKNOWN - cannot write ", out);
	put_plain(path, out);
	putc('\n', out);
	return 3;
}

static double fragments_a_second(const struct doctor_facts *facts, enum doctor_counter counter)
{
	uint64_t before = facts->before[counter], after = facts->after[counter];

	return before != UINT64_MAX && after != UINT64_MAX && after >= before &&
		       facts->seconds > 0 ? (double)(after - before) / facts->seconds : -1;
}

static void put_rate(const char *label, double rate, FILE *out)
{
	if (rate >= 0)
		fprintf(out, " %s=%.1f;5;;0", label, rate);
}

void doctor_report_nagios(const struct doctor_report *report, FILE *out)
{
	static const char *const states[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };
	int code = doctor_report_nagios_exit(report);
	size_t place = worst(report);

	fprintf(out, "MSSCLAMP %s - ", states[code]);
	if (code == 0) {
		fprintf(out, "%zu checks ok", report->count[DOCTOR_OK]);
	} else {
		const char *detail = report->findings[place].told[0].detail;
		size_t more = count_bad(report) - 1;

		fprintf(out, "%s %s: ", doctor_checks[place].id, doctor_checks[place].title);
		put_plain(detail ? detail : "-", out);
		if (more)
			fprintf(out, " (and %zu more finding%s)", more, text_plural(more));
	}
	fprintf(out, " | ok=%zu warn=%zu;0 fail=%zu;;0 unknown=%zu skipped=%zu",
		report->count[DOCTOR_OK], report->count[DOCTOR_WARN], report->count[DOCTOR_FAIL],
		report->count[DOCTOR_UNKNOWN], report->count[DOCTOR_SKIPPED]);
	put_rate("fragments4_per_second",
		 fragments_a_second(report->facts, COUNTER_FRAGMENTS4), out);
	put_rate("fragments6_per_second",
		 fragments_a_second(report->facts, COUNTER_FRAGMENTS6), out);
	putc('\n', out);
}
