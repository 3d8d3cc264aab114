/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/queue_message.h"
#include "edge/queue/queue_answer.h"

enum { LAN = 2, WAN = 3, MESSAGES = 16 };

/* A worker without its socket: a link of 1400 bytes behind it, so IPv4 has a limit of 1360. */
struct world {
	struct queue_config config;
	struct queue_answer answer;
	struct mmsghdr headers[MESSAGES];
	struct iovec vectors[MESSAGES];
	uint8_t *slots;
	size_t count;
	char text[512];
};

/* payload: the kernel takes changed packets back. An MSS below 100 is dropped. */
static struct snapshot *make_snapshot(bool payload)
{
	static const struct snapshot_link links[] = {
		{ .link = { .ifindex = LAN, .name = "lan", .mtu = 1500 } },
		{ .link = { .ifindex = WAN, .name = "wan", .mtu = 1400 } },
	};
	const struct snapshot_input input = {
		.links = links, .link_count = 2,
		.mode = { .payload = payload,
			  .clamp = { .insert_missing = true, .low_mss = LOW_MSS_DROP,
				     .low_mss_below = { 100, 100 } } },
	};
	struct snapshot *snapshot = NULL;

	assert_int_equal(snapshot_build(&input, &snapshot), 0);
	return snapshot;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->config = (struct queue_config){
		.number = 5000, .counters = counters_new(),
		.slot = slot_new(1, make_snapshot(true)),
	};
	world->slots = malloc((size_t)MESSAGES * QUEUE_SLOT_LEN);
	assert_int_equal(queue_answer_init(&world->answer, &world->config), 0);
	for (size_t i = 0; i < MESSAGES; i++) {
		world->vectors[i] = (struct iovec){ world->slots + i * QUEUE_SLOT_LEN,
						    QUEUE_SLOT_LEN };
		world->headers[i].msg_hdr.msg_iov = &world->vectors[i];
		world->headers[i].msg_hdr.msg_iovlen = 1;
	}
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	queue_answer_done(&world->answer);
	slot_free(world->config.slot);
	counters_free(world->config.counters);
	free(world->slots);
	free(world);
	return 0;
}

static void receive(struct world *world, const void *message, size_t len)
{
	memcpy(world->slots + world->count * QUEUE_SLOT_LEN, message, len);
	world->headers[world->count].msg_hdr.msg_flags = 0;
	world->headers[world->count++].msg_len = (uint32_t)len;
}

/* A SYN with that MSS, or none, and data behind its header, zeros. */
static void receive_syn(struct world *world, uint32_t id, uint16_t mss, size_t data)
{
	static const uint8_t source[] = { 192, 0, 2, 2 }, destination[] = { 198, 51, 100, 2 };
	const uint8_t options[] = { 2, 4, (uint8_t)(mss >> 8), (uint8_t)mss };
	static uint8_t packet[QUEUE_SLOT_LEN], message[QUEUE_SLOT_LEN];
	size_t len = queue_message_syn(packet, 4, source, destination, options,
				       mss ? sizeof(options) : 0);

	memset(packet + len, 0, data);
	len += data;
	packet[2] = (uint8_t)(len >> 8);
	packet[3] = (uint8_t)len;
	receive(world, message, queue_message_put(message, id, LAN, WAN, packet, len));
}

/* The kernel's answer to a message of ours. */
static void receive_error(struct world *world, int error, uint32_t sequence)
{
	const struct { struct nlmsghdr header; struct nlmsgerr error; } message = {
		.header = { .nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_ERROR },
		.error = { .error = error, .msg = { .nlmsg_seq = sequence } },
	};

	receive(world, &message, sizeof(message));
}

/* Takes what was received; the verdicts as text: "7:1360" payload with that MSS, "..7" all up to
 * that id as they are, "7!" dropped. */
static const char *answer(struct world *world)
{
	const uint8_t *at = world->answer.out;
	size_t used = 0, taken;
	struct nlmsghdr header;
	uint32_t id_be, verdict_be;

	taken = queue_answer_messages(&world->answer, world->headers, world->count);
	assert_int_equal(taken, world->count);
	world->count = 0;
	queue_answer_flush(&world->answer);
	world->text[0] = '\0';
	for (; at < world->answer.out + world->answer.len; at += (header.nlmsg_len + 3) & ~3u) {
		memcpy(&header, at, sizeof(header));
		memcpy(&verdict_be, at + 24, sizeof(verdict_be));
		memcpy(&id_be, at + 28, sizeof(id_be));
		assert_int_equal(header.nlmsg_seq, id_be);
		used += (size_t)snprintf(world->text + used, sizeof(world->text) - used,
					 verdict_be == htonl(NF_DROP) ? "%s%u!" :
					 header.nlmsg_len > 32 ? "%s%u:%u" : "%s..%u",
					 used ? " " : "", ntohl(id_be),
					 header.nlmsg_len > 32 ? at[78] << 8 | at[79] : 0);
	}
	assert_ptr_equal(at, world->answer.out + world->answer.len);
	return world->text;
}

static void test_verdicts_in_order(void **state)
{
	static const struct { const char *name; uint16_t mss[6]; const char *verdicts; } rows[] = {
		{ "nothing",                  { 0 },                  "" },
		{ "one to lower",             { 1460 },               "1:1360" },
		{ "one to let be",            { 1200 },               "..1" },
		{ "a run is one verdict",     { 1200, 1360, 536 },    "..3" },
		{ "a run before",             { 536, 536, 1460 },     "..2 3:1360" },
		{ "a run behind",             { 1460, 536, 536 },     "1:1360 ..3" },
		{ "runs between",             { 1460, 536, 1361, 109 }, "1:1360 ..2 3:1360 ..4" },
		{ "one to drop",              { 99 },                 "1!" },
		{ "one to drop in a run",     { 536, 536, 9, 536 },   "..2 3! ..4" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *world = *state;

		for (size_t n = 0; n < 6 && rows[i].mss[n]; n++)
			receive_syn(world, (uint32_t)n + 1, rows[i].mss[n], 0);
		print_message("%s\n", rows[i].name);
		assert_string_equal(answer(world), rows[i].verdicts);
		queue_answer_sent(&world->answer, true);
	}
}

static const char *answer_two_in_one(struct world *world, uint16_t mss)
{
	uint8_t two[2 * QUEUE_MESSAGE_MAX];
	size_t len;

	receive_syn(world, 1, mss, 0);
	len = world->headers[0].msg_len;
	memcpy(two, world->slots, len);
	receive_syn(world, 2, mss, 0);
	memcpy(two + len, world->slots + QUEUE_SLOT_LEN, len);
	world->count = 0;
	receive(world, two, 2 * len);
	answer(world);
	queue_answer_sent(&world->answer, true);
	return world->text;
}

/* An option is added where the buffer has room behind the packet, not where the next message is. */
static void test_several_messages_of_one_datagram(void **state)
{
	assert_string_equal(answer_two_in_one(*state, 1460), "1:1360 2:1360");
	assert_string_equal(answer_two_in_one(*state, 0), "..1 2:536");
}

/* Each is decided once, in order, also where one datagram has more messages than are read ahead. */
static void test_more_than_are_read_ahead(void **state)
{
	enum { COUNT = 2 * QUEUE_ITEMS + 3 };
	struct world *world = *state;
	static uint8_t all[QUEUE_SLOT_LEN];
	size_t len = 0;

	for (uint32_t id = 1; id <= COUNT; id++) {
		receive_syn(world, id, id % 10 == 0 ? 1460 : 536, 0);
		memcpy(all + len, world->slots, world->headers[0].msg_len);
		len += world->headers[0].msg_len;
		world->count = 0;
	}
	receive(world, all, len);
	receive_syn(world, COUNT + 1, 1460, 0);
	assert_string_equal(answer(world), "..9 10:1360 ..19 20:1360 ..29 30:1360 ..35 36:1360");
	assert_int_equal(counter_read(&world->config.counters->received), COUNT + 1);
	assert_int_equal(counter_read(&world->config.counters->id_gaps), 0);
}

/* A cut copy is never sent back, and neither is anything where the kernel would refuse it. */
static void test_what_may_not_change(void **state)
{
	struct world *world = *state;
	struct counters *counters = world->config.counters;

	receive_syn(world, 1, 1460, 0);
	world->headers[0].msg_len -= 4;
	world->headers[0].msg_hdr.msg_flags = MSG_TRUNC;
	receive_syn(world, 2, 1460, 0);
	world->slots[QUEUE_SLOT_LEN + sizeof(struct nlmsghdr)] = 7; /* NFPROTO_BRIDGE */
	assert_string_equal(answer(world), "..2");
	queue_answer_sent(&world->answer, true);
	assert_int_equal(slot_publish(world->config.slot, make_snapshot(false)), 0);
	receive_syn(world, 3, 1460, 0);
	assert_string_equal(answer(world), "..3");
	assert_int_equal(counter_read(&counters->result[FAMILY_IPV4][SYN_TRUNCATED_COPY]), 1);
	assert_int_equal(counter_read(&counters->result[FAMILY_IPV4][SYN_BRIDGE]), 1);
	assert_int_equal(counter_read(&counters->result[FAMILY_IPV4][SYN_USERNS]), 1);
}

static void test_gaps_are_counted(void **state)
{
	struct world *world = *state;

	receive_syn(world, 10, 536, 0); /* the first id tells of no gap */
	receive_syn(world, 11, 536, 0);
	receive_syn(world, 15, 536, 0);
	assert_string_equal(answer(world), "..15");
	assert_int_equal(counter_read(&world->config.counters->id_gaps), 3);
	assert_int_equal(counter_read(&world->config.counters->last_id), 15);
	assert_int_equal(counter_read(&world->config.counters->received), 3);
}

static void test_errors(void **state)
{
	struct world *world = *state;

	receive_error(world, -ENOENT, 3); /* dropped meanwhile: nothing is left to do */
	assert_string_equal(answer(world), "");
	receive_error(world, -EPERM, htonl(4)); /* waits on: let go by one more verdict, once */
	assert_string_equal(answer(world), "..4");
	queue_answer_sent(&world->answer, true);
	receive_error(world, -EPERM, htonl(4));
	assert_string_equal(answer(world), "");
	assert_int_equal(counter_read(&world->config.counters->verdict_errors), 3);
	assert_int_equal(counter_read(&world->config.counters->verdicts_refused), 2);
	assert_false(world->answer.has_last);
	receive_error(world, -EPERM, QUEUE_SEQUENCE_RESIZE); /* no packet waits for a setting */
	assert_string_equal(answer(world), "");
	assert_int_equal(counter_read(&world->config.counters->verdicts_refused), 3);
	receive_error(world, 0, QUEUE_SEQUENCE_RESIZE);
	answer(world);
	assert_false(world->answer.has_last);
	receive_error(world, 0, QUEUE_SEQUENCE_LAST);
	answer(world);
	assert_true(world->answer.has_last);
}

static void test_what_could_not_be_sent_passes(void **state)
{
	struct world *world = *state;

	receive_syn(world, 1, 1460, 0);
	receive_syn(world, 2, 1460, 0);
	assert_string_equal(answer(world), "1:1360 2:1360");
	queue_answer_sent(&world->answer, false);
	assert_string_equal(answer(world), "..2");
}

static void test_nonsense_is_counted(void **state)
{
	struct world *world = *state;

	receive(world, "no message at all here", 22);
	assert_string_equal(answer(world), "");
	assert_int_equal(counter_read(&world->config.counters->malformed_messages), 1);
}

/* Jumbo SYNs with data: what was taken is sent before the next one, and out is never overrun. */
static void test_full(void **state)
{
	struct world *world = *state;
	size_t taken = 0, rounds = 0;

	for (uint32_t id = 1; id <= 15; id++)
		receive_syn(world, id, 1460, 9000);
	while (taken < 15) {
		taken += queue_answer_messages(&world->answer, &world->headers[taken], 15 - taken);
		queue_answer_flush(&world->answer);
		assert_true(world->answer.len <= QUEUE_OUT_LEN);
		queue_answer_sent(&world->answer, true);
		rounds++;
	}
	assert_int_equal(taken, 15);
	assert_int_equal(rounds, 2); /* 8 of 9,080 bytes are the first to be more than 64 KiB */
	assert_int_equal(counter_read(&world->config.counters->result[FAMILY_IPV4][SYN_CLAMPED]),
			 15);
}

/* Out is nearly full when a datagram comes with more SYNs than are read ahead, each in front of it a
 * packet that is let be: what it becomes at most. */
static void test_full_in_the_middle(void **state)
{
	struct world *world = *state;
	static uint8_t many[QUEUE_SLOT_LEN];
	size_t len = 0, jumbos = 7, taken;
	uint32_t id = 1;

	while (len + 2 * QUEUE_MESSAGE_MAX < sizeof(many)) {
		receive_syn(world, 100 + id, id % 2 ? 536 : 1460, 0);
		memcpy(many + len, world->slots, world->headers[0].msg_len);
		len += world->headers[0].msg_len;
		world->count = 0;
		id++;
	}
	assert_true(id > 4 * QUEUE_ITEMS);
	for (uint32_t i = 1; i <= jumbos; i++)
		receive_syn(world, i, 1460, 9000);
	receive(world, many, len);
	taken = queue_answer_messages(&world->answer, world->headers, world->count);
	assert_int_equal(taken, jumbos + 1);
	queue_answer_flush(&world->answer);
	assert_true(world->answer.len > QUEUE_OUT_FULL);
	assert_true(world->answer.len <= QUEUE_OUT_LEN);
	assert_int_equal(counter_read(&world->config.counters->result[FAMILY_IPV4][SYN_CLAMPED]),
			 jumbos + (id - 1) / 2);
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_verdicts_in_order),
		WORLD_TEST(test_several_messages_of_one_datagram),
		WORLD_TEST(test_more_than_are_read_ahead),
		WORLD_TEST(test_what_may_not_change),
		WORLD_TEST(test_gaps_are_counted),
		WORLD_TEST(test_errors),
		WORLD_TEST(test_what_could_not_be_sent_passes),
		WORLD_TEST(test_nonsense_is_counted),
		WORLD_TEST(test_full),
		WORLD_TEST(test_full_in_the_middle),
	};

	return cmocka_run_group_tests_name("queue_answer", tests, NULL, NULL);
}
