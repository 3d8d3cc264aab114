/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/array.h"
#include "edge/peers/wg.h"
#include "peer_text.h"
#include "played_kernel.h"
#include "wg_messages.h"

static const struct {
	const char *name;
	const char *kind;
	struct played script[8];
	int result;
	size_t peers;
	unsigned int questions;
	const char *layer; /* of the first peer */
} dumps[] = {
	{ "whole",     "wireguard", { ANSWER(wg_device), ANSWER_END }, 0, 4, 1, " wireguard " },
	{ "AmneziaWG", "amneziawg", { ANSWER(wg_device), ANSWER_END }, 0, 4, 1, " amneziawg " },
	{ "no peers",  "wireguard", { ANSWER_END }, 0, 0, 1, NULL },
	{ "interrupted", "wireguard",
	  { ANSWER(wg_device), { .interrupted = true }, ANSWER(wg_device), ANSWER_END }, 0, 4, 2,
	  " wireguard " },
	{ "link gone", "wireguard", { { .error = -ENODEV } }, -ENODEV, 0, 1, NULL },
	{ "ends with an error", "wireguard", { ANSWER(wg_device), { .error = -EMSGSIZE } },
	  -EMSGSIZE, 0, 1, NULL },
	{ "cut", "wireguard",
	  { ANSWER(wg_device), { .bytes = wg_device, .len = 500 }, ANSWER_END },
	  -EBADMSG, 0, 1, NULL },
};

/* A peer of another source that is in the list already. */
static struct peer_list *list_of_one(void)
{
	struct peer_list *peers = peer_list_new();
	struct peer other = { .id = strdup("other") };

	assert_non_null(peers);
	assert_int_equal(peer_list_append(peers, &other), 0);
	return peers;
}

/* Recorded messages that are cut say so themselves. */
static void set_length(struct played *answer, uint8_t *copy)
{
	if (!answer->bytes)
		return;
	memcpy(copy, answer->bytes, answer->len);
	((struct nlmsghdr *)(void *)copy)->nlmsg_len = (uint32_t)answer->len;
	answer->bytes = copy;
}

static void test_dumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(dumps); i++) {
		_Alignas(struct nlmsghdr) static uint8_t copies[8][sizeof(wg_device)];
		struct played script[8];
		struct link link = { .ifindex = 3, .name = "wg0" };
		struct peer_list *peers = list_of_one();
		char text[PEER_TEXT_MAX] = "";
		struct nl *nl;
		int r;

		memcpy(script, dumps[i].script, sizeof(script));
		for (size_t j = 0; j < COUNT(script); j++)
			set_length(&script[j], copies[j]);
		strcpy(link.kind, dumps[i].kind);
		assert_int_equal(genl_open(&nl), 0);
		play(script);
		r = wg_dump(nl, 32, &link, peers);
		if (peers->count > 1)
			peer_text(&peers->list[1], text);
		if (r != dumps[i].result || peers->count - 1 != dumps[i].peers ||
		    played_kernel.questions != dumps[i].questions ||
		    (dumps[i].layer && !strstr(text, dumps[i].layer)))
			fail_msg("%s: %d, %zu peers, %s", dumps[i].name, r, peers->count, text);
		assert_string_equal(peers->list[0].id, "other");
		if (!played_is_wiped())
			fail_msg("%s: the answer is still there", dumps[i].name);
		nl_close(nl);
		peer_list_unref(peers);
	}
}

/* Decoded: WG_CMD_GET_DEVICE of family 32, dump; WGDEVICE_A_IFINDEX 3. */
static void test_question(void **state)
{
	const uint8_t expected[] = { 28, 0, 0, 0, 32, 0, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0,
				     0, 1, 0, 0, 8, 0, 1, 0, 3, 0, 0, 0 };
	struct link link = { .ifindex = 3, .kind = "wireguard" };
	struct peer_list *peers = peer_list_new();
	struct nl *nl;

	(void)state;
	assert_non_null(peers);
	assert_int_equal(genl_open(&nl), 0);
	play((struct played[]){ ANSWER_END });
	assert_int_equal(wg_dump(nl, 32, &link, peers), 0);
	memset(played_kernel.question + 8, 0, 8); /* sequence and port */
	played_kernel.question[8] = 1;
	assert_int_equal(played_kernel.question_len, sizeof(expected));
	assert_memory_equal(played_kernel.question, expected, sizeof(expected));
	nl_close(nl);
	peer_list_unref(peers);
}

/* Without the family nobody is asked, and nobody has a peer. */
static void test_no_family(void **state)
{
	struct link link = { .ifindex = 3, .kind = "wireguard" };
	struct peer_list *peers = peer_list_new();

	(void)state;
	assert_non_null(peers);
	assert_int_equal(wg_dump(NULL, 0, &link, peers), 0);
	assert_int_equal(peers->count, 0);
	peer_list_unref(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_no_family),
	};

	return cmocka_run_group_tests_name("wg", tests, NULL, NULL);
}
