/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every link and peer that is known, and what each comes to: the path outside, the largest packet
 * inside. Built whole from what the readers told, then only read; a snapshot keeps it.
 *
 * Nested tunnels are resolved from the outside in: the path of a peer is what its endpoint's route
 * allows, and where that leads into another tunnel, what that tunnel carries. A loop is cut. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "policy/tunnel/path.h"
#include "policy/tunnel/path_measure.h"
#include "policy/tunnel/peer.h"
#include "policy/tunnel/selector.h"
#include "policy/tunnel/tunnel.h"

#define PEER_NONE UINT32_MAX

enum path_confidence { CONFIDENCE_ASSUMED, CONFIDENCE_HINT, CONFIDENCE_MEASURED };
/* "assumed", "hint", "measured". */
const char *path_confidence_name(enum path_confidence confidence);

/* What one peer, or one link by itself, comes to. */
struct tunnel_limit {
	uint32_t outer_mtu;       /* path MTU outside, bytes; 0 unknown */
	uint32_t inner_mtu;       /* largest IP packet inside, bytes; 0: nobody knows, no limit */
	uint32_t overhead;        /* headers and trailers, without padding: bytes */
	bool has_outer;           /* outer_family is known */
	enum family outer_family;
	uint32_t assumed_mtu;     /* outer_mtu by links, routes and carriers alone: bytes; 0
				   * unknown, or `tunnels` gives path_mtu */
	uint32_t hint_mtu;        /* what a PMTU exception of the kernel says that is below: bytes
				   * as told, 0 none */
	int64_t measured_ns;      /* CLOCK_BOOTTIME of the measure behind outer_mtu, its own or that
				   * of a tunnel around it; valid with PATH_PROBE */
	enum path_source source;  /* of outer_mtu */
	enum path_confidence confidence;
	enum encap_kind kind;     /* of the innermost layer, as configured or discovered */
	bool carries[FAMILY_COUNT];
};

/* An entry of `tunnels` in the configuration. Texts are borrowed for the build. */
struct tunnel_override {
	const char *match;        /* interface glob or "ipsec:" glob */
	const char *over;         /* interface that carries it, or NULL */
	bool has_encap;           /* kind, cipher or auth were given */
	struct encap encap;
	struct encap esp;         /* in place of encap where that has no kind and the tunnel is ESP
				   * or AH: the same words mean other sizes there */
	uint32_t path_mtu, extra; /* bytes, 0 not given */
};

struct tunnel_set {
	struct link *links;                /* by ifindex */
	struct tunnel_limit *link_limits;  /* beside links: what the link itself comes to */
	size_t link_count;
	struct peer_list **lists;          /* each referenced */
	size_t list_count;
	const struct peer **peers;         /* of all lists, in their order */
	struct tunnel_limit *limits;       /* beside peers */
	size_t peer_count;
	struct selector_table *selectors;  /* of peers that are IPsec policies: places in peers */
	struct tunnel_set_private *private;
};

struct tunnel_set_input {
	const struct link *links;          /* copied */
	size_t link_count;
	struct peer_list *const *lists;    /* referenced */
	size_t list_count;
	const struct tunnel_override *overrides; /* what matters of them is copied */
	size_t override_count;
	const struct path_hint *hints;     /* copied */
	size_t hint_count;
	uint32_t hint_floor;               /* bytes: an unconfirmed hint counts no further down */
	bool hints_need_probe;             /* an unconfirmed hint does not count at all */
	const struct path_measure *measures; /* sorted by path_measure_compare; needed during the
					      * build only */
	size_t measure_count;
	/* The way to an endpoint; false where nobody knows. Called during the build only. */
	bool (*find_way)(void *userdata, const struct path_question *question,
			 struct path_answer *ret_answer);
	void *userdata;
};

/* Returns 0 and the owned set, or -ENOMEM. */
int tunnel_set_build(const struct tunnel_set_input *input, struct tunnel_set **ret_set);
/* NULL is fine. */
void tunnel_set_free(struct tunnel_set *set);

/* The link of an ifindex, or NULL; ret_place (may be NULL) is its place in links. */
const struct link *tunnel_set_find_link(const struct tunnel_set *set, uint32_t ifindex,
					size_t *ret_place);

/* The link that a peer's outer packets leave by: its ifindex, 0 unknown. */
uint32_t tunnel_set_peer_exit(const struct tunnel_set *set, size_t peer);
/* "wg0" or "ipsec:203.0.113.7": what a peer's tunnel is called. */
const char *tunnel_set_peer_tunnel(const struct tunnel_set *set, const struct peer *peer);
/* What measures of its path call a peer: its id. IPsec policies of one tunnel that lead to one
 * gateway share one path and one measure: "". NULL: nobody measures its path. */
const char *tunnel_set_peer_measured_as(const struct peer *peer);

/* Whether an entry of `tunnels` gives a tunnel a path_mtu, an extra or an over. */
bool tunnel_set_is_overridden(const struct tunnel_set *set, const char *tunnel);
/* What an over of `tunnels` names for that tunnel, where it is no link, or the tunnel itself: the
 * route counts then. NULL where all is well. */
const char *tunnel_set_lost_over(const struct tunnel_set *set, const char *tunnel);

/* One line of the story, as explain and calc tell it. */
struct tunnel_step {
	char what[160];
	uint32_t value;     /* bytes that hold behind this step; 0: none */
	const char *source; /* "route", "link", "kernel_hint", "config", ...; NULL */
	int64_t at_ns;      /* CLOCK_BOOTTIME when it was found out, 0 not told */
};

#define TUNNEL_STEPS_MAX 64

struct tunnel_steps {
	struct tunnel_step list[TUNNEL_STEPS_MAX];
	size_t count;
};

/* How a peer's limit, or a link's own one, came about. */
void tunnel_set_explain_peer(const struct tunnel_set *set, uint32_t peer,
			     struct tunnel_steps *ret_steps);
void tunnel_set_explain_link(const struct tunnel_set *set, size_t link_place,
			     struct tunnel_steps *ret_steps);
