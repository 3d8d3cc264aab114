/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>
#include <string.h>

#include "edge/queue/queue_msg.h"

/* queue 5001, id 7, IPv4; in 3, out 9, mark 0x1ff; 20 bytes of payload */
static const uint8_t packet_message[] = {
	0x58, 0, 0, 0, /* length 88 */ 0x00, 0x03, /* NFQNL_MSG_PACKET */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x02, 0x00, 0x13, 0x89, /* AF_INET, version 0, queue 5001 */
	0x0b, 0, 0x01, 0, 0, 0, 0, 7, 0x08, 0x00, 2, 0, /* PACKET_HDR: id 7, IPv4, FORWARD */
	0x08, 0, 0x05, 0, 0, 0, 0, 3, /* IFINDEX_INDEV 3 */
	0x08, 0, 0x06, 0, 0, 0, 0, 9, /* IFINDEX_OUTDEV 9 */
	0x08, 0, 0x03, 0, 0, 0, 1, 0xff, /* MARK 0x1ff */
	0x08, 0, 0x0e, 0, 0, 0, 0, 1, /* SKB_INFO: CSUMNOTREADY */
	0x18, 0, 0x0a, 0, /* PAYLOAD of 20 bytes, always last */
	0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
};

static enum queue_msg_kind parse(const uint8_t *data, size_t len, bool whole,
				 struct queue_packet *packet, struct queue_error *error, size_t *used)
{
	/* exactly as long as said, so that a sanitizer sees each byte read behind it */
	uint8_t *copy = malloc(len ? len : 1);
	enum queue_msg_kind kind;

	memcpy(copy, data, len);
	kind = queue_msg_parse(copy, len, whole, packet, error, used);
	if (kind == QUEUE_MSG_PACKET && packet->payload)
		packet->payload = (uint8_t *)data + (packet->payload - copy);
	free(copy);
	return kind;
}

static void test_packet(void **state)
{
	struct queue_packet packet;
	struct queue_error error;
	size_t used;

	(void)state;
	assert_int_equal(parse(packet_message, sizeof(packet_message), true, &packet, &error, &used),
			 QUEUE_MSG_PACKET);
	assert_int_equal(used, sizeof(packet_message));
	assert_int_equal(be32toh(packet.id_be), 7);
	assert_int_equal(packet.queue, 5001);
	assert_int_equal(packet.nf_family, NFPROTO_IPV4);
	assert_int_equal(packet.in_ifindex, 3);
	assert_int_equal(packet.out_ifindex, 9);
	assert_int_equal(packet.mark, 0x1ff);
	assert_int_equal(packet.hook, NF_INET_FORWARD);
	assert_int_equal(packet.priority, 0);
	assert_int_equal(packet.skb_info, NFQA_SKB_CSUMNOTREADY);
	assert_int_equal(packet.payload_len, 20);
	assert_memory_equal(packet.payload, packet_message + 68, 20);
	assert_false(packet.truncated);
}

/* Whatever is cut off: the id counts as long as it is there, and the copy is never whole. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(packet_message); len++) {
		struct queue_packet packet = { 0 };
		struct queue_error error;
		enum queue_msg_kind kind;
		size_t used;

		kind = parse(packet_message, len, false, &packet, &error, &used);
		/* header 16, nfgenmsg 4, attribute 4 + 7: from 31 bytes on the id is complete */
		assert_int_equal(kind, len >= 31 ? QUEUE_MSG_PACKET : QUEUE_MSG_OTHER);
		if (kind != QUEUE_MSG_PACKET)
			continue;
		assert_int_equal(be32toh(packet.id_be), 7);
		assert_true(packet.truncated);
		assert_true(packet.payload_len <= 20);
	}
}

static void test_cap_len_means_truncated(void **state)
{
	uint8_t message[sizeof(packet_message)];
	struct queue_packet packet;
	struct queue_error error;
	size_t used;

	(void)state;
	memcpy(message, packet_message, sizeof(message));
	message[58] = NFQA_CAP_LEN; /* instead of SKB_INFO */
	assert_int_equal(parse(message, sizeof(message), true, &packet, &error, &used),
			 QUEUE_MSG_PACKET);
	assert_true(packet.truncated);
	assert_int_equal(packet.payload_len, 20);
}

/* Each attribute with each length from 0 to 12: nothing is read behind the message. */
static void test_attribute_lengths(void **state)
{
	static const size_t at[] = { 20, 32, 40, 48, 56, 64 };

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (uint8_t len = 0; len < 13; len++) {
			uint8_t message[sizeof(packet_message)];
			struct queue_packet packet;
			struct queue_error error;
			size_t used;

			memcpy(message, packet_message, sizeof(message));
			message[at[i]] = len;
			parse(message, sizeof(message), true, &packet, &error, &used);
			assert_int_equal(used, sizeof(message));
		}
	}
}

static void test_errors(void **state)
{
	/* NLMSG_ERROR with NETLINK_CAP_ACK: -ENOENT for sequence 0x01020304 */
	static const uint8_t refused[] = {
		36, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xfe, 0xff, 0xff, 0xff, /* -2 */
		32, 0, 0, 0, 1, 3, 1, 0, 4, 3, 2, 1, 0, 0, 0, 0,
	};
	struct queue_packet packet;
	struct queue_error error;
	size_t used;

	(void)state;
	assert_int_equal(parse(refused, sizeof(refused), true, &packet, &error, &used),
			 QUEUE_MSG_ERROR);
	assert_int_equal(error.error, -ENOENT);
	assert_int_equal(error.sequence, 0x01020304);
	for (size_t len = 0; len < sizeof(refused); len++)
		assert_int_equal(parse(refused, len, true, &packet, &error, &used), QUEUE_MSG_OTHER);
}

/* Two messages in one datagram, and lengths that lie. */
static void test_steps(void **state)
{
	uint8_t two[2 * sizeof(packet_message)];
	struct queue_packet packet;
	struct queue_error error;
	size_t used;

	(void)state;
	memcpy(two, packet_message, sizeof(packet_message));
	memcpy(two + sizeof(packet_message), packet_message, sizeof(packet_message));
	assert_int_equal(parse(two, sizeof(two), true, &packet, &error, &used), QUEUE_MSG_PACKET);
	assert_int_equal(used, sizeof(packet_message));
	assert_false(packet.truncated);
	two[0] = 15; /* shorter than a header: no way to step on */
	assert_int_equal(parse(two, sizeof(two), true, &packet, &error, &used), QUEUE_MSG_OTHER);
	assert_int_equal(used, 0);
}

static void test_verdicts(void **state)
{
	/* VERDICT for queue 5001: accept id 7, payload of 5 bytes, padded to 8 */
	static const uint8_t expected[] = {
		44, 0, 0, 0, 1, 3, 1, 0, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0,
		0, 0, 0x13, 0x89,
		12, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 7,
		9, 0, 10, 0, 'h', 'e', 'l', 'l', 'o', 0, 0, 0,
	};
	static const uint8_t batch[] = {
		32, 0, 0, 0, 3, 3, 1, 0, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0,
		0, 0, 0x13, 0x89,
		12, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 7,
	};
	uint8_t out[QUEUE_MSG_VERDICT_MAX + 8];
	size_t len;

	(void)state;
	memset(out, 0, sizeof(out));
	len = queue_msg_put_verdict(out, 5001, htobe32(7), 0x11223344, NF_ACCEPT,
				    (const uint8_t *)"hello", 5);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
	len = queue_msg_put_batch(out, 5001, htobe32(7), 0x11223344, NF_ACCEPT);
	assert_int_equal(len, sizeof(batch));
	assert_memory_equal(out, batch, sizeof(batch));
}

/* An attribute more, behind the payload or in its place. */
static void test_tags(void **state)
{
	/* VERDICT for queue 5001: accept id 7, mark 0x00ff1234 */
	static const uint8_t marked[] = {
		40, 0, 0, 0, 1, 3, 1, 0, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0,
		0, 0, 0x13, 0x89,
		12, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 7,
		8, 0, 3, 0, 0x00, 0xff, 0x12, 0x34, /* NFQA_MARK */
	};
	/* the same with 5 bytes of payload, padded, and priority 0x00010006 */
	static const uint8_t tail[] = {
		9, 0, 10, 0, 'h', 'e', 'l', 'l', 'o', 0, 0, 0,
		8, 0, 21, 0, 0x00, 0x01, 0x00, 0x06, /* NFQA_PRIORITY */
	};
	uint8_t out[QUEUE_MSG_VERDICT_MAX + 8];

	(void)state;
	memset(out, 0, sizeof(out));
	queue_msg_put_verdict(out, 5001, htobe32(7), 0x11223344, NF_ACCEPT, NULL, 0);
	assert_int_equal(queue_msg_add_tag(out, false, 0x00ff1234), sizeof(marked));
	assert_memory_equal(out, marked, sizeof(marked));
	memset(out, 0, sizeof(out));
	queue_msg_put_verdict(out, 5001, htobe32(7), 0x11223344, NF_ACCEPT,
			      (const uint8_t *)"hello", 5);
	assert_int_equal(queue_msg_add_tag(out, true, 0x00010006), 52);
	assert_int_equal(out[0], 52);
	assert_memory_equal(out + 32, tail, sizeof(tail));
}

static void test_priority(void **state)
{
	uint8_t message[sizeof(packet_message)];
	struct queue_packet packet;
	struct queue_error error;
	size_t used;

	(void)state;
	memcpy(message, packet_message, sizeof(message));
	message[50] = 21; /* NFQA_PRIORITY instead of MARK */
	message[30] = NF_INET_LOCAL_OUT;
	assert_int_equal(parse(message, sizeof(message), true, &packet, &error, &used),
			 QUEUE_MSG_PACKET);
	assert_int_equal(packet.priority, 0x1ff);
	assert_int_equal(packet.mark, 0);
	assert_int_equal(packet.hook, NF_INET_LOCAL_OUT);
}

static void test_config(void **state)
{
	/* one message: BIND, COPY_PACKET of 65535, length 16384, FAIL_OPEN out of {FAIL_OPEN, GSO} */
	static const uint8_t bind[] = {
		64, 0, 0, 0, 2, 3, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0x13, 0x89,
		8, 0, 1, 0, 1, 0, 0, 0, /* NFQA_CFG_CMD: BIND */
		9, 0, 2, 0, 0, 0, 0xff, 0xff, 2, 0, 0, 0, /* NFQA_CFG_PARAMS */
		8, 0, 3, 0, 0, 0, 0x40, 0, /* NFQA_CFG_QUEUE_MAXLEN */
		8, 0, 5, 0, 0, 0, 0, 1, /* NFQA_CFG_FLAGS */
		8, 0, 4, 0, 0, 0, 0, 5, /* NFQA_CFG_MASK */
	};
	uint8_t out[QUEUE_MSG_CONFIG_MAX];
	size_t len;

	(void)state;
	memset(out, 0, sizeof(out));
	len = queue_msg_put_bind(out, 5001, 1, 16384);
	assert_int_equal(len, sizeof(bind));
	assert_memory_equal(out, bind, sizeof(bind));
	/* settings alone: no command, no copy mode, but an acknowledgement (NLM_F_ACK is 4) */
	len = queue_msg_put_settings(out, 5001, 1, 16384);
	assert_int_equal(len, sizeof(bind) - 20);
	assert_int_equal(out[6], 5);
	assert_memory_equal(out + 20, bind + 40, 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_cap_len_means_truncated),
		cmocka_unit_test(test_attribute_lengths),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests_name("queue_msg", tests, NULL, NULL);
}
