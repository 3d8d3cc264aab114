/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of probes and of what is heard of them. Pure.
 *
 * Ping sockets give and take ICMP messages without the IP header (net/ipv4/ping.c). The error queue
 * gives what an ICMP error quotes, from the ICMP header on for those and from behind the UDP header
 * on for UDP, and as a control message what the error says (ip(7), ipv6(7)). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "edge/probe/probe.h"

#define PROBE_MSG_MAX 65535 /* bytes: no IP packet without a jumbo option is longer */

/* A probe that an answer is awaited of. */
struct probe_awaited {
	uint64_t id;
	uint64_t reassembled;         /* by this host until then, SNMP_UNKNOWN */
	struct address destination;
	uint32_t size;                /* of the whole IP packet, bytes */
	uint16_t number;              /* echo sequence number or UDP destination port, host order */
	bool udp;
	bool told;                    /* somebody has named its number without the nonce */
	bool refused;                 /* an error has quoted its nonce */
	uint8_t nonce[PROBE_NONCE_MAX];
};

/* What was received, as far as its own bytes tell. */
struct probe_message {
	enum family family;
	bool udp;
	bool error;           /* an ICMP error, else an echo reply */
	uint8_t type, code;   /* of ICMP or ICMPv6 */
	bool has_number;
	uint16_t number;      /* as above: its own, or of the packet it quotes */
	uint32_t mtu;         /* error: as told, bytes; means something for "too big" alone */
	uint32_t size;        /* reply: of the whole IP packet, bytes */
	struct address from;  /* who sent it */
	struct address to;    /* error: where the packet it quotes went */
	const uint8_t *nonce; /* as much of it as there is; borrowed */
	size_t nonce_len;     /* bytes, up to PROBE_NONCE_MAX */
};

/* Writes what is to be given to sendmsg for that probe: echo header (the kernel fills in identifier
 * and checksum), nonce, filler that no compression makes smaller. The size is at least
 * PROBE_SIZE_MIN of the family and at most PROBE_MSG_MAX. Returns its length, bytes. */
size_t probe_msg_build(const struct probe_awaited *probe, uint8_t ret_bytes[PROBE_MSG_MAX]);

/* Read what recvmsg gave: name, control messages and the first len bytes of the only buffer, of
 * which ret_message borrows. Return 0, -ENOENT (nothing that tells how a probe fared: another
 * message, an error of this host's own sending, a redirect), or -EBADMSG. */
int probe_msg_read_reply(enum family family, bool udp, const struct msghdr *received, size_t len,
			 struct probe_message *ret_message);
int probe_msg_read_error(enum family family, bool udp, const struct msghdr *received, size_t len,
			 struct probe_message *ret_message);

/* Pure: whether an error was left by this host's own kernel, which did not send a packet because it
 * was too large (ip_local_error, ipv6_local_error): no ICMP message can say that. */
bool probe_msg_is_refusal(enum family family, const struct msghdr *received);

enum probe_fit {
	PROBE_FIT_NONE,   /* it is of another probe, or forged */
	PROBE_FIT_NUMBER, /* a time exceeded that names the number and quotes no nonce */
	PROBE_FIT_NONCE,  /* its sender has seen the probe */
};
/* Whether a message is about that probe. Writes the kind only where it is. */
enum probe_fit probe_msg_judge(const struct probe_awaited *probe,
			       const struct probe_message *message,
			       enum probe_heard_kind *ret_kind);
