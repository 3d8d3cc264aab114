/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/array.h"
#include "edge/peers/l2tp.h"
#include "l2tp_messages.h"
#include "peer_text.h"
#include "played_kernel.h"

static const struct link links[] = {
	{ .ifindex = 6, .name = "l2a" },
	{ .ifindex = 8, .name = "l2c" },
};

static const struct {
	const char *name;
	struct played script[12]; /* sessions, then tunnels */
	int result;
	unsigned int questions;
	const char *ids;
} dumps[] = {
	{ "two sessions",
	  { ANSWER(l2tp_session_7_9), ANSWER(l2tp_session_1_3), ANSWER_END,
	    ANSWER(l2tp_tunnel_7), ANSWER(l2tp_tunnel_1), ANSWER_END },
	  0, 2, " 192.0.2.7/1/3 192.0.2.8/7/9" },
	{ "sessions interrupted",
	  { ANSWER(l2tp_session_7_9), { .interrupted = true }, ANSWER(l2tp_session_1_3), ANSWER_END,
	    ANSWER(l2tp_tunnel_7), ANSWER(l2tp_tunnel_1), ANSWER_END },
	  0, 3, " 192.0.2.7/1/3" },
	{ "tunnels interrupted",
	  { ANSWER(l2tp_session_7_9), ANSWER(l2tp_session_1_3), ANSWER_END,
	    ANSWER(l2tp_tunnel_7), { .interrupted = true }, ANSWER(l2tp_tunnel_1), ANSWER_END },
	  0, 3, " 192.0.2.7/1/3" },
	{ "a PPP session without its link",
	  { ANSWER(l2tp_session_12_36), ANSWER(l2tp_session_1_3), ANSWER_END,
	    ANSWER(l2tp_tunnel_1), ANSWER(l2tp_tunnel_12), ANSWER_END },
	  0, 2, " 192.0.2.7/1/3" },
	/* without sessions nobody asks for tunnels */
	{ "none",         { ANSWER_END }, 0, 1, "" },
	{ "refused",      { { .error = -EPERM } }, -EPERM, 1, "" },
	{ "tunnels fail",
	  { ANSWER(l2tp_session_1_3), ANSWER_END, ANSWER(l2tp_tunnel_1), { .error = -ENOMEM } },
	  -ENOMEM, 2, "" },
};

static void test_dumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dumps); i++) {
		struct peer_list *peers = peer_list_new();
		struct peer other = { .id = strdup("other") };
		char ids[128] = "";
		struct nl *nl;
		int r;

		assert_int_equal(peer_list_append(peers, &other), 0);
		assert_int_equal(genl_open(&nl), 0);
		play(dumps[i].script);
		r = l2tp_dump(nl, 33, links, COUNT(links), peers);
		for (size_t j = 1; j < peers->count; j++)
			strcat(strcat(ids, " "), peers->list[j].id);
		if (r != dumps[i].result || strcmp(ids, dumps[i].ids) != 0 ||
		    played_kernel.questions != dumps[i].questions)
			fail_msg("%s: %d,%s, %u", dumps[i].name, r, ids, played_kernel.questions);
		nl_close(nl);
		peer_list_unref(peers);
	}
}

static void test_no_family(void **state)
{
	struct peer_list *peers = peer_list_new();

	(void)state;
	assert_int_equal(l2tp_dump(NULL, 0, links, COUNT(links), peers), 0);
	assert_int_equal(peers->count, 0);
	peer_list_unref(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_no_family),
	};

	return cmocka_run_group_tests_name("l2tp", tests, NULL, NULL);
}
