/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NFQUEUE messages: bytes <-> packet, verdict, configuration. Pure: no socket, no allocation.
 * Follows net/netfilter/nfnetlink_queue.c and linux/netfilter/nfnetlink_queue.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One queued packet, pointing into the message it was read from. */
struct queue_packet {
	uint32_t id_be;      /* network order, as the verdict wants it back */
	uint16_t queue;
	uint8_t nf_family;   /* NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_BRIDGE */
	uint8_t hook;        /* NF_INET_FORWARD and so on; of bridges NF_BR_*, the same numbers */
	uint32_t in_ifindex, out_ifindex; /* 0 without */
	uint32_t mark;       /* of the SYN */
	uint32_t priority;   /* of the SYN; 0 also from kernels before 5.18, which do not tell */
	uint32_t skb_info;   /* NFQA_SKB_* bits */
	uint8_t *payload;    /* IP packet; NULL where the message carries none */
	size_t payload_len;  /* bytes that are in the message */
	bool truncated;      /* the copy is not the whole packet: never send it back */
};

enum queue_msg_kind {
	QUEUE_MSG_PACKET, /* the packet was filled in; else what is in it means nothing */
	QUEUE_MSG_ERROR,  /* the kernel's answer to a verdict or a configuration */
	QUEUE_MSG_OTHER,  /* not for us, or too malformed to have an id */
};

struct queue_error {
	int error;         /* -errno, 0 for an acknowledgement */
	uint32_t sequence; /* nlmsg_seq of the message it answers */
};

/* Reads the message at data; len bytes were received, whole tells whether the kernel had no more
 * (MSG_TRUNC clear). *ret_used is how far to step for the next message (0: stop). */
enum queue_msg_kind queue_msg_parse(uint8_t *data, size_t len, bool whole,
				    struct queue_packet *ret_packet, struct queue_error *ret_error,
				    size_t *ret_used);

/* Bytes a verdict message needs at most, payload excluded. */
#define QUEUE_MSG_VERDICT_MAX 64

/* Append one message at `at` and return its length in bytes (a multiple of 4). sequence comes back
 * in the kernel's error answer. verdict is NF_ACCEPT or NF_DROP. */
size_t queue_msg_put_verdict(uint8_t *at, uint16_t queue, uint32_t id_be, uint32_t sequence,
			     uint32_t verdict, const uint8_t *payload, size_t payload_len);
/* Gives the packet of the verdict at `at` another mark or, where on_priority, another priority
 * (kernels before 5.18 leave that as it was). Returns the new length. */
size_t queue_msg_add_tag(uint8_t *at, bool on_priority, uint32_t tag);
/* One verdict for all packets up to and with that id. */
size_t queue_msg_put_batch(uint8_t *at, uint16_t queue, uint32_t id_be, uint32_t sequence,
			   uint32_t verdict);

/* Room for any configuration message. */
#define QUEUE_MSG_CONFIG_MAX 128

/* One message that binds, sets the copy mode, the length and the flags at once: a queue that is
 * bound without a copy mode drops packets. What finds no room in it passes (fail-open): with
 * max_packets 0 (NFQA_CFG_QUEUE_MAXLEN) that is everything. Asks for no acknowledgement, so that
 * nothing but an error and packets can follow; an error is there when send returns. Returns its
 * length. */
size_t queue_msg_put_bind(uint8_t *at, uint16_t queue, uint32_t sequence, uint32_t max_packets);
/* Length and flags alone, of a queue that is bound. Asks for an acknowledgement. */
size_t queue_msg_put_settings(uint8_t *at, uint16_t queue, uint32_t sequence,
			      uint32_t max_packets);
