/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <linux/netfilter.h>
#include <string.h>

#include "edge/queue/queue_way.h"

#include "mark_tables.h"

#define BITS 0x00ff0000

static const struct mark_entry entries[] = { { 1300, 0x00030000 }, { 1400, 0x00010000 } };
static struct mark_table *marks; /* of these */

#define BYTES false, true /* marks, payload */
#define MARKS true, true
#define REFUSED true, false
#define NOTHING false, false
#define IPV4 NFPROTO_IPV4
#define BRIDGE NFPROTO_BRIDGE
#define FORWARD NF_INET_FORWARD
#define OUTPUT NF_INET_LOCAL_OUT
#define INPUT NF_INET_LOCAL_IN

/* A SYN of MSS 1460 that was clamped to `limit`, as nft would have done it or not. */
static const struct {
	const char *name;
	bool marks, payload;
	uint8_t family, hook;
	uint32_t mark, priority, limit;
	bool alike;
	enum syn_result result;
	struct queue_way answer;
	uint32_t after;
} rows[] = {
	{ "bytes",             BYTES, IPV4, FORWARD, 5, 0, 1400, true, SYN_CLAMPED,
	  { .payload = true }, 1400 },
	{ "by a mark",         MARKS, IPV4, FORWARD, 5, 0, 1400, true, SYN_CLAMPED,
	  { .tagged = true, .tag = 0x00010005 }, 1400 },
	{ "input",             MARKS, IPV4, INPUT, 0, 0, 1300, true, SYN_CLAMPED,
	  { .tagged = true, .tag = 0x00030000 }, 1300 },
	{ "a shared mark",     MARKS, IPV4, FORWARD, 0, 0, 1399, true, SYN_CLAMPED,
	  { .tagged = true, .tag = 0x00030000 }, 1300 },
	{ "no mark is small enough", MARKS, IPV4, FORWARD, 0, 0, 1299, true, SYN_CLAMPED,
	  { .payload = true }, 1299 },
	{ "what nft cannot",   MARKS, IPV4, FORWARD, 5, 0, 1400, false, SYN_CLAMPED,
	  { .payload = true }, 1400 },
	{ "output goes by bytes where it can", MARKS, IPV4, OUTPUT, 5, 6, 1400, true, SYN_CLAMPED,
	  { .payload = true }, 1400 },
	{ "and by priority where not", REFUSED, IPV4, OUTPUT, 5, 6, 1400, true, SYN_CLAMPED,
	  { .tagged = true, .on_priority = true, .tag = 0x00010006 }, 1400 },
	{ "refused, what nft cannot", REFUSED, IPV4, FORWARD, 5, 0, 1400, false, SYN_USERNS,
	  { 0 }, 1460 },
	{ "somebody else's bits give way", MARKS, IPV4, FORWARD, 0x12345678, 0, 1400, true,
	  SYN_CLAMPED, { .tagged = true, .tag = 0x12015678 }, 1400 },
	{ "with bytes too",    MARKS, IPV4, FORWARD, 0x12345678, 0, 1400, false, SYN_CLAMPED,
	  { .payload = true, .tagged = true, .tag = 0x12005678 }, 1400 },
	{ "and where nothing can be done", REFUSED, IPV4, INPUT, 0x12345678, 0, 1400, false,
	  SYN_USERNS, { .tagged = true, .tag = 0x12005678 }, 1460 },
	{ "a hook that has no rule of ours", MARKS, IPV4, NF_INET_POST_ROUTING, 5, 0, 1400, true,
	  SYN_CLAMPED, { .payload = true }, 1400 },
	{ "the very bits that are wanted", MARKS, IPV4, FORWARD, 0x00010005, 0, 1400, true,
	  SYN_CLAMPED, { .tag = 0x00010005 }, 1400 },
};

static struct queue_way answer(size_t i, struct clamp_outcome *outcome)
{
	const struct snapshot_mode mode = { .payload = rows[i].payload,
					    .marks = rows[i].marks ? marks : NULL };
	const struct queue_packet packet = {
		.nf_family = rows[i].family, .hook = rows[i].hook, .mark = rows[i].mark,
		.priority = rows[i].priority, .payload_len = 60,
	};

	return queue_way_choose(&mode, &packet, rows[i].limit, outcome);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clamp_outcome outcome = {
			.result = SYN_CLAMPED, .changed = true, .nft_alike = rows[i].alike,
			.mss_before = 1460, .mss_after = rows[i].limit, .has_mss = true, .len = 60,
		};
		struct queue_way got = answer(i, &outcome), want = rows[i].answer;

		if (got.payload != want.payload || got.tagged != want.tagged ||
		    (got.tagged && (got.tag != want.tag || got.on_priority != want.on_priority)))
			fail_msg("%s: payload %d, tagged %d, tag %#x", rows[i].name, got.payload,
				 got.tagged, got.tag);
		if (outcome.result != rows[i].result || outcome.mss_after != rows[i].after)
			fail_msg("%s: %s, MSS %u", rows[i].name, syn_result_name(outcome.result),
				 outcome.mss_after);
		assert_int_equal(outcome.len, 60);
	}
}

/* Whatever the kernel takes back here: nothing has to come back. */
static void test_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clamp_outcome outcome = { .result = SYN_DROPPED, .drop = true, .has_mss = true,
						 .mss_before = 48, .len = 60 };
		struct queue_way got = answer(i, &outcome);

		assert_true(got.drop && !got.payload && !got.tagged);
		assert_int_equal(outcome.result, SYN_DROPPED);
		outcome.drop = false; /* an audit */
		assert_false(answer(i, &outcome).drop);
	}
}

/* What is none of ours is left as it is, but for bits that would be read as a limit. */
static void test_unchanged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct clamp_outcome outcome = { .result = SYN_ALREADY_SMALL, .mss_after = 600 };
		uint32_t tag = rows[i].hook == OUTPUT ? rows[i].priority : rows[i].mark;

		for (int known = 0; known < 2; known++) {
			struct queue_way got = answer(i, known ? &outcome : NULL);

			assert_false(got.payload);
			assert_int_equal(got.tagged, (tag & BITS) != 0);
			assert_true(!got.tagged || got.tag == (tag & ~(uint32_t)BITS));
		}
		assert_int_equal(outcome.mss_after, 600);
	}
}

static void test_what_is_forbidden(void **state)
{
	static const struct {
		bool marks, payload;
		uint8_t family, hook;
		bool truncated;
		enum syn_result result;
	} cases[] = {
		{ BYTES,   IPV4,   FORWARD, false, SYN_UNDECIDED },
		{ BYTES,   IPV4,   FORWARD, true,  SYN_TRUNCATED_COPY },
		{ BYTES,   BRIDGE, FORWARD, false, SYN_BRIDGE },
		{ MARKS,   BRIDGE, FORWARD, false, SYN_BRIDGE },
		{ MARKS,   IPV4,   OUTPUT,  false, SYN_UNDECIDED },
		{ REFUSED, IPV4,   OUTPUT,  false, SYN_UNDECIDED },
		{ REFUSED, IPV4,   INPUT,   true,  SYN_TRUNCATED_COPY },
		{ NOTHING, IPV4,   FORWARD, false, SYN_USERNS },
		{ NOTHING, BRIDGE, FORWARD, true,  SYN_TRUNCATED_COPY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct snapshot_mode mode = { .payload = cases[i].payload,
						    .marks = cases[i].marks ? marks : NULL };
		const struct queue_packet packet = { .nf_family = cases[i].family,
						     .hook = cases[i].hook,
						     .truncated = cases[i].truncated };

		assert_int_equal(queue_way_forbidden(&mode, &packet), cases[i].result);
	}
}

static void test_checks(void **state)
{
	/* ports 0x1234 to 0x5678, offset 6, SYN, MSS 1460 */
	static const uint8_t segment[24] = { 0x12, 0x34, 0x56, 0x78, [12] = 0x60, 0x02,
					     [20] = 2, 4, 0x05, 0xb4 };
	static const uint8_t local[4] = { 127, 0, 0, 1 }, other[4] = { 127, 0, 0, 2 };
	static const struct {
		struct snapshot_check check;
		const uint8_t *source;
		enum family family;
		bool is, lowered;
	} cases[] = {
		{ { 0x5678, 0x1234, 600 }, local, FAMILY_IPV4, true,  true },
		{ { 0x5678, 0x1235, 600 }, local, FAMILY_IPV4, true,  false },
		{ { 0x1234, 0x9999, 600 }, local, FAMILY_IPV4, true,  false }, /* a SYN-ACK */
		{ { 0x5679, 0x1234, 600 }, local, FAMILY_IPV4, false, false },
		{ { 0, 0, 0 },             local, FAMILY_IPV4, false, false },
		{ { 0x5678, 0x1234, 600 }, other, FAMILY_IPV4, false, false },
		{ { 0x5678, 0x1234, 600 }, local, FAMILY_IPV6, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t tcp[sizeof(segment)];
		struct queue_packet packet = { .payload_len = sizeof(tcp) };
		struct queue_way given = { .payload = false };
		const struct syn syn = {
			.family = cases[i].family, .ip = tcp, .ip_len = sizeof(tcp), .tcp = tcp,
			.tcp_header_len = sizeof(tcp), .segment_len = sizeof(tcp),
			.source = cases[i].source, .destination = local,
		};

		memcpy(tcp, segment, sizeof(tcp));
		assert_int_equal(queue_way_check(&cases[i].check, &packet, &syn, &given),
				 cases[i].is);
		assert_int_equal(given.payload, cases[i].lowered);
		assert_int_equal(tcp[22] << 8 | tcp[23], cases[i].lowered ? 600 : 1460);
	}
}

static int set_up(void **state)
{
	(void)state;
	marks = make_marks(BITS, entries, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(marks);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_what_is_forbidden),
		cmocka_unit_test(test_checks),
	};

	return cmocka_run_group_tests_name("queue_way", tests, set_up, tear_down);
}
