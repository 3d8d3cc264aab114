/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/packet.h"
#include "core/tcpopt.h"

#define END 0xffff /* ends a row's list of offsets */

/* What one walk has to find: the places of MSS options, then the flags. */
static const struct {
	const char *name;
	uint8_t options[40];
	size_t len;       /* bytes of options */
	uint16_t mss[11]; /* offsets in the options */
	bool odd_length, md5, ao, malformed;
} cases[] = {
	{ "nothing", { 0 }, 0, { END }, 0, 0, 0, 0 },
	/* mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7 */
	{ "linux", { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 }, 20,
	  { 0, END }, 0, 0, 0, 0 },
	/* nop,wscale 7,mss 1460 */
	{ "behind others", { 1, 3, 3, 7, 2, 4, 5, 0xb4 }, 8, { 4, END }, 0, 0, 0, 0 },
	{ "at 1", { 1, 2, 4, 5, 0xb4, 1, 1, 1 }, 8, { 1, END }, 0, 0, 0, 0 },
	{ "at 2", { 1, 1, 2, 4, 5, 0xb4, 1, 1 }, 8, { 2, END }, 0, 0, 0, 0 },
	{ "at 3", { 1, 1, 1, 2, 4, 5, 0xb4, 1 }, 8, { 3, END }, 0, 0, 0, 0 },
	{ "at the very end", { 1, 1, 1, 1, 2, 4, 5, 0xb4 }, 8, { 4, END }, 0, 0, 0, 0 },
	{ "two", { 2, 4, 5, 0xb4, 2, 4, 2, 24 }, 8, { 0, 4, END }, 0, 0, 0, 0 },
	{ "end of options hides the rest", { 0, 0, 0, 0, 2, 4, 5, 0xb4 }, 8, { END }, 0, 0, 0, 0 },
	{ "end behind an mss", { 2, 4, 5, 0xb4, 0, 30, 0, 0 }, 8, { 0, END }, 0, 0, 0, 0 },
	{ "length 3 is stepped over", { 2, 3, 5, 2, 4, 5, 0xb4, 1 }, 8, { 3, END }, 1, 0, 0, 0 },
	{ "length 2 is stepped over", { 2, 2, 2, 4, 5, 0xb4, 1, 1 }, 8, { 2, END }, 1, 0, 0, 0 },
	{ "length 0 ends the walk", { 30, 0, 1, 1, 2, 4, 5, 0xb4 }, 8, { END }, 0, 0, 0, 1 },
	{ "length 1 ends the walk", { 30, 1, 1, 1, 2, 4, 5, 0xb4 }, 8, { END }, 0, 0, 0, 1 },
	{ "an overrun ends the walk", { 2, 4, 5, 0xb4, 30, 5, 1, 1 }, 8, { 0, END }, 0, 0, 0, 1 },
	{ "exactly the rest is sound", { 2, 4, 5, 0xb4, 30, 4, 1, 1 }, 8, { 0, END }, 0, 0, 0, 0 },
	{ "a kind without its length", { 2, 4, 5, 0xb4, 1, 1, 1, 30 }, 8, { 0, END }, 0, 0, 0, 1 },
	{ "an mss without its length", { 1, 1, 1, 2 }, 4, { END }, 0, 0, 0, 1 },
	{ "an mss of which the value is cut", { 1, 2, 4, 5 }, 4, { END }, 0, 0, 0, 1 },
	{ "md5", { 1, 1, 19, 18, [20] = 2, 4, 5, 0xb4 }, 24, { 20, END }, 0, 1, 0, 0 },
	{ "tcp-ao", { 2, 4, 5, 0xb4, 29, 4, 1, 1 }, 8, { 0, END }, 0, 0, 1, 0 },
	{ "tcp-ao of any length", { 29, 2, 2, 4, 5, 0xb4, 1, 1 }, 8, { 2, END }, 0, 0, 1, 0 },
	{ "a broken tcp-ao is none", { 2, 4, 5, 0xb4, 29, 40, 1, 1 }, 8, { 0, END }, 0, 0, 0, 1 },
	{ "tcp-ao behind the end is none", { 2, 4, 5, 0xb4, 0, 0, 29, 2 }, 8, { 0, END },
	  0, 0, 0, 0 },
	{ "an mss inside of another option", { 253, 8, 2, 4, 5, 0xb4, 1, 1 }, 8, { END },
	  0, 0, 0, 0 },
};

/* The header at the very end of a heap block, so that a sanitizer sees a read behind it. */
static struct tcpopt walk(const uint8_t *options, size_t len)
{
	size_t header_len = TCP_HEADER_MIN + len;
	uint8_t *tcp = malloc(header_len);
	struct tcpopt found;

	assert_non_null(tcp);
	memset(tcp, 0x02, TCP_HEADER_MIN);
	if (len > 0)
		memcpy(tcp + TCP_HEADER_MIN, options, len);
	found = tcpopt_walk(tcp, header_len);
	free(tcp);
	return found;
}

static void test_walk(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tcpopt found = walk(cases[i].options, cases[i].len);
		size_t count = 0;

		while (cases[i].mss[count] != END)
			count++;
		if (found.mss_count != count || found.mss_odd_length != cases[i].odd_length ||
		    found.md5 != cases[i].md5 || found.ao != cases[i].ao ||
		    found.malformed != cases[i].malformed)
			fail_msg("%s: %u MSS, odd %d, md5 %d, ao %d, malformed %d", cases[i].name,
				 found.mss_count, found.mss_odd_length, found.md5, found.ao,
				 found.malformed);
		for (size_t n = 0; n < count; n++) {
			if (found.mss_at[n] != TCP_HEADER_MIN + cases[i].mss[n])
				fail_msg("%s: MSS %zu at %u", cases[i].name, n, found.mss_at[n]);
		}
	}
}

static void test_as_many_as_fit(void **unused)
{
	uint8_t options[40];
	struct tcpopt found;

	(void)unused;
	for (size_t at = 0; at < sizeof(options); at += 4)
		memcpy(options + at, "\x02\x04\x05\xb4", 4);
	found = walk(options, sizeof(options));
	assert_int_equal(found.mss_count, TCPOPT_MSS_MAX);
	assert_int_equal(found.mss_at[TCPOPT_MSS_MAX - 1], TCP_HEADER_MIN + 36);
}

/* Every kind with every length in front of an MSS, in every header length. */
static void test_every_length_of_every_kind(void **unused)
{
	uint8_t options[40];

	(void)unused;
	for (size_t len = 4; len <= sizeof(options); len += 4) {
		for (unsigned int pair = 2 * 256; pair < 65536; pair++) {
			struct tcpopt found;
			bool sound = pair % 256 >= 2 && pair % 256 <= len;

			memset(options, TCPOPT_NOP, sizeof(options));
			options[0] = (uint8_t)(pair / 256);
			options[1] = (uint8_t)(pair % 256);
			found = walk(options, len);
			assert_int_equal(found.malformed, !sound);
			assert_int_equal(found.mss_count, pair == 0x0204);
			assert_int_equal(found.ao, sound && pair / 256 == TCPOPT_AO);
			assert_int_equal(found.md5, sound && pair / 256 == TCPOPT_MD5);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_as_many_as_fit),
		cmocka_unit_test(test_every_length_of_every_kind),
	};

	return cmocka_run_group_tests_name("tcpopt", tests, NULL, NULL);
}
