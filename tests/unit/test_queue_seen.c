/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker tells of packets while somebody watches, by the worker's own functions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "../lib/queue_message.h"
#include "edge/queue/queue_seen.h"

enum { LAN = 2, WAN = 3 };

static const uint8_t source[] = { 192, 0, 2, 2 }, destination[] = { 198, 51, 100, 2 };

static struct snapshot *make_snapshot(bool audit, bool payload)
{
	static const struct snapshot_link links[] = {
		{ .link = { .ifindex = LAN, .name = "lan", .mtu = 1500 } },
		{ .link = { .ifindex = WAN, .name = "wan", .mtu = 1400 } },
	};
	const struct snapshot_input input = {
		.links = links, .link_count = 2,
		.mode = { .payload = payload, .audit = audit,
			  .clamp = { .insert_missing = true, .low_mss = LOW_MSS_DROP,
				     .low_mss_below = { 100, 100 } } },
	};
	struct snapshot *snapshot = NULL;

	assert_int_equal(snapshot_build(&input, &snapshot), 0);
	return snapshot;
}

/* One packet through a worker that somebody watches; its event into *ret_event. */
static void pass(bool audit, bool payload, const uint8_t *packet, size_t len,
		 struct tap_event *ret_event)
{
	struct queue_config config = {
		.number = 5000, .counters = counters_new(), .tap = tap_new(),
		.slot = slot_new(1, make_snapshot(audit, payload)),
	};
	static uint8_t data[QUEUE_SLOT_LEN];
	struct iovec vector = { data, sizeof(data) };
	struct mmsghdr header = { .msg_hdr = { .msg_iov = &vector, .msg_iovlen = 1 } };
	struct queue_answer answer;
	const struct tap_event *event;

	header.msg_len = (unsigned int)queue_message_put(data, 1, LAN, WAN, packet, len);
	assert_int_equal(queue_answer_init(&answer, &config), 0);
	assert_int_equal(tap_open(config.tap), 0);
	answer.ring = tap_enter(config.tap);
	tap_date(answer.ring, 1000);
	assert_int_equal(queue_answer_messages(&answer, &header, 1), 1);
	tap_leave(config.tap, answer.ring, 1011);
	event = tap_next(config.tap);
	assert_non_null(event);
	*ret_event = *event;
	tap_taken(config.tap);
	assert_null(tap_next(config.tap));
	queue_answer_done(&answer);
	slot_free(config.slot);
	tap_free(config.tap);
	counters_free(config.counters);
}

static size_t make_syn(uint8_t *packet, uint16_t mss, size_t data)
{
	const uint8_t options[] = { 2, 4, (uint8_t)(mss >> 8), (uint8_t)mss };
	size_t len = queue_message_syn(packet, 4, source, destination, options,
				       mss ? sizeof(options) : 0);

	memset(packet + len, 0xdd, data);
	len += data;
	packet[2] = (uint8_t)(len >> 8);
	packet[3] = (uint8_t)len;
	return len;
}

static const struct {
	const char *name;
	uint16_t mss;
	size_t data;
	bool audit, payload;
	enum syn_result result;
	uint32_t after;
	bool changed;
	int longer;
} rows[] = {
	/* name                mss  data  audit  payload result             after changed longer */
	{ "clamped",           1460,   0, false, true,  SYN_CLAMPED,        1360, true,  0 },
	{ "with data",         1460, 600, false, true,  SYN_CLAMPED,        1360, true,  0 },
	{ "small",             1000,   0, false, true,  SYN_ALREADY_SMALL,  1000, false, 0 },
	{ "inserted",             0,   0, false, true,  SYN_INSERTED,        536, true,  4 },
	{ "no room",              0, 600, false, true,  SYN_NO_MSS,            0, false, 0 },
	{ "dropped",             99,   0, false, true,  SYN_DROPPED,           0, false, 0 },
	{ "audit",             1460,   0, true,  true,  SYN_CLAMPED,        1360, false, 0 },
	{ "refused by kernel", 1460,   0, false, false, SYN_USERNS,            0, false, 0 },
};

static void test_rows(void **state)
{
	static uint8_t packet[1000];
	struct tap_event event;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = make_syn(packet, rows[i].mss, rows[i].data), kept;

		print_message("%s\n", rows[i].name);
		pass(rows[i].audit, rows[i].payload, packet, len, &event);
		assert_int_equal(event.outcome.result, rows[i].result);
		assert_int_equal(event.outcome.mss_after, rows[i].after);
		assert_int_equal(event.changed, rows[i].changed);
		assert_int_equal(event.audit, rows[i].audit);
		assert_int_equal(event.before_len, len);
		assert_int_equal(event.after_len, len + (size_t)rows[i].longer);
		kept = len < TAP_BYTES ? len : TAP_BYTES;
		assert_memory_equal(event.before, packet, kept);
		if (rows[i].changed) /* its MSS, where it stands now */
			assert_int_equal(event.after[42] << 8 | event.after[43], rows[i].after);
		assert_true(event.is_syn);
		assert_int_equal(event.tcp_at, 20);
		assert_int_equal(event.in_ifindex, LAN);
		assert_int_equal(event.out_ifindex, WAN);
		assert_int_equal(event.limit.mss, rows[i].payload ? 1360 : 0);
		assert_int_equal(event.took_ns, 11);
	}
}

static void test_what_is_no_syn(void **state)
{
	static uint8_t packet[100];
	struct tap_event event;
	size_t len = make_syn(packet, 1460, 0);

	(void)state;
	packet[6] = 0x20; /* a fragment */
	pass(false, true, packet, len, &event);
	assert_int_equal(event.outcome.result, SYN_FRAGMENT);
	assert_false(event.is_syn || event.tcp_at || event.changed);
	assert_int_equal(event.family, FAMILY_IPV4);
	packet[0] = 0x15;
	pass(false, true, packet, len, &event);
	assert_int_equal(event.outcome.result, SYN_NOT_IP);
	assert_int_equal(event.family, FAMILY_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_what_is_no_syn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
