/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections packet by packet; whole ones are in tests/cli/test_pcap.py. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/clock.h"
#include "ctl/trace/flow.h"

#define MS NS_PER_MS
#define FULL 1460

/* One packet: from side 0 or 1, numbers relative to 1000 and 5000. */
struct row {
	unsigned int side;
	unsigned int ms;
	uint8_t flags;
	uint32_t seq, ack, len;
	uint32_t sack[2];
};

static struct trace_packet packet_of(const struct row *row, uint16_t ident)
{
	static const uint32_t base[2] = { 1000, 5000 };
	struct trace_packet packet = {
		.ip_len = 40 + row->len, .outer_len = 40 + row->len, .hop_limit = 64,
		.ident = ident, .is_tcp = true,
		.ends = { .family = FAMILY_IPV4, .source = { 10, 0, 0, (uint8_t)row->side },
			  .destination = { 10, 0, 0, (uint8_t)!row->side },
			  .sport = row->side ? 80 : 999, .dport = row->side ? 999 : 80 },
		.tcp = { .seq = base[row->side] + row->seq, .ack = base[!row->side] + row->ack,
			 .payload_len = row->len, .header_len = 20, .flags = row->flags,
			 .window = 500 },
	};

	if (row->flags & TRACE_SYN) {
		packet.tcp.has_mss = true;
		packet.tcp.mss = FULL;
	}
	if (row->sack[1]) {
		packet.tcp.sack_count = 1;
		packet.tcp.sack[0][0] = base[!row->side] + row->sack[0];
		packet.tcp.sack[0][1] = base[!row->side] + row->sack[1];
	}
	return packet;
}

#define HANDSHAKE \
	{ 0, 0, TRACE_SYN, 0, 0, 0, { 0 } }, { 1, 1, TRACE_SYN | TRACE_ACK, 0, 1, 0, { 0 } }, \
	{ 0, 2, TRACE_ACK, 1, 1, 0, { 0 } }
/* The same, and the SYN is sent at 0 whatever else was. */
#define HANDSHAKE_OF(ms) \
	{ 0, 0, TRACE_SYN, 0, 0, 0, { 0 } }, \
	{ 1, (ms) / 2, TRACE_SYN | TRACE_ACK, 0, 1, 0, { 0 } }, \
	{ 0, ms, TRACE_ACK, 1, 1, 0, { 0 } }
#define DATA(ms, seq, len) { 0, ms, TRACE_ACK, seq, 1, len, { 0 } }
#define ACKED(ms, ack) { 1, ms, TRACE_ACK, 1, ack, 0, { 0 } }
#define SACKED(ms, ack, from, to) { 1, ms, TRACE_ACK, 1, ack, 0, { from, to } }

static const struct {
	const char *name;
	enum flow_verdict verdict;
	enum flow_sign sign;
	unsigned int resent, late;
	struct row rows[16];
} cases[] = {
	{ "a handshake", FLOW_OK, SIGN_NONE, 0, 0, { HANDSHAKE } },
	{ "full segments", FLOW_OK, SIGN_NONE, 0, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(11, 1 + FULL, FULL), ACKED(12, 1 + 2 * FULL) } },
	{ "one lost", FLOW_LOSS, SIGN_NONE, 1, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(300, 1, FULL), ACKED(310, 1 + FULL) } },
	{ "three times, never there", FLOW_BLACK_HOLE, SIGN_SENT_AGAIN, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(300, 1, FULL), DATA(1100, 1, FULL) } },
	{ "in less than a second", FLOW_LOSS, SIGN_NONE, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(300, 1, FULL), DATA(900, 1, FULL) } },
	{ "as much as every path carries", FLOW_STALLED, SIGN_NONE, 2, 0,
	  { HANDSHAKE, DATA(10, 1, 536), DATA(300, 1, 536), DATA(1100, 1, 536) } },
	{ "a byte more", FLOW_BLACK_HOLE, SIGN_SENT_AGAIN, 2, 0,
	  { HANDSHAKE, DATA(10, 1, 537), DATA(300, 1, 537), DATA(1100, 1, 537) } },
	{ "acknowledged at last", FLOW_LOSS, SIGN_NONE, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(300, 1, FULL), DATA(1100, 1, FULL),
	    ACKED(1110, 1 + FULL) } },
	{ "another large one arrives", FLOW_LOSS, SIGN_NONE, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(11, 1 + FULL, FULL),
	    SACKED(20, 1, 1 + FULL, 1 + 2 * FULL), DATA(300, 1, FULL), DATA(1100, 1, FULL) } },
	{ "a small one arrives", FLOW_BLACK_HOLE, SIGN_SENT_AGAIN, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(11, 1 + FULL, 100),
	    SACKED(20, 1, 1 + FULL, 101 + FULL), DATA(300, 1, FULL), DATA(1100, 1, FULL) } },
	{ "a small one arrives, told without SACK", FLOW_BLACK_HOLE, SIGN_SENT_AGAIN, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(11, 1 + FULL, 100), ACKED(20, 1),
	    DATA(300, 1, FULL), DATA(1100, 1, FULL) } },
	{ "a small one and the end arrive, and what follows a reset", FLOW_BLACK_HOLE,
	  SIGN_SENT_AGAIN, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(11, 1 + FULL, 100),
	    { 0, 12, TRACE_FIN | TRACE_ACK, 101 + FULL, 1, 0, { 0 } }, ACKED(20, 1), ACKED(21, 1),
	    DATA(300, 1, FULL), DATA(1100, 1, FULL),
	    { 0, 1200, TRACE_RST | TRACE_ACK, 102 + FULL, 1, 0, { 0 } }, ACKED(1201, 1) } },
	{ "a large one arrives, told without SACK", FLOW_LOSS, SIGN_NONE, 2, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(11, 1 + FULL, FULL), DATA(12, 1 + 2 * FULL, 100),
	    ACKED(20, 1), ACKED(21, 1), DATA(300, 1, FULL), DATA(1100, 1, FULL) } },
	{ "small ones arrive, behind what was acknowledged", FLOW_BLACK_HOLE, SIGN_STOPPED, 4, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(11, 1 + FULL, FULL), DATA(12, 1 + 2 * FULL, 100),
	    ACKED(20, 1 + FULL), ACKED(21, 1 + FULL), DATA(300, 1 + FULL, FULL),
	    DATA(1100, 1 + FULL, FULL), DATA(2100, 1 + FULL, FULL), DATA(4100, 1 + FULL, FULL) } },
	{ "smaller ones arrive", FLOW_BLACK_HOLE, SIGN_SMALLER, 3, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(300, 1, FULL), DATA(1100, 1, FULL),
	    DATA(2000, 1, 1000), ACKED(2010, 1001) } },
	{ "large ones arrive later", FLOW_LOSS, SIGN_NONE, 4, 0,
	  { HANDSHAKE, DATA(10, 1, FULL), DATA(300, 1, FULL), DATA(1100, 1, FULL),
	    DATA(2000, 1, 1000), ACKED(2010, 1001), DATA(2020, 1001, FULL),
	    ACKED(2030, 1001 + FULL) } },
	{ "overtaken", FLOW_REORDERED, SIGN_NONE, 0, 1,
	  { HANDSHAKE, DATA(10, 1 + FULL, FULL), DATA(11, 1, FULL), ACKED(12, 1 + 2 * FULL) } },
	{ "overtaken by less than a round trip", FLOW_REORDERED, SIGN_NONE, 0, 1,
	  { HANDSHAKE_OF(40), DATA(50, 1 + FULL, FULL), DATA(80, 1, FULL),
	    ACKED(90, 1 + 2 * FULL) } },
	{ "asked for and sent again", FLOW_LOSS, SIGN_NONE, 1, 0,
	  { HANDSHAKE_OF(40), DATA(50, 1 + FULL, FULL), DATA(90, 1, FULL),
	    ACKED(95, 1 + 2 * FULL) } },
	{ "a SYN that was sent again tells no round trip", FLOW_LOSS, SIGN_NONE, 2, 0,
	  { { 0, 0, TRACE_SYN, 0, 0, 0, { 0 } }, HANDSHAKE_OF(1000),
	    DATA(1010, 1 + FULL, FULL), DATA(1020, 1, FULL), ACKED(1030, 1 + 2 * FULL) } },
	{ "not captured", FLOW_OK, SIGN_NONE, 0, 0,
	  { HANDSHAKE, DATA(10, 1 + FULL, FULL), ACKED(12, 1 + 2 * FULL) } },
	{ "keep-alives", FLOW_OK, SIGN_NONE, 0, 0,
	  { HANDSHAKE, DATA(10, 1, 100), ACKED(11, 101), DATA(1000, 100, 1), DATA(2000, 100, 1),
	    DATA(3000, 100, 1), DATA(4000, 100, 1) } },
};

static void test_verdicts(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace_flow flow = { .number = 0 };
		struct flow_finding found;
		uint64_t now = 0;

		for (size_t k = 0; k < 16 && (cases[i].rows[k].flags || k == 0); k++) {
			struct trace_packet packet = packet_of(&cases[i].rows[k],
							       (uint16_t)(k + 1));

			now = NS_PER_SECOND + cases[i].rows[k].ms * MS;
			if (k == 0)
				flow_begin(&flow, &packet, 1, now);
			flow_take(&flow, &packet, now);
		}
		found = flow_judge(&flow, now);
		if (found.verdict != cases[i].verdict || found.sign != cases[i].sign)
			fail_msg("%s: %s, sign %d", cases[i].name,
				 flow_verdict_name(found.verdict), (int)found.sign);
		if (flow.side[0].retransmitted != cases[i].resent ||
		    flow.side[0].reordered != cases[i].late)
			fail_msg("%s: %u sent again, %u late", cases[i].name,
				 (unsigned int)flow.side[0].retransmitted,
				 (unsigned int)flow.side[0].reordered);
	}
}

/* Captured before the network card cuts: counted as it is on the wire. */
static void test_offload(void **unused)
{
	static const struct row rows[] = { HANDSHAKE, DATA(10, 1, 20 * FULL) };
	struct trace_flow flow = { .number = 0 };
	struct side_news news = { .packet = 0 };

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trace_packet packet = packet_of(&rows[i], (uint16_t)(i + 1));

		if (i == 0)
			flow_begin(&flow, &packet, 1, 0);
		news = flow_take(&flow, &packet, rows[i].ms * MS);
	}
	assert_int_equal(news.payload, FULL);
	assert_int_equal(news.packet, FULL + 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_offload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
