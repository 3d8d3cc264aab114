/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a folder of its own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "notify/told.h"

static char folder[] = "/tmp/mssclamp-told-XXXXXX", path[64], damaged[64];

static int make_folder(void **state)
{
	(void)state;
	log_set_max(LOG_EMERG);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/alarms", folder);
	snprintf(damaged, sizeof(damaged), "%s/alarms.damaged", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	unlink(damaged);
	return rmdir(folder);
}

static void test_remembers(void **state)
{
	struct alarms alarms = { .firing = { "drops", "fail_open" }, .count = 2 }, read;
	struct told told = { .path = path };

	(void)state;
	told_load(&told, &read); /* there is none yet */
	assert_int_equal(read.count, 0);
	told_save(&told, &alarms);
	assert_int_equal(told.error, 0);
	told_load(&told, &read);
	assert_int_equal(read.count, 2);
	assert_string_equal(read.firing[1], "fail_open");
	alarms.count = 0;
	told_save(&told, &alarms);
	told_load(&told, &read);
	assert_int_equal(read.count, 0);
}

static void test_a_damaged_file_is_set_aside(void **state)
{
	struct alarms alarms = { .firing = { "drops" }, .count = 1 };
	struct told told = { .path = path };
	FILE *file = fopen(path, "we");

	(void)state;
	assert_non_null(file);
	fputs("{\"version\":1,\"firing\":[\"dro", file);
	fclose(file);
	told_load(&told, &alarms);
	assert_int_equal(alarms.count, 0);
	assert_int_equal(access(damaged, F_OK), 0);
	assert_int_not_equal(access(path, F_OK), 0);
	told_save(&told, &alarms); /* its place is free */
	assert_int_equal(told.error, 0);
}

static void test_nowhere(void **state)
{
	struct alarms alarms = { .firing = { "drops" }, .count = 1 };
	struct told none = { .path = NULL }, gone = { .path = "/nonexistent/alarms" };

	(void)state;
	told_save(&none, &alarms);
	told_load(&none, &alarms);
	assert_int_equal(alarms.count, 0);
	told_save(&gone, &alarms);
	assert_true(gone.error < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_a_damaged_file_is_set_aside),
		cmocka_unit_test(test_nowhere),
	};

	return cmocka_run_group_tests_name("told", tests, make_folder, remove_folder);
}
