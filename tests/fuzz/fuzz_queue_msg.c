/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of NFQUEUE as they might arrive: cut, lying about lengths, several in one datagram.
 * layer: edge */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "edge/queue/queue_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
	if (!holds)
		abort();
}

static void check_packet(const struct queue_packet *packet, const uint8_t *begin, size_t size)
{
	uint8_t out[QUEUE_MSG_VERDICT_MAX];

	if (packet->payload) {
		require(packet->payload >= begin && packet->payload <= begin + size);
		require(packet->payload_len <= size - (size_t)(packet->payload - begin));
	} else {
		require(packet->payload_len == 0);
	}
	require(queue_msg_put_verdict(out, packet->queue, packet->id_be, packet->id_be, 1, NULL, 0) <=
		sizeof(out));
	require(queue_msg_put_batch(out, packet->queue, packet->id_be, packet->id_be, 1) <= sizeof(out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queue_packet packet;
	struct queue_error error;
	uint8_t *copy, *at;
	size_t left, used;

	if (size < 1)
		return 0;
	left = size - 1;
	copy = malloc(left ? left : 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, left);
	at = copy;
	do {
		switch (queue_msg_parse(at, left, data[0] & 1, &packet, &error, &used)) {
		case QUEUE_MSG_PACKET:
			check_packet(&packet, at, left);
			require((data[0] & 1) || packet.truncated);
			break;
		case QUEUE_MSG_ERROR:
		case QUEUE_MSG_OTHER:
			break;
		}
		require(used <= left);
		at += used;
		left -= used;
	} while (used > 0 && left > 0);
	free(copy);
	return 0;
}
