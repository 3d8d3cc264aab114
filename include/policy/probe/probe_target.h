/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may be probed, and how: far ends of tunnels that are configured or authenticated, never an
 * address out of a packet. Made from a tunnel set, then only read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/overhead/encap.h"
#include "policy/prefix/prefix.h"
#include "policy/tunnel/path.h"
#include "policy/tunnel/peer.h"
#include "policy/tunnel/tunnel_set.h"

#define PROBE_INSIDE_MAX 4 /* addresses behind one far end that are tried */

/* An address of one host inside of the tunnel. */
struct probe_inside {
	struct address address;
	bool has_source;
	struct address source; /* has to be sent from this one: IPsec policies */
};

struct probe_target {
	char *tunnel;             /* with peer and endpoint the key: see struct path_measure */
	char *peer;
	char *name;               /* for people, or NULL */
	struct path_question way; /* to the endpoint: destination, source, oif, mark */
	uint16_t endpoint_port;   /* host order, 0 without */
	uint32_t exit_ifindex;    /* link that the outer packets leave by, 0 unknown */
	uint32_t assumed;         /* outer path MTU by links, routes and carriers alone, bytes: the
				   * most that is worth a probe */
	uint32_t hint;            /* PMTU exception of the kernel for the endpoint, bytes as told;
				   * 0: none below assumed */
	uint32_t inside_ifindex;  /* link that inner packets are sent by, 0: as routed */
	struct probe_inside inside[PROBE_INSIDE_MAX];
	size_t inside_count;
	/* From an outer size to the largest packet inside: probe_target_inner. */
	struct encap layer[PEER_LAYERS_MAX];
	size_t layer_count;
	uint32_t extra, link_mtu; /* bytes; link_mtu 0 without interface */
};

struct probe_target_list {
	struct probe_target *list; /* sorted by tunnel, peer (strcmp), endpoint */
	size_t count, capacity;
};

/* An address of the far end as the addresses of a link tell it: the other end of a point to point
 * address, or the other address of a /30, /31, /126 or /127. */
struct probe_neighbour {
	uint32_t ifindex;
	struct address address;
};

struct probe_target_input {
	const struct tunnel_set *set;
	const struct probe_neighbour *neighbours; /* by ifindex */
	size_t neighbour_count;
	const struct address *own; /* this host's, in the order of address_compare */
	size_t own_count;
	/* As of struct tunnel_set_input: the source address towards an inner one. May be NULL. */
	bool (*find_way)(void *userdata, const struct path_question *question,
			 struct path_answer *ret_answer);
	void *userdata;
};

/* Every far end whose endpoint and way are known and whose path sets a limit that nobody has fixed:
 * not where `tunnels` gives path_mtu or over, not inside a TCP stream, not this host. Peers have an
 * id, and an endpoint that is not unproven; a device that has no peers and one far end of its own
 * (GRE, IPIP, VXLAN with a remote) is one with the peer "".
 *
 * Inside are hosts among the prefixes behind a peer, in their order, then neighbours of a link that
 * has one far end; none is this host's own.
 *
 * IPsec policies of one tunnel that lead to one gateway are one target, peer "", whose measure
 * holds for all of them (tunnel_set_peer_measured_as). The first that has an address inside says
 * through which layers, those with the same layers add theirs. Such an address comes with its
 * source, which has to lie on the policy's own side; policies for some protocol or ports alone give
 * none. A gateway that a policy without protocol covers itself (host to host, transport mode) is no
 * target: no probe would go outside.
 *
 * Returns 0 and the list, to be ended by probe_target_list_done, or -ENOMEM. */
int probe_targets_make(const struct probe_target_input *input, struct probe_target_list *ret_list);
void probe_target_list_done(struct probe_target_list *targets);
/* Frees what it owns and zeroes it. */
void probe_target_done(struct probe_target *target);

/* Whether both lead there by the same links, routes and marks; and to the same hosts inside. */
bool probe_target_same_way(const struct probe_target *a, const struct probe_target *b);
bool probe_target_same_inside(const struct probe_target *a, const struct probe_target *b);

/* The largest packet inside of an outer one: bytes, 0 where none fits. Monotone in outer_mtu. */
uint32_t probe_target_inner(const struct probe_target *target, uint32_t outer_mtu);
/* The smallest outer size that carries an inner packet of that size: bytes. 0 where none up to
 * assumed does. */
uint32_t probe_target_outer(const struct probe_target *target, uint32_t inner);
