/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/clamp.h"
#include "core/csum.h"
#include "core/mss.h"
#include "core/wire.h"

#include "clamp_cases.h"

#define PACKET_MAX 256

static const uint32_t limits[FAMILY_COUNT] = { 1300, 1300 };
static const struct clamp_options plain = { 0 };
static const struct clamp_options inserting = { .insert_missing = true };

static size_t headers_of(enum family family)
{
	return family == FAMILY_IPV4 ? IPV4_HEADER_MIN : IPV6_HEADER_LEN;
}

static void put_checksums(uint8_t *packet, enum family family, size_t tcp_len)
{
	size_t ip_len = headers_of(family);
	const uint8_t *ends = packet + (family == FAMILY_IPV4 ? 12 : 8);
	uint32_t sum = csum_add(6 + (uint32_t)tcp_len, ends, family == FAMILY_IPV4 ? 8 : 32);

	if (family == FAMILY_IPV4)
		wire_put16(packet + 10, (uint16_t)~csum_fold(csum_add(0, packet, ip_len)));
	sum = csum_add(sum, packet + ip_len, tcp_len);
	if (tcp_len >= TCP_HEADER_MIN)
		wire_put16(packet + ip_len + 16, (uint16_t)~csum_fold(sum));
}

/* A packet with right checksums. Returns its length. */
static size_t build(uint8_t *packet, enum family family, const struct shape *shape)
{
	size_t ip_len = headers_of(family);
	size_t tcp_len = (size_t)TCP_HEADER_MIN + shape->options_len + shape->data_len;
	uint8_t *tcp = packet + ip_len;

	memset(packet, 0, PACKET_MAX);
	if (family == FAMILY_IPV4) {
		memcpy(packet, "\x45\0\0\0\0\x07\0\0\x40\x06\0\0", 12);
		memcpy(packet + 12, "\xc0\0\x02\x07\xc6\x33\x64\x09", 8);
		wire_put16(packet + 2, (uint16_t)(ip_len + tcp_len));
		wire_put16(packet + 6, shape->fragment);
	} else {
		memcpy(packet, "\x60\0\0\0\0\0\x06\x40\x20\x01\x0d\xb8", 12);
		wire_put16(packet + 4, (uint16_t)tcp_len);
		packet[39] = 9;
	}
	memcpy(tcp, "\x9c\x40\x01\xbb\x01\x02\x03\x04\0\0\0\0\0\0\xfa\xf0", 16);
	tcp[12] = (uint8_t)((shape->offset ? shape->offset : 5 + shape->options_len / 4) << 4);
	tcp[13] = shape->flags ? shape->flags : FLAG_SYN;
	memcpy(tcp + 20, shape->options, shape->options_len);
	memset(tcp + 20 + shape->options_len, 0x02, shape->data_len);
	put_checksums(packet, family, tcp_len);
	return ip_len + tcp_len;
}

/* Runs the core in a heap block of exactly capacity bytes, so that a sanitizer sees every byte read
 * or written behind it; the result comes back in packet. */
static struct clamp_outcome run(uint8_t *packet, size_t len, size_t capacity,
				const uint32_t limit[FAMILY_COUNT],
				const struct clamp_options *options)
{
	uint8_t *buffer = malloc(capacity);
	struct clamp_outcome outcome;

	assert_non_null(buffer);
	memcpy(buffer, packet, len);
	outcome = clamp_packet(buffer, len, capacity, limit, options);
	assert_true(outcome.len == len || outcome.len == len + CLAMP_INSERT_LEN);
	memcpy(packet, buffer, outcome.len);
	free(buffer);
	return outcome;
}

static void check_case(size_t i, enum family family)
{
	uint8_t packet[PACKET_MAX], want[PACKET_MAX];
	size_t len = build(packet, family, &cases[i].shape);
	struct shape after = cases[i].shape;
	struct clamp_outcome outcome;

	if (cases[i].result == SYN_CLAMPED)
		memcpy(after.options, cases[i].after, sizeof(after.options));
	build(want, family, &after);
	outcome = run(packet, len, len, limits, &plain);
	if (outcome.result != cases[i].result)
		fail_msg("%s: %s", cases[i].name, syn_result_name(outcome.result));
	if (outcome.len != len || memcmp(packet, want, len) != 0)
		fail_msg("%s: other bytes than wanted", cases[i].name);
	assert_int_equal(outcome.changed, outcome.result == SYN_CLAMPED);
}

static void check_inserting(size_t i, enum family family)
{
	uint8_t packet[PACKET_MAX], want[PACKET_MAX];
	size_t len = build(packet, family, &cases[i].shape);
	struct shape after = cases[i].shape;
	struct clamp_outcome outcome;

	if (cases[i].inserting == SYN_INSERTED) {
		memmove(after.options + 4, after.options, 36);
		after.options_len += 4;
		memcpy(after.options, family == FAMILY_IPV4 ?
		       (const uint8_t[]){ MSS_536 } : (const uint8_t[]){ MSS_1220 }, 4);
		build(want, family, &after);
	} else {
		memcpy(want, packet, len);
		run(want, len, len, limits, &plain);
	}
	outcome = run(packet, len, PACKET_MAX, limits, &inserting);
	if (outcome.result != cases[i].inserting)
		fail_msg("%s: %s", cases[i].name, syn_result_name(outcome.result));
	if (memcmp(packet, want, outcome.len) != 0)
		fail_msg("%s: other bytes than wanted", cases[i].name);
	assert_int_equal(outcome.len, len + (outcome.result == SYN_INSERTED ? 4 : 0));
}

static void test_table(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check_case(i, FAMILY_IPV4);
		check_case(i, FAMILY_IPV6);
		check_inserting(i, FAMILY_IPV4);
		check_inserting(i, FAMILY_IPV6);
	}
}

static const struct shape syn_1460 = { OPTIONS(MSS_1460) };
static const struct shape syn_bare = { .options_len = 0 };

static void test_fragments_stay(void **unused)
{
	static const uint16_t fields[] = { 0x2000, 0x0001, 0x2001, 0x1fff };
	uint8_t packet[PACKET_MAX], before[PACKET_MAX];

	(void)unused;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct shape shape = syn_1460;
		size_t len;

		shape.fragment = fields[i];
		len = build(packet, FAMILY_IPV4, &shape);
		memcpy(before, packet, len);
		assert_int_equal(run(packet, len, len, limits, &plain).result, SYN_FRAGMENT);
		assert_memory_equal(packet, before, len);
	}
}

static void test_every_truncation_stays(void **unused)
{
	uint8_t packet[PACKET_MAX], before[PACKET_MAX];

	(void)unused;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		size_t whole = build(before, (enum family)family, &syn_1460);

		for (size_t len = 1; len < whole; len++) {
			memcpy(packet, before, len);
			assert_false(run(packet, len, len, limits, &inserting).changed);
			assert_memory_equal(packet, before, len);
		}
	}
}

static void test_a_wrong_checksum_stays_as_wrong(void **unused)
{
	static const uint8_t layouts[][8] = { { MSS_1460, NOPS_4 }, { 1, MSS_1460, 1, 1, 1 } };
	uint8_t packet[PACKET_MAX], want[PACKET_MAX];

	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct shape shape = { .options_len = 8 }, after;

		memcpy(shape.options, layouts[i], 8);
		after = shape;
		after.options[i + 3] = 0x14;
		for (uint32_t error = 0; error < 65535; error += 51) {
			size_t len = build(packet, FAMILY_IPV4, &shape);
			uint8_t *check = packet + 20 + 16;

			build(want, FAMILY_IPV4, &after);
			wire_put16(check, (uint16_t)((wire_get16(check) + error) % 65535));
			run(packet, len, len, limits, &plain);
			assert_int_equal(wire_get16(check),
					 (wire_get16(want + 36) + error) % 65535);
		}
	}
}

static void test_outcome_tells_the_mss(void **unused)
{
	static const struct shape two = { OPTIONS(MSS_8960, MSS_1200) };
	static const struct shape zero = { OPTIONS(MSS_0) };
	uint8_t packet[PACKET_MAX];
	struct clamp_outcome outcome;

	(void)unused;
	outcome = run(packet, build(packet, FAMILY_IPV4, &syn_1460), 44, limits, &plain);
	assert_int_equal(outcome.mss_before, 1460);
	assert_int_equal(outcome.mss_after, 1300);
	assert_true(outcome.has_mss);
	/* Receivers believe the last option, so that is the one told. */
	outcome = run(packet, build(packet, FAMILY_IPV4, &two), 48, limits, &plain);
	assert_int_equal(outcome.result, SYN_CLAMPED);
	assert_int_equal(outcome.mss_before, 1200);
	assert_int_equal(outcome.mss_after, 1200);
	outcome = run(packet, build(packet, FAMILY_IPV4, &zero), 44, limits, &plain);
	assert_int_equal(outcome.mss_before, 0);
	assert_true(outcome.has_mss);
	outcome = run(packet, build(packet, FAMILY_IPV6, &syn_bare), 64, limits, &inserting);
	assert_int_equal(outcome.mss_before, 0);
	assert_int_equal(outcome.mss_after, 1220);
	assert_false(outcome.has_mss);
}

static void test_without_a_limit_nothing_changes(void **unused)
{
	static const uint32_t none[FAMILY_COUNT] = { MSS_NONE, 1300 };
	uint8_t packet[PACKET_MAX], before[PACKET_MAX];
	size_t len = build(packet, FAMILY_IPV4, &syn_1460);

	(void)unused;
	memcpy(before, packet, len);
	assert_int_equal(run(packet, len, len, none, &inserting).result, SYN_NO_LIMIT);
	assert_memory_equal(packet, before, len);
	len = build(packet, FAMILY_IPV4, &syn_bare);
	assert_int_equal(run(packet, len, PACKET_MAX, none, &inserting).result, SYN_NO_MSS);
	len = build(packet, FAMILY_IPV6, &syn_1460);
	assert_int_equal(run(packet, len, len, none, &inserting).result, SYN_CLAMPED);
}

static void test_tcp_ao_on_demand(void **unused)
{
	static const struct clamp_options clamp = { .clamp_tcp_ao = true, .insert_missing = true };
	static const struct shape with = { OPTIONS(MSS_1460, 29, 4, 1, 1) };
	static const struct shape lowered = { OPTIONS(MSS_1300, 29, 4, 1, 1) };
	static const struct shape without = { OPTIONS(29, 4, 1, 1) };
	uint8_t packet[PACKET_MAX], want[PACKET_MAX];
	size_t len = build(packet, FAMILY_IPV4, &with);

	(void)unused;
	build(want, FAMILY_IPV4, &lowered);
	assert_int_equal(run(packet, len, len, limits, &clamp).result, SYN_CLAMPED);
	assert_memory_equal(packet, want, len);
	len = build(packet, FAMILY_IPV4, &without);
	assert_int_equal(run(packet, len, PACKET_MAX, limits, &clamp).result, SYN_NO_MSS);
}

/* Limits: 1300, and none; threshold 500. What a tiny MSS is raised to never is above the limit. */
static void test_low_mss(void **unused)
{
	static const struct {
		const char *name;
		uint32_t limit;
		uint8_t options[8], after[8];
		enum syn_result result;   /* where tiny ones are raised */
		uint32_t mss_after;
	} rows[] = {
		{ "tiny",        1300, { 2, 4, 0, 48 },   { 2, 4, 1, 0xf4 }, SYN_RAISED, 500 },
		{ "one less",    1300, { 2, 4, 1, 0xf3 }, { 2, 4, 1, 0xf4 }, SYN_RAISED, 500 },
		{ "enough",      1300, { 2, 4, 1, 0xf4 }, { 2, 4, 1, 0xf4 }, SYN_ALREADY_SMALL, 500 },
		{ "zero",        1300, { MSS_0 },         { 2, 4, 1, 0xf4 }, SYN_RAISED, 500 },
		{ "large",       1300, { MSS_1460 },      { MSS_1300 },      SYN_CLAMPED, 1300 },
		{ "no limit",    0,    { 2, 4, 0, 48 },   { 2, 4, 1, 0xf4 }, SYN_RAISED, 500 },
		{ "the limit",   300,  { 2, 4, 1, 44 },   { 2, 4, 1, 44 },   SYN_ALREADY_SMALL, 300 },
		{ "below that",  300,  { 2, 4, 1, 43 },   { 2, 4, 1, 44 },   SYN_RAISED, 300 },
		{ "above that",  300,  { 2, 4, 1, 0xf3 }, { 2, 4, 1, 44 },   SYN_CLAMPED, 300 },
		{ "tiny, large", 1300, { 2, 4, 0, 48, MSS_1460 }, { 2, 4, 1, 0xf4, MSS_1300 },
		  SYN_RAISED, 1300 },
		{ "large, tiny", 1300, { MSS_1460, 2, 4, 0, 48 }, { MSS_1300, 2, 4, 1, 0xf4 },
		  SYN_RAISED, 500 },
		{ "tiny, AO",    1300, { 2, 4, 0, 48, 29, 4, 1, 1 }, { 2, 4, 0, 48, 29, 4, 1, 1 },
		  SYN_TCP_AO, 48 },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
			struct clamp_options options = { .low_mss = LOW_MSS_RAISE,
							 .low_mss_below = { 500, 500 } };
			struct shape shape = { .options_len = 8 };
			uint8_t packet[PACKET_MAX], want[PACKET_MAX];
			const uint32_t both[] = { rows[i].limit, rows[i].limit };
			struct clamp_outcome outcome;
			bool tiny = rows[i].result == SYN_RAISED;
			size_t len;

			memcpy(shape.options, rows[i].after, 8);
			build(want, family, &shape);
			memcpy(shape.options, rows[i].options, 8);
			len = build(packet, family, &shape);
			outcome = run(packet, len, len, both, &options);
			if (outcome.result != rows[i].result ||
			    outcome.mss_after != rows[i].mss_after || memcmp(packet, want, len) != 0)
				fail_msg("%s: %s, %u", rows[i].name,
					 syn_result_name(outcome.result), outcome.mss_after);
			assert_false(outcome.drop);
			assert_false(tiny && outcome.nft_alike);
			build(packet, family, &shape);
			options.low_mss = LOW_MSS_DROP;
			outcome = run(packet, len, len, both, &options);
			assert_int_equal(outcome.result, tiny ? SYN_DROPPED : rows[i].result);
			assert_int_equal(outcome.drop, tiny);
			assert_false(tiny && outcome.changed);
			build(packet, family, &shape);
			options.low_mss = LOW_MSS_PASS;
			assert_int_not_equal(run(packet, len, len, both, &options).result,
					     SYN_RAISED);
		}
	}
}

static void test_insert_takes_the_smaller_of_limit_and_default(void **unused)
{
	static const struct { enum family family; uint32_t limit; uint16_t want; } rows[] = {
		{ FAMILY_IPV4, 1300, 536 }, { FAMILY_IPV4, 536, 536 }, { FAMILY_IPV4, 535, 535 },
		{ FAMILY_IPV6, 1300, 1220 }, { FAMILY_IPV6, 1220, 1220 }, { FAMILY_IPV6, 88, 88 },
	};
	uint8_t packet[PACKET_MAX];

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t limit[FAMILY_COUNT] = { rows[i].limit, rows[i].limit };
		size_t len = build(packet, rows[i].family, &syn_bare);

		run(packet, len, PACKET_MAX, limit, &inserting);
		assert_int_equal(wire_get16(packet + len + 2), rows[i].want);
	}
}

static void test_insert_moves_what_lies_behind(void **unused)
{
	uint8_t packet[PACKET_MAX], want[PACKET_MAX];
	static const struct shape after = { OPTIONS(MSS_536) };
	size_t len = build(packet, FAMILY_IPV4, &syn_bare);
	struct clamp_outcome outcome;

	(void)unused;
	build(want, FAMILY_IPV4, &after);
	memcpy(want + len + 4, "padding", 7);
	memcpy(packet + len, "padding", 7);
	outcome = run(packet, len + 7, len + 11, limits, &inserting);
	assert_int_equal(outcome.result, SYN_INSERTED);
	assert_int_equal(outcome.len, len + 11);
	assert_memory_equal(packet, want, outcome.len);
}

static void test_insert_needs_room_in_the_buffer(void **unused)
{
	uint8_t packet[PACKET_MAX];
	size_t len = build(packet, FAMILY_IPV4, &syn_bare);

	(void)unused;
	for (size_t room = 0; room < 6; room++) {
		enum syn_result want = room < 4 ? SYN_NO_MSS : SYN_INSERTED;

		build(packet, FAMILY_IPV4, &syn_bare);
		assert_int_equal(run(packet, len, len + room, limits, &inserting).result, want);
	}
}

static void test_audit_answers_the_same_and_touches_nothing(void **unused)
{
	uint8_t packet[PACKET_MAX], before[PACKET_MAX];

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = build(packet, FAMILY_IPV4, &cases[i].shape);
		struct clamp_outcome audit, real;
		enum syn_result reason;
		enum family family;
		struct syn syn;

		memcpy(before, packet, PACKET_MAX);
		if (!packet_find_syn(packet, len, &family, &syn, &reason))
			continue;
		audit = clamp_audit(&syn, len, PACKET_MAX, 1300, &inserting);
		assert_memory_equal(packet, before, PACKET_MAX);
		assert_false(audit.changed);
		assert_int_equal(audit.len, len);
		real = clamp_syn(&syn, len, PACKET_MAX, 1300, &inserting);
		assert_int_equal(audit.result, real.result);
		assert_int_equal(audit.mss_before, real.mss_before);
		assert_int_equal(audit.mss_after, real.mss_after);
		assert_int_equal(audit.has_mss, real.has_mss);
	}
}

/* The kernel leaves the folded sum of the pseudo header in the field and expects the rest of us. */
/* What nft's "tcp option maxseg size set" does to a SYN (nft_exthdr_tcp_set_eval), told slowly. */
static void lower_as_nft(uint8_t *tcp, size_t header_len, uint16_t limit)
{
	size_t step;

	for (size_t at = TCP_HEADER_MIN; at + 1 < header_len; at += step) {
		uint16_t old;

		step = tcp[at] <= 1 || tcp[at + 1] == 0 ? 1 : tcp[at + 1];
		if (tcp[at] != 2)
			continue;
		if (at + step > header_len || step < 4)
			return;
		old = wire_get16(tcp + at + 2);
		if (old <= limit)
			return;
		wire_put16(tcp + at + 2, limit);
		wire_put16(tcp + 16, csum_update16(wire_get16(tcp + 16), 0, old, limit));
		return;
	}
}

/* What nft is left to do comes out as if it had been done here; what it isn't would not, but for
 * one shape that is not worth the telling. */
static void test_nft_alike(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t packet[PACKET_MAX], by_nft[PACKET_MAX];
		size_t len = build(packet, FAMILY_IPV4, &cases[i].shape);
		struct clamp_outcome outcome;
		enum syn_result reason;
		enum family family;
		struct syn syn;
		bool same;

		memcpy(by_nft, packet, PACKET_MAX);
		if (!packet_find_syn(packet, len, &family, &syn, &reason))
			continue;
		outcome = clamp_syn(&syn, len, PACKET_MAX, 1300, &inserting);
		if (!outcome.changed) {
			assert_false(outcome.nft_alike);
			continue;
		}
		lower_as_nft(by_nft + (syn.tcp - syn.ip), syn.tcp_header_len, 1300);
		same = memcmp(by_nft, packet, outcome.len) == 0;
		if (same != outcome.nft_alike && !strstr(cases[i].name, "behind"))
			fail_msg("%s: nft makes %s of it", cases[i].name,
				 same ? "the same" : "other bytes");
	}
}

/* Which SYNs those are. */
static void test_what_is_left_to_nft(void **unused)
{
	static const struct { const char *name; struct shape shape; bool alike; } rows[] = {
		{ "the MSS alone", { OPTIONS(MSS_1460) }, true },
		{ "at an even place", { OPTIONS(1, 1, MSS_1460, 1, 1) }, true },
		{ "at an odd place", { OPTIONS(1, MSS_1460, 1, 1, 1) }, false },
		{ "the second one small", { OPTIONS(MSS_1460, MSS_1200) }, true },
		{ "the second one large", { OPTIONS(MSS_1460, MSS_1460) }, false },
		{ "the first one small", { OPTIONS(MSS_1200, MSS_1460) }, false },
		{ "behind one of length 6", { OPTIONS(2, 6, 9, 9, 9, 9, MSS_1460, 1, 1) }, false },
		{ "behind one of length 3", { OPTIONS(2, 3, 9, 1, MSS_1460) }, false },
		{ "before the end and another", { OPTIONS(MSS_1460, 0, 0, 0, 0, MSS_1460) }, true },
		{ "before a broken one", { OPTIONS(MSS_1460, 30, 40, 1, 1) }, true },
		{ "none", { .options_len = 0 }, false },
		{ "small enough", { OPTIONS(MSS_1300) }, false },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t packet[PACKET_MAX];
		size_t len = build(packet, FAMILY_IPV6, &rows[i].shape);

		if (run(packet, len, PACKET_MAX, limits, &inserting).nft_alike != rows[i].alike)
			fail_msg("%s", rows[i].name);
	}
}

static void test_unfinished_checksums(void **unused)
{
	static const struct shape odd = { OPTIONS(1, MSS_1460, 1, 1, 1), .data_len = 3 };
	uint8_t packet[PACKET_MAX], want[PACKET_MAX];

	(void)unused;
	for (int family = 0; family < FAMILY_COUNT; family++) {
		size_t len = build(want, (enum family)family, &odd);
		size_t ip_len = headers_of((enum family)family);
		size_t ends_len = family == FAMILY_IPV4 ? 8 : 32;
		enum syn_result reason;
		enum family found;
		uint32_t pseudo;
		struct syn syn;

		memcpy(packet, want, len);
		pseudo = csum_add(6 + (uint32_t)(len - ip_len), packet + ip_len - ends_len,
				  ends_len);
		wire_put16(packet + ip_len + 16, csum_fold(pseudo));
		assert_true(packet_find_syn(packet, len, &found, &syn, &reason));
		clamp_finish_checksum(&syn);
		assert_memory_equal(packet, want, len);
	}
}

static void test_mss_from_mtu(void **unused)
{
	static const struct { enum family family; uint32_t mtu, want; } rows[] = {
		{ FAMILY_IPV4, 1500, 1460 },        { FAMILY_IPV6, 1500, 1440 },
		{ FAMILY_IPV4, 1420, 1380 },        { FAMILY_IPV6, 1420, 1360 },
		{ FAMILY_IPV4, 0, MSS_NONE },       { FAMILY_IPV6, 0, MSS_NONE },
		{ FAMILY_IPV4, 128, MSS_MIN },      { FAMILY_IPV4, 129, 89 },
		{ FAMILY_IPV4, 1, 1 },              { FAMILY_IPV4, 40, 1 },
		{ FAMILY_IPV4, 41, 1 },             { FAMILY_IPV4, 68, 28 },
		{ FAMILY_IPV6, 128, 68 },           { FAMILY_IPV6, 60, 1 },
		{ FAMILY_IPV6, 149, 89 },           { FAMILY_IPV4, 65536, 65496 },
		{ FAMILY_IPV4, 65575, MSS_MAX },    { FAMILY_IPV4, 65576, MSS_MAX },
		{ FAMILY_IPV4, UINT32_MAX, MSS_MAX }, { FAMILY_IPV6, UINT32_MAX, MSS_MAX },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(mss_from_mtu(rows[i].family, rows[i].mtu), rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_fragments_stay),
		cmocka_unit_test(test_every_truncation_stays),
		cmocka_unit_test(test_a_wrong_checksum_stays_as_wrong),
		cmocka_unit_test(test_outcome_tells_the_mss),
		cmocka_unit_test(test_without_a_limit_nothing_changes),
		cmocka_unit_test(test_tcp_ao_on_demand),
		cmocka_unit_test(test_insert_takes_the_smaller_of_limit_and_default),
		cmocka_unit_test(test_insert_moves_what_lies_behind),
		cmocka_unit_test(test_insert_needs_room_in_the_buffer),
		cmocka_unit_test(test_low_mss),
		cmocka_unit_test(test_audit_answers_the_same_and_touches_nothing),
		cmocka_unit_test(test_nft_alike),
		cmocka_unit_test(test_what_is_left_to_nft),
		cmocka_unit_test(test_unfinished_checksums),
		cmocka_unit_test(test_mss_from_mtu),
	};

	return cmocka_run_group_tests_name("clamp", tests, NULL, NULL);
}
