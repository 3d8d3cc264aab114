/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/array.h"
#include "base/log.h"
#include "daemon/control/control_peer.h"

#define NONE CONTROL_NO_GROUP

static const struct {
	const char *name;
	uid_t uid;
	gid_t gid, groups[3], admin;
	size_t count;
	bool is_admin;
} peers[] = {
	/* clang-format off */
	{ "root",                   0,    0,   { 0 },           77, 0, true },
	{ "root, no admin group",   0,    0,   { 0 },           NONE, 0, true },
	{ "a user",                 1000, 100, { 4, 27, 100 },  77, 3, false },
	{ "by its own group",       1000, 77,  { 0 },           77, 0, true },
	{ "by the last group",      1000, 100, { 4, 27, 77 },   77, 3, true },
	{ "the number as uid",      77,   100, { 0 },           77, 0, false },
	{ "no admin group",         1000, 100, { 4, 27, 77 },   NONE, 3, false },
	{ "a group that is -1",     1000, NONE, { NONE },        NONE, 1, false },
	/* clang-format on */
};

static void test_who_is_admin(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(peers); i++) {
		print_message("%s\n", peers[i].name);
		assert_int_equal(control_peer_is_admin(peers[i].uid, peers[i].gid, peers[i].groups,
						       peers[i].count, peers[i].admin),
				 peers[i].is_admin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_admin),
	};

	log_set_max(LOG_CRIT);
	return cmocka_run_group_tests_name("control_peer", tests, NULL, NULL);
}
