/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "core/wire.h"
#include "policy/again.h"

/* What makes a SYN out. */
struct sent {
	enum family family;
	uint8_t source, destination; /* last byte of each address */
	uint16_t port;
	uint32_t sequence;
	unsigned int hook;
};

static bool note(struct again *again, const struct sent *sent)
{
	uint8_t source[16] = { 10 }, destination[16] = { 10 }, tcp[20] = { 0 };
	const struct syn syn = {
		.family = sent->family, .source = source, .destination = destination, .tcp = tcp,
	};
	size_t last = sent->family == FAMILY_IPV6 ? 15 : 3;

	source[last] = sent->source;
	destination[last] = sent->destination;
	wire_put16(tcp, sent->port);
	wire_put16(tcp + 2, 443);
	wire_put32(tcp + 4, sent->sequence);
	return again_note(again, &syn, sent->hook);
}

static struct again *begin(void)
{
	struct again *again = calloc(1, sizeof(*again));

	assert_non_null(again);
	return again;
}

static const struct { const char *name; struct sent sent; } others[] = {
	{ "another source",      { FAMILY_IPV4, 3, 2, 40000, 7, 2 } },
	{ "another destination", { FAMILY_IPV4, 1, 3, 40000, 7, 2 } },
	{ "there and back",      { FAMILY_IPV4, 2, 1, 40000, 7, 2 } },
	{ "another port",        { FAMILY_IPV4, 1, 2, 40001, 7, 2 } },
	{ "another number",      { FAMILY_IPV4, 1, 2, 40000, 8, 2 } },
	{ "another hook",        { FAMILY_IPV4, 1, 2, 40000, 7, 3 } },
	{ "IPv6",                { FAMILY_IPV6, 1, 2, 40000, 7, 2 } },
	{ "IPv6, another source", { FAMILY_IPV6, 3, 2, 40000, 7, 2 } },
	{ "nothing but zeros",   { FAMILY_IPV4, 0, 0, 0, 0, 0 } },
};

static void test_the_same_and_others(void **state)
{
	const struct sent first = { FAMILY_IPV4, 1, 2, 40000, 7, 2 };
	struct again *again = begin();

	(void)state;
	assert_false(note(again, &first));
	assert_true(note(again, &first));
	for (size_t i = 0; i < COUNT(others); i++) {
		if (note(again, &others[i].sent))
			fail_msg("%s was known", others[i].name);
		if (!note(again, &others[i].sent))
			fail_msg("%s was not remembered", others[i].name);
	}
	free(again);
}

/* A thousand in a second, then all of them again: most are known, and none of another. */
static void test_a_second_later(void **state)
{
	struct again *again = begin();
	unsigned int known = 0;

	(void)state;
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 1000; i++) {
			const struct sent sent = {
				FAMILY_IPV4, (uint8_t)i, 2, (uint16_t)(40000 + i / 3), i * 2654435761u,
				2,
			};
			bool was = note(again, &sent);

			assert_false(round == 0 && was);
			known += was;
		}
	}
	assert_in_range(known, 900, 1000);
	free(again);
}

/* A scan: a hundred thousand from one port with one sequence number, and no two alike. */
static void test_a_scan_is_not_known(void **state)
{
	struct again *again = begin();

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		const struct sent sent = {
			FAMILY_IPV4, (uint8_t)(i >> 8), (uint8_t)i, (uint16_t)(i >> 16), 0, 2,
		};

		if (note(again, &sent))
			fail_msg("number %u", i);
	}
	free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_and_others),
		cmocka_unit_test(test_a_second_later),
		cmocka_unit_test(test_a_scan_is_not_known),
	};

	return cmocka_run_group_tests_name("again", tests, NULL, NULL);
}
