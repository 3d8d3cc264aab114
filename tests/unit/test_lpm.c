/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table against a linear scan over the same prefixes, at addresses where the two would part if
 * they ever did: at random, near prefixes, and on both sides of each border. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "policy/prefix/lpm.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOWER 10
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

/* xorshift64*: the same numbers in each run. */
struct random {
	uint64_t state;
};

static uint64_t random_next(struct random *random)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return random->state * UINT64_C(2685821657736338717);
}

static void random_bytes(struct random *random, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(random_next(random) >> 56);
}

/* What the table promises, said the slow way: the longest of all that cover the address, its value
 * made from those of the wider ones. */
static uint32_t scan(const struct lpm_entry *entries, size_t count, const uint8_t *address,
		     uint32_t (*inherit)(void *, uint32_t, uint32_t), void *userdata)
{
	const struct lpm_entry *best[129] = { 0 };
	uint32_t value = LPM_NONE;
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		if (prefix_contains(&entries[i].prefix, address))
			best[entries[i].prefix.length] = &entries[i];
	}
	for (size_t length = 0; length < COUNT(best); length++) {
		if (!best[length])
			continue;
		value = found && inherit ? inherit(userdata, best[length]->value, value) :
					   best[length]->value;
		found = true;
	}
	return value;
}

/* Prefixes of one family that differ. Half of them lie inside an earlier one, so they nest; in every
 * other table most are single addresses, as peers have. */
static struct lpm_entry *make_entries(struct random *random, enum family family, size_t wanted,
				      size_t *ret_count)
{
	struct lpm_entry *entries = calloc(wanted ? wanted : 1, sizeof(*entries));
	bool hosts = random_next(random) % 2;
	size_t count = 0;

	assert_non_null(entries);
	while (count < wanted) {
		const unsigned int most = address_bits(family);
		uint8_t length = (uint8_t)(hosts && random_next(random) % 4 ? most :
					   random_next(random) % (most + 1));
		uint8_t bytes[ADDRESS_MAX];
		struct address address;
		bool twice = false;

		random_bytes(random, bytes, sizeof(bytes));
		if (count > 0 && random_next(random) % 2) {
			const struct prefix *outer =
				&entries[random_next(random) % count].prefix;

			memcpy(bytes, outer->address.bytes, outer->length / 8);
			if (length < outer->length)
				length = outer->length;
		}
		address = address_from_bytes(family, bytes);
		entries[count].prefix = prefix_make(&address, length);
		entries[count].value = (uint32_t)(random_next(random) % 50);
		for (size_t i = 0; i < count && !twice; i++)
			twice = prefix_compare(&entries[i].prefix, &entries[count].prefix) == 0;
		if (twice && length <= 4)
			wanted--; /* there are few of that length */
		count += !twice;
	}
	*ret_count = count;
	return entries;
}

/* The address before or behind, round the end too. */
static void step(uint8_t *bytes, size_t len, int by)
{
	for (size_t i = len; i-- > 0;) {
		bytes[i] = (uint8_t)(bytes[i] + by);
		if (by > 0 ? bytes[i] != 0 : bytes[i] != 0xff)
			return;
	}
}

static void last_of(const struct prefix *prefix, uint8_t *bytes)
{
	memcpy(bytes, prefix->address.bytes, ADDRESS_MAX);
	for (unsigned int bit = prefix->length; bit < address_bits(prefix->address.family); bit++)
		bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

/* An address: anywhere, inside some prefix, or its first, its last, or the one beside those. */
static void make_address(struct random *random, enum family family,
			 const struct lpm_entry *entries, size_t count, uint8_t *bytes)
{
	const struct prefix *near = count ? &entries[random_next(random) % count].prefix : NULL;
	size_t len = address_bytes(family);

	random_bytes(random, bytes, ADDRESS_MAX);
	if (!near)
		return;
	switch (random_next(random) % 6) {
	case 0:
		return;
	case 1:
		memcpy(bytes, near->address.bytes, near->length / 8);
		return;
	case 2:
		memcpy(bytes, near->address.bytes, ADDRESS_MAX);
		return;
	case 3:
		memcpy(bytes, near->address.bytes, ADDRESS_MAX);
		step(bytes, len, -1);
		return;
	case 4:
		last_of(near, bytes);
		return;
	default:
		last_of(near, bytes);
		step(bytes, len, 1);
	}
}

static uint32_t smaller(void *userdata, uint32_t own, uint32_t wider)
{
	(void)userdata;
	return own < wider ? own : wider;
}

static uint32_t mixed(void *userdata, uint32_t own, uint32_t wider)
{
	uint32_t *calls = userdata;

	(*calls)++;
	return (wider * 31 + own) % 1000003;
}

static void compare(enum family family, const struct lpm *lpm, const struct lpm_entry *entries,
		    size_t count, const uint8_t *address,
		    uint32_t (*inherit)(void *, uint32_t, uint32_t))
{
	uint32_t calls, expected = scan(entries, count, address, inherit, &calls);
	uint32_t found = lpm_lookup(lpm, address);
	char text[PREFIX_TEXT_MAX];
	struct address shown;

	if (found == expected)
		return;
	shown = address_from_bytes(family, address);
	fail_msg("%zu prefixes, %s: found %u, not %u", count, address_format(&shown, text), found,
		 expected);
}

static const struct {
	size_t prefixes, tables, lookups;
} sizes[] = {
	/* prefixes tables  look-ups in each */
	{    0,       2,      250 },
	{    1,     200,      250 },
	{    2,     200,      250 },
	{    7,     100,      500 },
	{   33,      50,     1000 },
	{  200,      10,     5000 },
	{ 1000,       4,     5000 },
};

#define LOOKUPS_MIN 500000 /* for each family */

static void check_against_scan(enum family family)
{
	uint32_t (*const inherits[])(void *, uint32_t, uint32_t) = { NULL, smaller, mixed };
	struct random random = { 0x6d73736300000001u + family };
	size_t lookups = 0;

	for (size_t i = 0; i < COUNT(sizes) * COUNT(inherits); i++) {
		uint32_t (*inherit)(void *, uint32_t, uint32_t) = inherits[i % COUNT(inherits)];
		size_t size = i / COUNT(inherits);

		for (size_t table = 0; table < sizes[size].tables; table++) {
			uint32_t calls = 0;
			struct lpm_entry *entries;
			struct lpm *lpm;
			size_t count;

			entries = make_entries(&random, family, sizes[size].prefixes, &count);
			assert_int_equal(lpm_build(family, entries, count, inherit, &calls, &lpm),
					 0);
			for (size_t n = 0; n < sizes[size].lookups / SLOWER; n++) {
				uint8_t address[ADDRESS_MAX];

				make_address(&random, family, entries, count, address);
				compare(family, lpm, entries, count, address, inherit);
				lookups++;
			}
			lpm_free(lpm);
			free(entries);
		}
	}
	assert_true(lookups >= LOOKUPS_MIN / SLOWER);
}

static void test_ipv4_against_scan(void **state)
{
	(void)state;
	check_against_scan(FAMILY_IPV4);
}

static void test_ipv6_against_scan(void **state)
{
	(void)state;
	check_against_scan(FAMILY_IPV6);
}

/* All lengths around one address: the deepest nesting there can be. */
static void check_deepest(enum family family, uint8_t fill)
{
	const size_t bits = address_bits(family);
	struct lpm_entry entries[129];
	uint8_t bytes[ADDRESS_MAX];
	struct address address;
	struct lpm *lpm;

	memset(bytes, fill, sizeof(bytes));
	address = address_from_bytes(family, bytes);
	for (size_t i = 0; i <= bits; i++)
		entries[i] = (struct lpm_entry){ prefix_make(&address, (uint8_t)(bits - i)),
						 (uint32_t)(bits - i) };
	assert_int_equal(lpm_build(family, entries, bits + 1, NULL, NULL, &lpm), 0);
	assert_int_equal(lpm_lookup(lpm, address.bytes), bits);
	for (size_t bit = 0; bit < bits; bit++) {
		struct address other = address;

		other.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(lpm_lookup(lpm, other.bytes), bit);
	}
	lpm_free(lpm);
}

static void test_deepest_nesting(void **state)
{
	(void)state;
	check_deepest(FAMILY_IPV4, 0x00);
	check_deepest(FAMILY_IPV4, 0xff);
	check_deepest(FAMILY_IPV4, 0xa5);
	check_deepest(FAMILY_IPV6, 0x00);
	check_deepest(FAMILY_IPV6, 0xff);
	check_deepest(FAMILY_IPV6, 0xa5);
}

/* One table, its prefixes in no order, and addresses at its borders. */
static const struct { const char *prefix; uint32_t value; } routes[] = {
	{ "10.9.0.0/16",         1400 },
	{ "0.0.0.0/0",           1500 },
	{ "10.9.8.0/24",         1300 },
	{ "10.9.8.7/32",         1200 },
	{ "0.0.0.0/32",           600 },
	{ "255.255.255.255/32",   700 },
	{ "255.255.0.0/16",       800 },
	{ "10.10.0.0/16",        1600 },
};

static const struct { const char *address; uint32_t own, inherited; } answers[] = {
	/* address            own   the smallest of all around */
	{ "0.0.0.0",          600,   600 },
	{ "0.0.0.1",         1500,  1500 },
	{ "10.8.255.255",    1500,  1500 },
	{ "10.9.0.0",        1400,  1400 },
	{ "10.9.7.255",      1400,  1400 },
	{ "10.9.8.0",        1300,  1300 },
	{ "10.9.8.6",        1300,  1300 },
	{ "10.9.8.7",        1200,  1200 },
	{ "10.9.8.8",        1300,  1300 },
	{ "10.9.8.255",      1300,  1300 },
	{ "10.9.9.0",        1400,  1400 },
	{ "10.9.255.255",    1400,  1400 },
	{ "10.10.0.0",       1600,  1500 },
	{ "10.11.0.0",       1500,  1500 },
	{ "255.254.255.255", 1500,  1500 },
	{ "255.255.0.0",      800,   800 },
	{ "255.255.255.254",  800,   800 },
	{ "255.255.255.255",  700,   700 },
};

static void check_answers(uint32_t (*inherit)(void *, uint32_t, uint32_t), bool inherited)
{
	struct lpm_entry entries[COUNT(routes)];
	struct lpm *lpm;

	for (size_t i = 0; i < COUNT(routes); i++) {
		assert_int_equal(prefix_parse(routes[i].prefix, &entries[i].prefix), 0);
		entries[i].value = routes[i].value;
	}
	assert_int_equal(lpm_build(FAMILY_IPV4, entries, COUNT(routes), inherit, NULL, &lpm), 0);
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct address address;

		assert_int_equal(address_parse(answers[i].address, &address), 0);
		if (lpm_lookup(lpm, address.bytes) !=
		    (inherited ? answers[i].inherited : answers[i].own))
			fail_msg("%s", answers[i].address);
	}
	lpm_free(lpm);
}

static void test_borders(void **state)
{
	(void)state;
	check_answers(NULL, false);
	check_answers(smaller, true);
}

static const struct { const char *name, *first, *second, *third; } refused[] = {
	{ "a prefix twice", "10.0.0.0/8", "11.0.0.0/8",    "10.0.0.0/8"    },
	{ "mixed families", "10.0.0.0/8", "11.0.0.0/8",    "2001:db8::/32" },
	{ "another family", "fd00::/8",   "2001:db8::/32", "::/0"          },
};

static void test_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct lpm *const untouched = (struct lpm *)(uintptr_t)1;
		struct lpm_entry entries[3] = { 0 };
		struct lpm *lpm = untouched;

		assert_int_equal(prefix_parse(refused[i].first, &entries[0].prefix), 0);
		assert_int_equal(prefix_parse(refused[i].second, &entries[1].prefix), 0);
		assert_int_equal(prefix_parse(refused[i].third, &entries[2].prefix), 0);
		if (lpm_build(FAMILY_IPV4, entries, 3, NULL, NULL, &lpm) != -EINVAL ||
		    lpm != untouched)
			fail_msg("%s", refused[i].name);
	}
}

static void test_no_table_is_empty(void **state)
{
	const uint8_t address[ADDRESS_MAX] = { 10, 0, 0, 1 };

	(void)state;
	assert_int_equal(lpm_lookup(NULL, address), LPM_NONE);
	lpm_free(NULL);
}

/* 65,536 host routes of one value are one range, and nothing around it. */
static void test_neighbours_melt_together(void **state)
{
	const size_t count = 65536;
	struct lpm_entry *entries = calloc(count, sizeof(*entries));
	struct lpm *lpm;

	(void)state;
	assert_non_null(entries);
	for (size_t i = 0; i < count; i++) {
		const uint8_t bytes[] = { 10, 9, (uint8_t)(i >> 8), (uint8_t)i };
		struct address address = address_from_bytes(FAMILY_IPV4, bytes);

		entries[i] = (struct lpm_entry){ prefix_make(&address, 32), 1400 };
	}
	assert_int_equal(lpm_build(FAMILY_IPV4, entries, count, NULL, NULL, &lpm), 0);
	assert_int_equal(lpm_lookup(lpm, (const uint8_t[]){ 10, 8, 255, 255 }), LPM_NONE);
	assert_int_equal(lpm_lookup(lpm, (const uint8_t[]){ 10, 9, 0, 0 }), 1400);
	assert_int_equal(lpm_lookup(lpm, (const uint8_t[]){ 10, 9, 255, 255 }), 1400);
	assert_int_equal(lpm_lookup(lpm, (const uint8_t[]){ 10, 10, 0, 0 }), LPM_NONE);
	lpm_free(lpm);
	free(entries);
}

/* Ranges as they come: in order, none into another, and each of its two ends of the value that a
 * look-up finds there. Behind it is a gap or another value. */
struct ranges {
	const struct lpm *lpm;
	struct address last;
	uint32_t value;
	size_t count;
};

static int take_range(void *userdata, const struct address *first, const struct address *last,
		      uint32_t value)
{
	struct ranges *ranges = userdata;
	struct address behind = ranges->last;

	assert_true(address_compare(first, last) <= 0);
	assert_int_equal(lpm_lookup(ranges->lpm, first->bytes), value);
	assert_int_equal(lpm_lookup(ranges->lpm, last->bytes), value);
	if (ranges->count++ > 0) {
		assert_true(address_compare(&ranges->last, first) < 0);
		step(behind.bytes, address_bytes(behind.family), 1);
		assert_true(!address_equal(&behind, first) || value != ranges->value);
	}
	ranges->last = *last;
	ranges->value = value;
	return 0;
}

static int stop_at_once(void *userdata, const struct address *first, const struct address *last,
			uint32_t value)
{
	(void)userdata;
	(void)first;
	(void)last;
	(void)value;
	return -7;
}

static void test_ranges_are_what_look_ups_find(void **state)
{
	struct random random = { 77 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		enum family family = i % 2 ? FAMILY_IPV6 : FAMILY_IPV4;
		size_t count;
		struct lpm_entry *entries = make_entries(&random, family, 60, &count);
		struct lpm *apart, *flat;
		struct ranges ranges = { 0 };
		uint8_t address[ADDRESS_MAX];

		assert_int_equal(lpm_build(family, entries, count, NULL, NULL, &apart), 0);
		assert_int_equal(lpm_build_ranges(family, entries, count, &flat), 0);
		ranges.lpm = apart;
		assert_int_equal(lpm_ranges(flat, take_range, &ranges), 0);
		assert_true(ranges.count > 0);
		assert_int_equal(lpm_ranges(flat, stop_at_once, NULL), -7);
		for (int k = 0; k < 500; k++) {
			make_address(&random, family, entries, count, address);
			assert_int_equal(lpm_lookup(apart, address), lpm_lookup(flat, address));
		}
		lpm_free(apart);
		lpm_free(flat);
		free(entries);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_against_scan),
		cmocka_unit_test(test_ipv6_against_scan),
		cmocka_unit_test(test_deepest_nesting),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_no_table_is_empty),
		cmocka_unit_test(test_neighbours_melt_together),
		cmocka_unit_test(test_ranges_are_what_look_ups_find),
	};

	return cmocka_run_group_tests_name("lpm", tests, NULL, NULL);
}
