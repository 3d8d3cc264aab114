/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "captured_log.h"
#include "notify/messenger.h"

static const struct alarm_message message = {
	.alert = "drops", .firing = true, .text = "three words 'and $HOME", .value = 12.5,
	.threshold = 5,
};
static const struct alarm_message unknown = {
	.alert = "drops", .firing = false, .text = "over", .value = -1, .threshold = 0.25,
};

static const struct alarm_message large = {
	.alert = "drops", .firing = true, .text = "many", .value = 12345678.0625, .threshold = 0,
};

static char file[] = "/tmp/mssclamp-messenger-XXXXXX";

/* What the command has written to the file. */
static void expect_output(const char *variables, const struct alarm_message *told, const char *text)
{
	char command[512], got[512];
	FILE *in;
	size_t n;

	snprintf(command, sizeof(command), "printf '%%s' \"%s\" >%s", variables, file);
	messenger_run(command, told);
	in = fopen(file, "r");
	assert_non_null(in);
	n = fread(got, 1, sizeof(got) - 1, in);
	fclose(in);
	got[n] = '\0';
	assert_string_equal(got, text);
}

static void test_what_a_command_gets(void **state)
{
	(void)state;
	expect_output("$MSSCLAMP_ALERT/$MSSCLAMP_STATE/$MSSCLAMP_VALUE/$MSSCLAMP_THRESHOLD",
		      &message, "drops/firing/12.5/5");
	expect_output("$MSSCLAMP_STATE/$MSSCLAMP_VALUE/$MSSCLAMP_THRESHOLD", &unknown,
		      "cleared//0.25");
	expect_output("$MSSCLAMP_VALUE/$MSSCLAMP_THRESHOLD", &large, "12345678.062/0");
	expect_output("$MSSCLAMP_MESSAGE", &message, "three words 'and $HOME");
}

static void test_a_command_that_fails(void **state)
{
	char log[1024];

	(void)state;
	assert_false(messenger_run("echo why >&2; exit 7", &message));
	assert_false(messenger_run("kill -9 $$", &message));
	assert_true(messenger_run("true", &message));
	assert_true(messenger_run("", &message)); /* nobody is to be told */
	assert_true(messenger_run(NULL, &message));
	assert_true(messenger_mail("", &message));
	capture_take(log, sizeof(log));
	assert_non_null(strstr(log, "alerts.command ended with 7: why\n"));
	assert_non_null(strstr(log, "alerts.command ended with 137\n"));
}

/* None of these reaches sendmail. */
static const char *const strange[] = {
	"-oQ/tmp", "a@example.net b@example.net", "a@example.net\nBcc: b", "a,b", "<a@example.net>",
};

static void test_strange_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(strange); i++) {
		char log[1024];

		assert_false(messenger_mail(strange[i], &message));
		capture_take(log, sizeof(log));
		if (!strstr(log, "is no single address"))
			fail_msg("%s: %s", strange[i], log);
	}
}

static int make_file(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_command_gets),
		cmocka_unit_test_setup_teardown(test_a_command_that_fails, capture_begin,
						capture_end),
		cmocka_unit_test_setup_teardown(test_strange_addresses, capture_begin,
						capture_end),
	};

	return cmocka_run_group_tests_name("messenger", tests, make_file, remove_file);
}
