/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/array.h"
#include "edge/peers/ovpn.h"
#include "ovpn_messages.h"
#include "peer_text.h"
#include "played_kernel.h"

static const struct {
	const char *name;
	const char *kind;
	struct played script[8];
	int result;
	uint8_t command;
	const char *ids; /* of the peers, in order */
} dumps[] = {
	{ "by number, each once", "ovpn",
	  { ANSWER(ovpn_udp4), ANSWER(ovpn_tcp), ANSWER(ovpn_tcp), ANSWER(ovpn_udp6), ANSWER_END },
	  0, 3, " 0 7 42 -" },
	{ "the older module", "ovpn-dco",
	  { ANSWER(dco_udp6), ANSWER(dco_udp4), ANSWER_END }, 0, 7, " 1 2 -" },
	{ "interrupted", "ovpn",
	  { ANSWER(ovpn_udp4), { .interrupted = true }, ANSWER(ovpn_udp6), ANSWER_END },
	  0, 3, " 7 -" },
	{ "no peers", "ovpn", { ANSWER_END }, 0, 3, " -" },
	{ "link gone", "ovpn", { { .error = -ENODEV } }, -ENODEV, 3, "" },
	{ "ends with an error", "ovpn", { ANSWER(ovpn_udp4), { .error = -EINVAL } }, -EINVAL, 3,
	  "" },
};

static void test_dumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dumps); i++) {
		struct link link = { .ifindex = 17 };
		struct peer_list *peers = peer_list_new();
		struct peer other = { .id = strdup("50") };
		char ids[64] = "";
		struct nl *nl;
		int r;

		strcpy(link.kind, dumps[i].kind);
		assert_int_equal(peer_list_append(peers, &other), 0);
		assert_int_equal(genl_open(&nl), 0);
		play(dumps[i].script);
		r = ovpn_dump(nl, 34, &link, peers);
		for (size_t j = 1; j < peers->count; j++) {
			strcat(strcat(ids, " "), peers->list[j].id ? peers->list[j].id : "-");
			assert_int_equal(peers->list[j].ifindex, 17);
		}
		if (r != dumps[i].result || strcmp(ids, dumps[i].ids) != 0)
			fail_msg("%s: %d,%s", dumps[i].name, r, ids);
		assert_string_equal(peers->list[0].id, "50");
		assert_int_equal(played_kernel.question[16], dumps[i].command);
		/* OVPN_A_IFINDEX and OVPN_ATTR_IFINDEX 17 */
		assert_int_equal(played_kernel.question_len, 28);
		assert_memory_equal(played_kernel.question + 20, "\x08\0\x01\0\x11\0\0\0", 8);
		nl_close(nl);
		peer_list_unref(peers);
	}
}

static void test_no_family(void **state)
{
	struct link link = { .ifindex = 17, .kind = "ovpn" };
	struct peer_list *peers = peer_list_new();

	(void)state;
	assert_int_equal(ovpn_dump(NULL, 0, &link, peers), 0);
	assert_int_equal(peers->count, 0);
	peer_list_unref(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_no_family),
	};

	return cmocka_run_group_tests_name("ovpn", tests, NULL, NULL);
}
