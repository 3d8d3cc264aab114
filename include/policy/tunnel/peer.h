/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The far ends of tunnels as one source tells them. A list is built once by its reader, then only
 * read; whoever keeps it holds a reference. Control thread only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/overhead/encap.h"
#include "policy/prefix/prefix.h"
#include "policy/tunnel/path.h"

#define PEER_LAYERS_MAX 3 /* of an IPsec policy with more transforms the outer ones */

struct peer {
	char *id;      /* stable: WireGuard public key, OpenVPN "common name/peer id", IPsec
			* selector pair, else the endpoint's address; NULL: stands for whoever is
			* not known yet and is not listed */
	char *name;    /* for people, or NULL */
	char *tunnel;  /* "ipsec:203.0.113.7" where no interface leads to it, else NULL */
	uint32_t ifindex; /* the tunnel's link, 0 where no interface leads to it */
	bool has_endpoint;
	uint16_t endpoint_port; /* 0 without */
	bool unproven; /* the endpoint was learned from a packet that nobody authenticated: no probe
			* goes there */
	struct path_question way; /* to the endpoint; without one its oif and mark alone count */
	struct encap layer[PEER_LAYERS_MAX]; /* around its packets, from the wire inwards */
	size_t layer_count;
	struct prefix *allowed; /* addresses behind it */
	size_t allowed_count;
	int64_t handshake;      /* last sign of life, seconds since 1970; 0 never or unknown */

	/* IPsec without interface: a policy. allowed[0] is the selector's remote side. */
	bool selector;
	bool clear;             /* matching packets are not encapsulated (bypass); layers are 0 */
	struct prefix local;    /* the selector's own side */
	uint32_t priority;      /* the smallest that matches wins; of equal ones the first */
	uint32_t mark_value, mark_mask; /* XFRMA_MARK; mask 0: any */
	uint8_t protocol;       /* of the inner packets, IPPROTO_*, 0 any */
	bool narrow;            /* for some ports or one link alone, which nobody here is asked for:
				 * the next policy may take the packet as well. With a link: of
				 * an IPsec policy, whose own side and priority nobody asks for
				 * there: a peer of a wider prefix may take it */
	char *warning;          /* what is odd about this peer, or NULL: "the ends differ: ..." */
};

struct peer_list {
	unsigned int references;
	struct peer *list;
	size_t count, capacity;
};

/* Returns owned with one reference, or NULL. */
struct peer_list *peer_list_new(void);
struct peer_list *peer_list_ref(struct peer_list *peers);
/* NULL is fine. */
void peer_list_unref(struct peer_list *peers);
/* Only while there is one reference. Takes what the peer owns: zeroed behind it. Returns 0, or
 * -ENOMEM with nothing taken. */
int peer_list_append(struct peer_list *peers, struct peer *peer);
/* The end of making a peer: appends it where r is 0, and frees what it owns where r is negative or
 * there is no memory. Returns r or -ENOMEM; peer is zeroed in any case. */
int peer_list_take(struct peer_list *peers, struct peer *peer, int r);
/* Appends a copy of prefix. Returns 0 or -ENOMEM. */
int peer_allow(struct peer *peer, const struct prefix *prefix);
/* Appends 0.0.0.0/0 and ::/0. Returns as above. */
int peer_allow_all(struct peer *peer);
/* Frees what it owns and zeroes it. */
void peer_done(struct peer *peer);
#define ENDPOINT_TEXT_MAX 64 /* "[" address "]:65535" and its end */

/* Writes "192.0.2.7:51820", "[2001:db8::7]:51820", or the address alone where there is no port.
 * Returns text. */
const char *endpoint_format(const struct address *address, uint16_t port,
			    char text[ENDPOINT_TEXT_MAX]);

/* Whether both tell the same; handshake times do not count. */
bool peer_list_equal(const struct peer_list *a, const struct peer_list *b);
/* Whether the same is around the packets of both. */
bool peer_layers_equal(const struct peer *a, const struct peer *b);
/* Takes over the handshake times of a list that is equal otherwise. */
void peer_list_take_handshakes(struct peer_list *peers, const struct peer_list *from);
