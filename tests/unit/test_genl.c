/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every kernel has the controller of generic netlink, so these ask the one at hand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "edge/netlink/genl.h"

static void test_find(void **state)
{
	struct genl_family families[] = {
		{ .name = "no such family", .id = 1, .group_id = 2 },
		{ .name = "nlctrl", .group = "notify" },
		{ .name = "nlctrl ", .group = "notify" },
	};
	struct nl *nl;

	(void)state;
	assert_int_equal(genl_open(&nl), 0);
	assert_int_equal(genl_find(nl, families, COUNT(families)), 0);
	assert_int_equal(families[0].id, 0);
	assert_int_equal(families[0].group_id, 0);
	assert_int_equal(families[1].id, GENL_ID_CTRL);
	assert_int_equal(families[1].group_id, GENL_ID_CTRL);
	assert_int_equal(families[2].id, 0);
	nl_close(nl);
}

static void test_find_fails(void **state)
{
	struct genl_family family = { .name = "nlctrl", .id = 77, .group_id = 88 };
	struct nl *nl;

	(void)state;
	/* A socket of another protocol knows no such question. */
	assert_int_equal(nl_open(NETLINK_SOCK_DIAG, 0, &nl), 0);
	assert_true(genl_find(nl, &family, 1) < 0);
	assert_int_equal(family.id, 77);
	assert_int_equal(family.group_id, 88);
	nl_close(nl);
}

static int no_event(const struct nlmsghdr *message, void *userdata)
{
	(void)message, (void)userdata;
	return -EINVAL;
}

static void test_events(void **state)
{
	struct genl_family families[] = {
		{ .name = "nlctrl", .id = GENL_ID_CTRL, .group_id = GENL_ID_CTRL },
		{ .name = "not there" },
	};
	struct genl_family impossible = { .name = "gone", .id = 99, .group_id = 1000000 };
	struct nl *nl;

	(void)state;
	assert_int_equal(genl_open_events(families, COUNT(families), &nl), 0);
	assert_int_equal(genl_join(nl, &families[0]), 0);
	assert_int_equal(genl_join(nl, &families[1]), 0);
	assert_int_equal(genl_join(nl, &impossible), -EINVAL);
	assert_int_equal(nl_read_events(nl, no_event, NULL), 0);
	nl_close(nl);
	nl = NULL;
	assert_int_equal(genl_open_events(&impossible, 1, &nl), -EINVAL);
	assert_null(nl);
}

static void test_forget(void **state)
{
	struct peer_list *peers = peer_list_new();

	(void)state;
	assert_non_null(peers);
	for (int i = 0; i < 3; i++) {
		struct peer peer = { .id = strdup("x"), .ifindex = (uint32_t)i };

		assert_int_equal(peer_list_append(peers, &peer), 0);
	}
	genl_forget_peers(peers, 5);
	assert_int_equal(peers->count, 3);
	genl_forget_peers(peers, 1);
	assert_int_equal(peers->count, 1);
	assert_int_equal(peers->list[0].ifindex, 0);
	peer_list_unref(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_fails),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_forget),
	};

	return cmocka_run_group_tests_name("genl", tests, NULL, NULL);
}
