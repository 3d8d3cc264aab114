/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "base/account.h"
#include "base/array.h"

static const char *const nobodies[] = { "no-such-name-here", "", "0", "root:", "a name\n" };

static void users(void **state)
{
	const struct passwd *known = getpwnam("daemon");
	uid_t uid = 77;
	gid_t gid = 77;

	(void)state;
	assert_int_equal(account_find_user("root", &uid, &gid), 0);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, 0);
	assert_non_null(known);
	assert_int_equal(account_find_user("daemon", &uid, &gid), 0);
	assert_int_equal(uid, known->pw_uid);
	assert_int_equal(gid, known->pw_gid);
	for (size_t i = 0; i < COUNT(nobodies); i++)
		assert_int_equal(account_find_user(nobodies[i], &uid, &gid), -ENOENT);
	assert_int_equal(uid, known->pw_uid);
}

static void groups(void **state)
{
	const struct group *known = getgrnam("daemon");
	gid_t gid = 77;

	(void)state;
	assert_non_null(known);
	assert_int_equal(account_find_group("daemon", &gid), 0);
	assert_int_equal(gid, known->gr_gid);
	for (size_t i = 0; i < COUNT(nobodies); i++)
		assert_int_equal(account_find_group(nobodies[i], &gid), -ENOENT);
	assert_int_equal(gid, known->gr_gid);
}

static void what_looks_groups_up(void **state)
{
	gid_t gid;

	(void)state;
	account_load_groups();
	assert_int_equal(account_find_group("daemon", &gid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users),
		cmocka_unit_test(groups),
		cmocka_unit_test(what_looks_groups_up),
	};

	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
