/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/tunnel/selector.h"

static struct prefix parse(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		fail_msg("%s is no prefix", text);
	return prefix;
}

/* policies, question, and the place of the policy that covers it */
struct row {
	const char *name;
	struct {
		const char *remote, *local;
		uint32_t priority, mark, mask;
		uint8_t protocol;
	} policies[4];
	const char *remote, *local;
	uint32_t mark;
	uint32_t found;
};

static const struct row rows[] = {
	{ "both addresses inside",
	  { { "10.2.0.0/16", "10.1.0.0/16", 0, 0, 0, 0 } }, "10.2.0.1", "10.1.0.1", 0, 0 },
	{ "remote outside",
	  { { "10.2.0.0/16", "10.1.0.0/16", 0, 0, 0, 0 } }, "10.3.0.1", "10.1.0.1", 0, SELECTOR_NONE },
	{ "local outside",
	  { { "10.2.0.0/16", "10.1.0.0/16", 0, 0, 0, 0 } }, "10.2.0.1", "10.3.0.1", 0, SELECTOR_NONE },
	{ "the other way round",
	  { { "10.2.0.0/16", "10.1.0.0/16", 0, 0, 0, 0 } }, "10.1.0.1", "10.2.0.1", 0, SELECTOR_NONE },
	{ "another family",
	  { { "0.0.0.0/0", "0.0.0.0/0", 0, 0, 0, 0 } }, "fd00::1", "fd00::2", 0, SELECTOR_NONE },
	{ "IPv6, all 128 bits",
	  { { "fd00::1/128", "fd00:1::/64", 0, 0, 0, 0 }, { "fd00::2/128", "::/0", 0, 0, 0, 0 } },
	  "fd00::2", "fd00:1::9", 0, 1 },
	{ "IPv6, local behind bit 64",
	  { { "fd00::/64", "fd00:1::8000/113", 0, 0, 0, 0 } }, "fd00::2", "fd00:1::7fff", 0,
	  SELECTOR_NONE },
	{ "the smaller priority before the narrower prefix",
	  { { "10.2.0.0/24", "10.1.0.0/16", 9, 0, 0, 0 }, { "10.0.0.0/8", "0.0.0.0/0", 5, 0, 0, 0 } },
	  "10.2.0.1", "10.1.0.1", 0, 1 },
	{ "the narrower prefix where it has the smaller priority",
	  { { "10.0.0.0/8", "0.0.0.0/0", 5, 0, 0, 0 }, { "10.2.0.0/24", "10.1.0.0/16", 4, 0, 0, 0 } },
	  "10.2.0.1", "10.1.0.1", 0, 1 },
	{ "of equal priorities the first, wide or narrow",
	  { { "10.0.0.0/8", "0.0.0.0/0", 5, 0, 0, 0 }, { "10.2.0.0/24", "10.1.0.0/16", 5, 0, 0, 0 } },
	  "10.2.0.1", "10.1.0.1", 0, 0 },
	{ "a better one that does not match is passed over",
	  { { "10.2.0.0/24", "10.9.0.0/16", 1, 0, 0, 0 }, { "10.0.0.0/8", "0.0.0.0/0", 5, 0, 0, 0 } },
	  "10.2.0.1", "10.1.0.1", 0, 1 },
	{ "one remote prefix, two locals",
	  { { "10.2.0.0/24", "10.9.0.0/16", 1, 0, 0, 0 }, { "10.2.0.0/24", "10.1.0.0/16", 1, 0, 0, 0 } },
	  "10.2.0.1", "10.1.0.1", 0, 1 },
	{ "largest priority",
	  { { "10.2.0.0/24", "0.0.0.0/0", UINT32_MAX, 0, 0, 0 } }, "10.2.0.1", "10.1.0.1", 0, 0 },
	{ "a mark that fits",
	  { { "10.2.0.0/24", "0.0.0.0/0", 1, 0x2a, 0xff, 0 } }, "10.2.0.1", "10.1.0.1", 0x32a, 0 },
	{ "a mark that does not fit",
	  { { "10.2.0.0/24", "0.0.0.0/0", 1, 0x2a, 0xff, 0 } }, "10.2.0.1", "10.1.0.1", 0x32b,
	  SELECTOR_NONE },
	{ "mask 0: any mark, whatever the value",
	  { { "10.2.0.0/24", "0.0.0.0/0", 1, 7, 0, 0 } }, "10.2.0.1", "10.1.0.1", 0x32b, 0 },
	{ "the packet's protocol",
	  { { "10.2.0.0/24", "0.0.0.0/0", 1, 0, 0, IPPROTO_TCP } }, "10.2.0.1", "10.1.0.1", 0, 0 },
	{ "another protocol",
	  { { "10.2.0.0/24", "0.0.0.0/0", 1, 0, 0, IPPROTO_UDP } }, "10.2.0.1", "10.1.0.1", 0,
	  SELECTOR_NONE },
	{ "three deep, the outermost decides",
	  { { "10.2.0.0/24", "0.0.0.0/0", 3, 0, 0, 0 }, { "10.2.0.0/16", "0.0.0.0/0", 2, 0, 0, 0 },
	    { "0.0.0.0/0", "0.0.0.0/0", 1, 0, 0, 0 } }, "10.2.0.1", "10.1.0.1", 0, 2 },
	{ "beside a narrow prefix the wider one holds",
	  { { "10.2.0.0/24", "0.0.0.0/0", 1, 0, 0, 0 }, { "10.2.0.0/16", "0.0.0.0/0", 2, 0, 0, 0 } },
	  "10.2.1.1", "10.1.0.1", 0, 1 },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct address remote = parse(row->remote).address, local = parse(row->local).address;
		struct selector_question question = {
			.family = remote.family, .remote = remote.bytes, .local = local.bytes,
			.mark = row->mark, .protocol = IPPROTO_TCP,
		};
		struct prefix prefixes[4];
		struct peer peers[4] = { 0 };
		const struct peer *list[4];
		struct selector_table *table;
		size_t count = 0;
		uint32_t found;

		for (; count < 4 && row->policies[count].remote; count++) {
			prefixes[count] = parse(row->policies[count].remote);
			peers[count] = (struct peer){
				.selector = true, .allowed = &prefixes[count], .allowed_count = 1,
				.local = parse(row->policies[count].local),
				.priority = row->policies[count].priority,
				.mark_value = row->policies[count].mark,
				.mark_mask = row->policies[count].mask,
				.protocol = row->policies[count].protocol,
			};
			list[count] = &peers[count];
		}
		assert_int_equal(selector_table_build(list, count, &table), 0);
		found = selector_find(table, &question);
		if (found != row->found)
			fail_msg("%s: policy %u, not %u", row->name, found, row->found);
		selector_table_free(table);
	}
}

static void test_without_policies_there_is_no_table(void **state)
{
	struct prefix all = parse("0.0.0.0/0"), all6 = parse("::/0");
	const struct peer no_policy = { .allowed = &all, .allowed_count = 1, .local = all };
	const struct peer no_remote = { .selector = true, .local = all };
	const struct peer two_families = { .selector = true, .allowed = &all, .allowed_count = 1,
					   .local = all6 };
	const struct peer *peers[] = { &no_policy, &no_remote, &two_families };
	const uint8_t address[ADDRESS_MAX] = { 0 };
	struct selector_question question = { .remote = address, .local = address };
	struct selector_table *table = (void *)-1;

	(void)state;
	assert_int_equal(selector_table_build(peers, COUNT(peers), &table), 0);
	assert_null(table);
	for (question.family = FAMILY_IPV4; question.family < FAMILY_COUNT; question.family++)
		assert_int_equal(selector_find(table, &question), SELECTOR_NONE);
	assert_int_equal(selector_table_build(NULL, 0, &table), 0);
	assert_null(table);
	selector_table_free(NULL);
}

static void test_a_clear_policy_is_an_answer(void **state)
{
	struct prefix wide = parse("10.0.0.0/8"), narrow = parse("10.2.0.0/24"),
		      all = parse("0.0.0.0/0");
	const struct peer tunnel = { .selector = true, .allowed = &wide, .allowed_count = 1,
				     .local = all, .priority = 9 };
	const struct peer bypass = { .selector = true, .clear = true, .allowed = &narrow,
				     .allowed_count = 1, .local = all, .priority = 1 };
	const struct peer *peers[] = { &tunnel, &bypass };
	struct address inside = parse("10.2.0.7").address, beside = parse("10.3.0.7").address;
	struct selector_question question = { .family = FAMILY_IPV4, .local = inside.bytes };
	struct selector_table *table;

	(void)state;
	assert_int_equal(selector_table_build(peers, COUNT(peers), &table), 0);
	question.remote = inside.bytes;
	assert_int_equal(selector_find(table, &question), 1);
	question.remote = beside.bytes;
	assert_int_equal(selector_find(table, &question), 0);
	selector_table_free(table);
}

static uint32_t seed = 1;

static uint32_t random_below(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* Few bits vary, so that prefixes nest and meet. */
static struct address random_address(enum family family)
{
	struct address address = { .family = family };

	address.bytes[0] = family == FAMILY_IPV4 ? 10 : 0xfd;
	address.bytes[1] = (uint8_t)random_below(2);
	address.bytes[2] = (uint8_t)(random_below(4) << 6);
	address.bytes[address_bytes(family) - 1] = (uint8_t)random_below(4);
	return address;
}

static struct prefix random_prefix(enum family family)
{
	static const uint8_t lengths[] = { 0, 7, 8, 16, 17, 18, 24, 31, 32, 63, 64, 65, 127, 128 };
	struct address address = random_address(family);
	uint8_t length;

	do
		length = lengths[random_below(COUNT(lengths))];
	while (length > address_bits(family));
	return prefix_make(&address, length);
}

static struct peer random_peer(struct prefix *remote)
{
	static const uint8_t protocols[] = { 0, 0, 0, IPPROTO_TCP, IPPROTO_UDP };
	enum family family = random_below(2) ? FAMILY_IPV6 : FAMILY_IPV4;

	*remote = random_prefix(family);
	return (struct peer){
		.selector = random_below(8) != 0,
		.allowed = remote,
		.allowed_count = 1,
		.local = random_prefix(random_below(10) ? family : FAMILY_IPV4),
		.priority = random_below(4),
		.mark_value = random_below(4),
		.mark_mask = random_below(4) ? 0 : 3,
		.protocol = protocols[random_below(COUNT(protocols))],
	};
}

/* The header's sentences, told slowly. last: SELECTOR_NONE, or the one that what is found has to
 * come behind. */
static uint32_t naive_find(const struct peer *peers, size_t count,
			   const struct selector_question *question, uint32_t last)
{
	uint32_t found = SELECTOR_NONE;

	for (size_t i = 0; i < count; i++) {
		const struct peer *peer = &peers[i];

		if (!peer->selector || peer->allowed[0].address.family != question->family ||
		    peer->local.address.family != question->family ||
		    !prefix_contains(&peer->allowed[0], question->remote) ||
		    !prefix_contains(&peer->local, question->local))
			continue;
		if (peer->mark_mask && (question->mark & peer->mark_mask) != peer->mark_value)
			continue;
		if (peer->protocol && peer->protocol != question->protocol)
			continue;
		if (last != SELECTOR_NONE &&
		    (peer->priority < peers[last].priority ||
		     (peer->priority == peers[last].priority && i <= last)))
			continue;
		if (found == SELECTOR_NONE || peer->priority < peers[found].priority)
			found = (uint32_t)i;
	}
	return found;
}

static void test_against_naive(void **state)
{
	enum { TABLES = 3000, QUESTIONS = 200, PEERS = 60 };
	size_t covered = 0;

	(void)state;
	for (int round = 0; round < TABLES; round++) {
		struct prefix remotes[PEERS];
		struct peer peers[PEERS];
		const struct peer *list[PEERS];
		size_t count = random_below(PEERS + 1);
		struct selector_table *table;

		for (size_t i = 0; i < count; i++) {
			peers[i] = random_peer(&remotes[i]);
			list[i] = &peers[i];
		}
		assert_int_equal(selector_table_build(list, count, &table), 0);
		for (int i = 0; i < QUESTIONS; i++) {
			enum family family = random_below(2) ? FAMILY_IPV6 : FAMILY_IPV4;
			struct address remote = random_address(family);
			struct address local = random_address(family);
			struct selector_question question = {
				.family = family, .remote = remote.bytes, .local = local.bytes,
				.mark = random_below(8), .protocol = IPPROTO_TCP,
			};
			uint32_t want = naive_find(peers, count, &question, SELECTOR_NONE);

			assert_int_equal(selector_find(table, &question), want);
			covered += want != SELECTOR_NONE;
			while (want != SELECTOR_NONE) {
				uint32_t next = naive_find(peers, count, &question, want);

				assert_int_equal(selector_find_next(table, &question, want,
								    peers[want].priority), next);
				want = next;
			}
		}
		selector_table_free(table);
	}
	assert_in_range(covered, TABLES * QUESTIONS / 4, TABLES * QUESTIONS * 9 / 10);
}

/* Ten thousand hosts under one wide prefix, which has a hundred policies of its own: what the wide
 * one has must not be copied to each host. */
static void test_road_warriors(void **state)
{
	enum { HOSTS = 10000, WIDE = 100 };
	struct peer *peers = calloc(HOSTS + WIDE, sizeof(*peers));
	struct prefix *remotes = calloc(HOSTS + WIDE, sizeof(*remotes));
	const struct peer **list = calloc(HOSTS + WIDE, sizeof(*list));
	struct address host = { .family = FAMILY_IPV4, .bytes = { 10, 64 } };
	struct address local = parse("192.0.2.7").address;
	struct selector_question question = { .family = FAMILY_IPV4, .remote = host.bytes,
					      .local = local.bytes };
	struct selector_table *table;

	(void)state;
	assert_true(peers && remotes && list);
	for (uint32_t i = 0; i < HOSTS + WIDE; i++) {
		host.bytes[2] = (uint8_t)(i >> 8);
		host.bytes[3] = (uint8_t)i;
		remotes[i] = i < HOSTS ? prefix_make(&host, 32) : parse("0.0.0.0/0");
		peers[i] = (struct peer){
			.selector = true, .allowed = &remotes[i], .allowed_count = 1,
			.local = i + 1 < HOSTS + WIDE ? prefix_make(&local, 24) : parse("0.0.0.0/0"),
			.priority = i < HOSTS ? 10 : 20,
		};
		list[i] = &peers[i];
	}
	assert_int_equal(selector_table_build(list, HOSTS + WIDE, &table), 0);
	for (uint32_t i = 0; i < HOSTS; i++) {
		host.bytes[2] = (uint8_t)(i >> 8);
		host.bytes[3] = (uint8_t)i;
		assert_int_equal(selector_find(table, &question), i);
	}
	host.bytes[0] = 11;
	assert_int_equal(selector_find(table, &question), HOSTS);
	local.bytes[0] = 1;
	assert_int_equal(selector_find(table, &question), HOSTS + WIDE - 1);
	selector_table_free(table);
	free(list);
	free(remotes);
	free(peers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_without_policies_there_is_no_table),
		cmocka_unit_test(test_a_clear_policy_is_an_answer),
		cmocka_unit_test(test_against_naive),
		cmocka_unit_test(test_road_warriors),
	};

	return cmocka_run_group_tests_name("selector", tests, NULL, NULL);
}
