/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/csum.h"
#include "core/wire.h"

#define ROUNDS 20000

/* The checksum of len bytes, one byte after the other, with the carry taken in at once. */
static uint16_t naive_checksum(const uint8_t *data, size_t len)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? data[i] * 256u : data[i];
		if (sum > 0xffff)
			sum = (sum & 0xffff) + 1;
	}
	return (uint16_t)~sum;
}

/* Numbers that are the same in each run. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void fill(uint8_t *data, size_t len, uint32_t *state)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t kind = next_random(state) % 8;

		data[i] = kind == 0 ? 0x00 : kind == 1 ? 0xff : (uint8_t)next_random(state);
	}
}

static void test_sum_is_the_naive_one(void **unused)
{
	uint8_t data[131];
	uint32_t state = 1;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		size_t start = next_random(&state) % 3;
		size_t len = next_random(&state) % (sizeof(data) - start + 1);
		uint16_t check;

		fill(data, sizeof(data), &state);
		check = (uint16_t)~csum_fold(csum_add(0, data + start, len));
		assert_int_equal(check, naive_checksum(data + start, len));
	}
}

static void test_sum_of_the_longest_packet(void **unused)
{
	uint8_t *data = malloc(65535);

	(void)unused;
	assert_non_null(data);
	memset(data, 0xff, 65535);
	assert_int_equal((uint16_t)~csum_fold(csum_add(0, data, 65535)),
			 naive_checksum(data, 65535));
	free(data);
}

static void test_sum_in_two_parts(void **unused)
{
	const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint32_t sum = csum_add(csum_add(0, data, 4), data + 4, 4);

	(void)unused;
	assert_int_equal(csum_fold(sum), 0xddf2); /* the example of RFC 1071 section 3 */
}

static void test_fold(void **unused)
{
	static const struct { const char *name; uint32_t sum; uint16_t folded; } cases[] = {
		{ "nothing", 0, 0 },
		{ "no carry", 0x1234, 0x1234 },
		{ "one carry", 0x10001, 0x0002 },
		{ "a carry out of the carry", 0x1ffff, 0x0001 },
		{ "all ones", 0xffffffff, 0xffff },
		{ "minus zero stays", 0xffff, 0xffff },
		{ "never zero from something", 0xffff0000, 0xffff },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (csum_fold(cases[i].sum) != cases[i].folded)
			fail_msg("%s: %#x", cases[i].name, csum_fold(cases[i].sum));
	}
}

static void test_update_of_one_word(void **unused)
{
	static const struct {
		const char *name;
		uint16_t check;
		size_t offset;
		uint16_t old_word, new_word, want;
	} cases[] = {
		/* name                        check  at  old     new     want  */
		{ "RFC 1624 section 4",        0xdd2f, 0, 0x5555, 0x3285, 0x0000 },
		{ "1460 to 1300",              0x1000, 2, 0x05b4, 0x0514, 0x10a0 },
		{ "1460 to 1300, odd",         0x1000, 3, 0x05b4, 0x0514, 0xb000 },
		{ "to zero, never minus zero",  0xff5f, 2, 0x05b4, 0x0514, 0x0000 },
		{ "past zero",                 0xff60, 2, 0x05b4, 0x0514, 0x0001 },
		{ "from the other zero",       0xffff, 2, 0x05b4, 0x0514, 0x00a0 },
		{ "from zero",                 0x0000, 2, 0x05b4, 0x0514, 0x00a0 },
		{ "the same word",             0x1234, 2, 0x05b4, 0x05b4, 0x1234 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint16_t got = csum_update16(cases[i].check, cases[i].offset, cases[i].old_word,
					     cases[i].new_word);

		if (got != cases[i].want)
			fail_msg("%s: %#06x, not %#06x", cases[i].name, got, cases[i].want);
	}
}

/* A word changes somewhere in bytes whose checksum is right: it has to be right again, at odd
 * offsets too, and a wrong one as wrong as before. */
static void test_update_keeps_right_right_and_wrong_as_wrong(void **unused)
{
	uint8_t data[64];
	uint32_t state = 7;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		size_t at = next_random(&state) % (sizeof(data) - 1);
		uint16_t error = (uint16_t)(next_random(&state) % 3 ? 0 : next_random(&state));
		uint16_t before, after, old_word;

		fill(data, sizeof(data), &state);
		before = naive_checksum(data, sizeof(data));
		old_word = wire_get16(data + at);
		fill(data + at, 2, &state);
		after = csum_update16((uint16_t)((before + error) % 65535), at, old_word,
				      wire_get16(data + at));
		assert_int_equal((after + 65535u - naive_checksum(data, sizeof(data))) % 65535,
				 error % 65535);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sum_is_the_naive_one),
		cmocka_unit_test(test_sum_of_the_longest_packet),
		cmocka_unit_test(test_sum_in_two_parts),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_update_of_one_word),
		cmocka_unit_test(test_update_keeps_right_right_and_wrong_as_wrong),
	};

	return cmocka_run_group_tests_name("csum", tests, NULL, NULL);
}
