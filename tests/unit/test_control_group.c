/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "captured_log.h"

#include "base/account.h"
#include "base/log.h"
#include "daemon/control/control_group.h"

#define NONE CONTROL_NO_GROUP
#define RED 71
#define BLUE 72

/* Instead of base/account's: what this host would say. */
static int said; /* of every name, where it is not 0 */

int account_find_group(const char *name, gid_t *ret_gid)
{
	if (said < 0)
		return said;
	if (strcmp(name, "red") != 0 && strcmp(name, "blue") != 0)
		return -ENOENT;
	*ret_gid = strcmp(name, "red") == 0 ? RED : BLUE;
	return 0;
}

/* One after the other; where all is well it is put in force. */
static const struct { const char *name, *group; int said, result; gid_t gid; } steps[] = {
	/* name                              group    said           result         gid  */
	{ "nobody can be asked at the start", "red",  -ECONNREFUSED, 0,             NONE },
	{ "nor by the first reload",         "red",   -ECONNREFUSED, 0,             NONE },
	{ "then it is there",                "red",   0,             0,             RED  },
	{ "what was found stays",            "red",   -EACCES,       0,             RED  },
	{ "another one is refused",          "blue",  -EACCES,       -EACCES,       RED  },
	{ "another one",                     "blue",  0,             0,             BLUE },
	{ "the one before may come back",    "red",   -EPERM,        0,             RED  },
	{ "a third is refused",              "green", -EPERM,        -EPERM,        RED  },
	{ "one that does not exist",         "green", 0,             0,             NONE },
	{ "none",                            "",      -EPERM,        0,             NONE },
	{ "none, in other words",            NULL,    -EPERM,        0,             NONE },
};

static void test_one_after_the_other(void **state)
{
	struct control_group group = { .setting = "control.group", .consequence = "so what" };

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct control_group_found found = { 0 };
		char *error = NULL;
		int r;

		print_message("%s\n", steps[i].name);
		said = steps[i].said;
		r = control_group_find(&group, steps[i].group, &found, &error);
		assert_int_equal(r, steps[i].result);
		assert_true((r < 0) == (error != NULL));
		if (r == 0)
			control_group_set(&group, &found);
		assert_int_equal(group.now.gid, steps[i].gid);
		assert_null(found.name);
		free(error);
	}
	control_group_done(&group);
}

/* For who takes over: there is somebody who goes on with the group that he has found. */
static void test_one_that_is_required(void **state)
{
	struct control_group group = { .setting = "control.group", .required = true };
	struct control_group_found found = { 0 };
	char *error = NULL;

	(void)state;
	said = -ECONNREFUSED;
	assert_int_equal(control_group_find(&group, "red", &found, &error), -ECONNREFUSED);
	assert_non_null(strstr(error, "\"red\" cannot be looked up"));
	free(error);
	said = 0;
	assert_int_equal(control_group_find(&group, "green", &found, &error), 0);
	assert_int_equal(found.gid, NONE);
	control_group_found_done(&found);
}

/* Each time it is news, and not where a reload finds the same. */
static void test_a_missing_one_is_told_once(void **state)
{
	static const struct { const char *group; bool told; } looks[] = {
		{ "green", true  },
		{ "green", false },
		{ "brown", true  },
		{ "brown", false },
		{ "red",   false },
		{ "brown", true  },
	};
	struct control_group group = { .setting = "control.group", .consequence = "so what" };

	(void)state;
	for (size_t i = 0; i < COUNT(looks); i++) {
		struct control_group_found found = { 0 };
		char text[1024];

		assert_int_equal(control_group_find(&group, looks[i].group, &found, NULL), 0);
		capture_take(text, sizeof(text));
		assert_int_equal(strstr(text, "there is no group") != NULL, looks[i].told);
		control_group_set(&group, &found);
	}
	control_group_done(&group);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_one_that_is_required),
		cmocka_unit_test_setup_teardown(test_a_missing_one_is_told_once, capture_begin,
						capture_end),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control_group", tests, NULL, NULL);
}
