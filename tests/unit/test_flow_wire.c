/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces that were captured before they are cut, or after they were joined, as segments. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ctl/trace/flow_wire.h"

/* Pieces one after the other, each with 12 bytes of TCP options; numbers are bytes. */
static const struct {
	const char *name;
	uint16_t own, others; /* MSS as either announced, 0: not captured */
	uint32_t told;        /* payload by ICMP */
	struct {
		uint32_t len, segments, payload, last;
		bool sized;
	} pieces[4];
} cases[] = {
	{ "one segment each", 1460, 1460, 0,
	  { { 1, 1, 1, 1, true }, { 1448, 1, 1448, 1448, true }, { 700, 1, 700, 700, true } } },
	{ "full ones, and then some", 1460, 1460, 0,
	  { { 14480, 10, 1448, 1448, true }, { 3000, 3, 1448, 104, true } } },
	{ "by what the receiver takes, not the sender", 1460, 1300, 0,
	  { { 2576, 2, 1288, 1288, true }, { 1448, 2, 1288, 160, true } } },
	{ "the sender's own link is smaller", 1380, 1460, 0,
	  { { 2736, 2, 1368, 1368, true }, { 1500, 2, 1368, 132, true } } },
	{ "the path is smaller: nobody knows by how much", 1460, 1460, 0,
	  { { 2672, 2, 1448, 1224, false }, { 4008, 3, 1448, 1112, false } } },
	{ "one alone tells", 1460, 1460, 0,
	  { { 1336, 1, 1336, 1336, true }, { 2672, 2, 1336, 1336, true },
	    { 1500, 2, 1336, 164, true } } },
	{ "the end of an answer tells nothing", 1460, 1460, 0,
	  { { 334, 1, 334, 334, true }, { 2672, 2, 1448, 1224, false } } },
	{ "a router told", 1460, 1460, 1348, { { 2696, 2, 1348, 1348, true } } },
	{ "without a handshake, as on Ethernet", 0, 0, 0,
	  { { 2800, 2, 1448, 1352, false }, { 2896, 2, 1448, 1448, true },
	    { 2800, 2, 1448, 1352, true } } },
	{ "jumbo frames", 8960, 8960, 0, { { 8948, 1, 8948, 8948, true } } },
	{ "jumbo frames here alone", 8960, 1460, 0, { { 8688, 6, 1448, 1448, true } } },
};

static void test_pieces(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace_side side = { .has_mss = cases[i].own, .mss = cases[i].own,
					   .mss_left = cases[i].own, .told = cases[i].told };
		struct trace_side other = { .has_mss_left = cases[i].others,
					    .mss_left = cases[i].others };

		for (size_t k = 0; k < 4 && cases[i].pieces[k].len; k++) {
			uint32_t len = cases[i].pieces[k].len;
			struct trace_packet packet = {
				.ip_len = 52 + len,
				.tcp = { .payload_len = len, .header_len = 32 },
			};
			struct side_news news = flow_wire_cut(&side, &other, &packet);

			if (news.segments != cases[i].pieces[k].segments ||
			    news.payload != cases[i].pieces[k].payload ||
			    news.last != cases[i].pieces[k].last ||
			    news.sized != cases[i].pieces[k].sized)
				fail_msg("%s, %u bytes: %u of %u, the last %u, %d", cases[i].name,
					 len, news.segments, news.payload, news.last, news.sized);
			assert_int_equal(news.packet, 52 + news.payload);
		}
	}
}

/* What was sent smaller in the end is sent so from then on. */
static void test_a_floor(void **unused)
{
	struct trace_side side = { .floor_payload = 1000 };
	struct trace_side other = { .has_mss_left = true, .mss_left = 1460 };
	struct trace_packet packet = { .ip_len = 5052,
				       .tcp = { .payload_len = 5000, .header_len = 32 } };
	struct side_news news = flow_wire_cut(&side, &other, &packet);

	(void)unused;
	assert_int_equal(news.segments, 5);
	assert_int_equal(news.payload, 1000);
}

/* Headers that leave no room on Ethernet, and an MSS that options fill. */
static void test_odd_ones(void **unused)
{
	struct trace_side side = { .packets = 0 }, other = { .has_mss_left = true, .mss_left = 12 };
	struct trace_packet packet = { .ip_len = 3000,
				       .tcp = { .payload_len = 1000, .header_len = 32 } };
	struct side_news news = flow_wire_cut(&side, &other, &packet);

	(void)unused;
	assert_int_equal(news.segments, 1);
	assert_int_equal(news.packet, 3000);
	packet.tcp.payload_len = 0;
	assert_int_equal(flow_wire_cut(&side, &other, &packet).segments, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_a_floor),
		cmocka_unit_test(test_odd_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
