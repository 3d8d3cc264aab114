/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/array.h"
#include "policy/prefix/prefix_cover.h"

static struct prefix parsed(const char *text)
{
	struct prefix prefix;

	if (prefix_parse(text, &prefix) < 0)
		fail_msg("%s is no prefix", text);
	return prefix;
}

static const char *const list[] = {
	"0.0.0.0/1", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.9.0.0/16", "192.0.2.1/32",
	"::/0", "2001:db8::/32", "2001:db8::1/128",
};

static const struct { const char *name, *prefix, *cover; } cases[] = {
	/* name                            prefix             cover            */
	{ "itself",                        "10.1.2.0/24",     "10.1.2.0/24"    },
	{ "a host inside",                 "10.1.2.7/32",     "10.1.2.0/24"    },
	{ "shorter than what it holds",    "10.1.0.0/17",     "10.1.0.0/16"    },
	{ "behind a longer neighbour",     "10.1.3.0/24",     "10.1.0.0/16"    },
	{ "two steps out",                 "10.2.0.0/16",     "10.0.0.0/8"     },
	{ "three steps out",               "11.0.0.0/8",      "0.0.0.0/1"      },
	{ "around one of the list",        "10.0.0.0/7",      "0.0.0.0/1"      },
	{ "nothing holds it",              "192.0.2.0/24",    NULL             },
	{ "everything",                    "0.0.0.0/0",       NULL             },
	{ "before the first of IPv6",      "::/0",            "::/0"           },
	{ "IPv6",                          "2001:db8:7::/48", "2001:db8::/32"  },
	{ "IPv6, far from it",             "fd00::/8",        "::/0"           },
};

static void test_find(void **state)
{
	struct prefix prefixes[COUNT(list)];
	struct prefix_cover cover;

	(void)state;
	for (size_t i = 0; i < COUNT(list); i++)
		prefixes[i] = parsed(list[i]);
	assert_int_equal(prefix_cover_init(&cover, prefixes, COUNT(list)), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct prefix wanted = parsed(cases[i].prefix);
		uint32_t at = prefix_cover_find(&cover, &wanted);

		if (!cases[i].cover && at != COVER_NONE)
			fail_msg("%s: held by %s", cases[i].name, list[at]);
		if (cases[i].cover && at == COVER_NONE)
			fail_msg("%s: held by none", cases[i].name);
		if (cases[i].cover)
			assert_string_equal(list[at], cases[i].cover);
	}
	prefix_cover_done(&cover);
}

static int compare(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

static struct prefix random_prefix(void)
{
	struct address address = { .family = FAMILY_IPV4 };

	for (size_t i = 0; i < 4; i++)
		address.bytes[i] = (uint8_t)(random() & 3);
	return prefix_make(&address, (uint8_t)(random() % 33));
}

/* The longest that holds it, by a look at each. */
static uint32_t find_naively(const struct prefix *prefixes, size_t count,
			     const struct prefix *wanted)
{
	uint32_t best = COVER_NONE;

	for (size_t i = 0; i < count; i++) {
		if (prefixes[i].length <= wanted->length &&
		    prefix_contains(&prefixes[i], wanted->address.bytes) &&
		    (best == COVER_NONE || prefixes[i].length > prefixes[best].length))
			best = (uint32_t)i;
	}
	return best;
}

static void test_like_a_naive_one(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 200; round++) {
		struct prefix prefixes[60];
		struct prefix_cover cover;
		size_t count = 0;

		for (size_t i = 0; i < COUNT(prefixes); i++)
			prefixes[i] = random_prefix();
		qsort(prefixes, COUNT(prefixes), sizeof(*prefixes), compare);
		for (size_t i = 0; i < COUNT(prefixes); i++) {
			if (count == 0 || compare(&prefixes[count - 1], &prefixes[i]) != 0)
				prefixes[count++] = prefixes[i];
		}
		assert_int_equal(prefix_cover_init(&cover, prefixes, count), 0);
		for (int i = 0; i < 100; i++) {
			const struct prefix wanted = random_prefix();

			assert_int_equal(prefix_cover_find(&cover, &wanted),
					 find_naively(prefixes, count, &wanted));
		}
		prefix_cover_done(&cover);
	}
}

static void test_empty(void **state)
{
	const struct prefix wanted = parsed("10.0.0.0/8");
	struct prefix_cover cover;

	(void)state;
	assert_int_equal(prefix_cover_init(&cover, NULL, 0), 0);
	assert_int_equal(prefix_cover_find(&cover, &wanted), COVER_NONE);
	prefix_cover_done(&cover);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_like_a_naive_one),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
