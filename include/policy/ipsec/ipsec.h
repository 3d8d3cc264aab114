/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPsec as the kernel keeps it (net/xfrm): states that say how packets are wrapped, policies that
 * say which packets are, and the join of both into peers. There are no keys in any of this. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/overhead/encap.h"
#include "policy/prefix/prefix.h"
#include "policy/tunnel/peer.h"
#include "policy/tunnel/tunnel.h"

#define IPSEC_NAME_MAX 64     /* of an algorithm, with its NUL: struct xfrm_algo */
#define IPSEC_TEMPLATES_MAX 6 /* XFRM_MAX_DEPTH */

enum ipsec_mode {
	IPSEC_TRANSPORT,
	IPSEC_TUNNEL,
	IPSEC_BEET,  /* the inner addresses are left out: draft-nikander-esp-beet-mode */
	IPSEC_IPTFS, /* RFC 9347: a stream of fixed packets; Linux 6.14 */
	IPSEC_OTHER_MODE /* of Mobile IPv6 */
};

struct ipsec_mark {
	uint32_t value, mask; /* mask 0: any */
};

/* Which packets: seen from here, local is the source of those that leave. */
struct ipsec_selector {
	struct prefix local, remote; /* of one family */
	uint8_t protocol;            /* IPPROTO_*, 0 any */
	uint16_t local_port, local_port_mask;   /* host order; mask 0: any */
	uint16_t remote_port, remote_port_mask;
	uint32_t ifindex;            /* packets that leave by this link, 0 any */
};

/* A security association (SA) with algorithms; those that are still being negotiated are none. */
struct ipsec_state {
	struct address source, destination; /* of the outer packets */
	uint8_t protocol;         /* IPPROTO_ESP, IPPROTO_AH, IPPROTO_COMP */
	enum ipsec_mode mode;
	uint32_t spi;             /* host order */
	uint32_t reqid, if_id;
	struct ipsec_mark mark;   /* of the policies it serves */
	struct ipsec_mark output_mark; /* put on the outer packets */
	bool has_selector;
	struct ipsec_selector selector; /* packets it serves; valid with has_selector */
	bool inbound;             /* known to be for packets that arrive (Linux 6.10) */
	bool align4;              /* AH of IPv4: padded to 4 bytes, not to 8 */
	bool dying;               /* a soft limit of bytes or packets is reached */
	bool used;                /* a packet has passed */
	enum encap_esp_encap encap;
	bool old_encap;           /* 8 bytes of zeroes behind UDP: the drafts before RFC 3948 */
	uint16_t encap_source_port, encap_destination_port; /* host order */
	uint32_t padding;         /* TFC: small packets are padded to this, bytes; 0 without */
	char aead[IPSEC_NAME_MAX];   /* as the kernel names them, "" without */
	char cipher[IPSEC_NAME_MAX]; /* "" with aead, as is auth */
	char auth[IPSEC_NAME_MAX];
	uint32_t icv_bits;        /* of aead, else of auth as truncated */
	int64_t add_time;         /* installed: seconds since 1970 */
};

struct ipsec_state_list {
	struct ipsec_state *list; /* newest first, as the kernel dumps them */
	size_t count, capacity;
	bool sticky; /* the kernel may stay with a state in use when a newer one fits: Linux 6.13 */
};

/* One transform of a policy. */
struct ipsec_template {
	struct address source, destination; /* of tunnels; all zero: any */
	uint8_t protocol;         /* as in struct ipsec_state */
	enum ipsec_mode mode;
	uint32_t spi;             /* host order, 0 any */
	uint32_t reqid;
	bool optional;            /* packets pass without it where there is no state */
};

/* A policy for packets that leave. */
struct ipsec_policy {
	struct ipsec_selector selector;
	uint32_t priority;        /* the smallest wins, of equal ones the oldest */
	uint32_t index;
	uint32_t if_id;           /* for packets of the xfrm link with this id; 0 for all others */
	struct ipsec_mark mark;
	bool block;               /* such packets are dropped */
	struct ipsec_template templates[IPSEC_TEMPLATES_MAX]; /* from the packet outwards */
	size_t template_count;    /* 0: packets pass as they are */
};

struct ipsec_policy_list {
	struct ipsec_policy *list; /* oldest first */
	size_t count, capacity;
};

void ipsec_state_list_done(struct ipsec_state_list *states);
void ipsec_policy_list_done(struct ipsec_policy_list *policies);
/* Return 0, or -ENOMEM with nothing appended. */
int ipsec_state_list_append(struct ipsec_state_list *states, const struct ipsec_state *state);
int ipsec_policy_list_append(struct ipsec_policy_list *policies,
			     const struct ipsec_policy *policy);

/* Appends a peer for each policy, in their order.
 *
 * id         "10.1.0.0/24 === 10.2.0.0/24", with "[tcp/443]" behind a side and " mark 0x2a/0xff"
 *            where the policy has that; NULL for policies in the clear
 * tunnel     "ipsec:" and the gateway's address, "ipsec:%any" where each packet has its own; NULL
 *            in the clear, and for the policies of an xfrm, vti or vti6 link, which have its
 *            ifindex instead
 * layers     of the states that the kernel would take for the policy now: the newest that fits, or
 *            with sticky the one in use where that adds more. Without one, those of the states for
 *            the way back; without these either, the largest that is common (AES-CBC with
 *            SHA2-512, over UDP), and the warning says so
 * way        to the gateway: the state's outer addresses, ports of NAT traversal and output mark
 * handshake  when the outermost state was installed
 * warning    an unknown algorithm, no state yet, ends that differ, TFC padding
 *
 * No peer: policies that drop packets (nothing passes that had a size), those of a link that is not
 * there, and those in the clear for some ports or one link alone: peers know neither, and what is
 * not in the clear has the smaller limit.
 * Returns 0, or -ENOMEM with nothing appended. */
int ipsec_peers(const struct ipsec_state_list *states, const struct ipsec_policy_list *policies,
		const struct link *links, size_t link_count, struct peer_list *peers);
