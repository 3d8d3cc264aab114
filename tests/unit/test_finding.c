/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/doctor/report.h"

static const struct {
	enum doctor_result result;
	const char *detail;
} told[] = {
	{ DOCTOR_OK, "nothing" },     { DOCTOR_WARN, "a" },    { DOCTOR_OK, "fine" },
	{ DOCTOR_UNKNOWN, "unread" }, { DOCTOR_FAIL, "worst" }, { DOCTOR_WARN, "b" },
	{ DOCTOR_WARN, "a" },
};

static void tell_all(struct doctor_finding *finding)
{
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		doctor_tell(finding, told[i].result, "%s", told[i].detail);
		doctor_fix(finding, "mend %s", told[i].detail);
	}
}

/* The worst first, each once, none that is in order, each with its own fix. */
static void test_each_thing_has_its_fix(void **state)
{
	static const char *const order[] = { "worst", "a", "b", "unread" };
	struct doctor_finding finding = { 0 };
	char *text, fix[32];

	(void)state;
	tell_all(&finding);
	assert_int_equal(finding.result, DOCTOR_FAIL);
	assert_int_equal(finding.count, 4);
	for (size_t i = 0; i < finding.count; i++) {
		snprintf(fix, sizeof(fix), "mend %s", order[i]);
		assert_string_equal(finding.told[i].detail, order[i]);
		assert_int_equal(finding.told[i].fix_count, 1);
		assert_string_equal(finding.told[i].fix[0], fix);
	}
	text = doctor_finding_text(&finding);
	assert_string_equal(text, "worst; a; b; unread");
	free(text);
	doctor_finding_done(&finding);
}

/* What is too much is counted, and a worse one takes the place of the last. */
static void test_many(void **state)
{
	struct doctor_finding finding = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++) {
		doctor_tell(&finding, DOCTOR_WARN, "%d", i);
		doctor_fix(&finding, "mend %d", i);
	}
	assert_int_equal(finding.more, 12);
	assert_string_equal(finding.told[DOCTOR_TOLD_MAX - 1].fix[0], "mend 7");
	doctor_tell(&finding, DOCTOR_FAIL, "worst");
	doctor_fix(&finding, "mend worst");
	assert_int_equal(finding.count, DOCTOR_TOLD_MAX);
	assert_int_equal(finding.more, 13);
	assert_int_equal(finding.more_with[DOCTOR_WARN], 13);
	doctor_tell(&finding, DOCTOR_UNKNOWN, "unread");
	assert_int_equal(finding.more, 14);
	assert_int_equal(finding.more_with[DOCTOR_WARN], 13);
	assert_int_equal(finding.more_with[DOCTOR_UNKNOWN], 1);
	assert_string_equal(finding.told[0].fix[0], "mend worst");
	assert_string_equal(finding.told[DOCTOR_TOLD_MAX - 1].fix[0], "mend 6");
	doctor_say(&finding, DOCTOR_OK, "alone");
	assert_int_equal(finding.count, 1);
	assert_int_equal(finding.result, DOCTOR_OK);
	doctor_finding_done(&finding);
}

/* As --json lists them: each command once, whatever stands between. */
static void test_fixes_stand_once(void **state)
{
	static const char *const order[] = { "mend x", "mend y" };
	static const struct doctor_facts facts;
	struct doctor_report report = { .facts = &facts, .check_count = 1 };
	json_t *json, *fixes;

	(void)state;
	for (int i = 0; i < 4; i++) {
		doctor_tell(&report.findings[0], DOCTOR_WARN, "%d", i);
		doctor_fix(&report.findings[0], "%s", order[i % 2]);
	}
	json = doctor_report_json(&report);
	fixes = json_object_get(json_array_get(json_object_get(json, "checks"), 0), "fix");
	assert_int_equal(json_array_size(fixes), 2);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(json_string_value(json_array_get(fixes, i)), order[i]);
	json_decref(json);
	doctor_report_done(&report);
}

/* A pager counts what is as bad as the state, told or not. */
static void test_only_what_is_bad_is_counted(void **state)
{
	static const struct doctor_facts facts;
	struct doctor_report report = { .facts = &facts, .check_count = 1 };
	struct doctor_finding *finding = &report.findings[0];
	char *line;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	(void)state;
	assert_non_null(out);
	for (int i = 0; i < 10; i++)
		doctor_tell(finding, i < 7 ? DOCTOR_UNKNOWN : DOCTOR_WARN, "%d", i);
	report.count[finding->result] = 1;
	assert_int_equal(finding->more, 2);
	doctor_report_nagios(&report, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(line, "(and 2 more findings)"));
	free(line);
	doctor_report_done(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_thing_has_its_fix),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_fixes_stand_once),
		cmocka_unit_test(test_only_what_is_bad_is_counted),
	};

	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
