/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a tunnel set comes to its limits. Shared by the files that make up
 * policy/tunnel/tunnel_set.h.
 *
 * Each peer and each link is resolved once, after what lies outside of it. Explaining goes the same
 * way again with a list of steps to fill, when everything outside is known already. */
#pragma once

#include "policy/prefix/lpm.h"
#include "policy/tunnel/tunnel_set.h"

/* When a peer or link was resolved, in steps of the build's own clock. Who meets one that is open
 * goes in a circle. */
struct resolve_time {
	uint32_t opened, closed; /* 0: not yet */
};

/* What was found out about the way outside while the set was built. */
struct tunnel_way {
	bool known;
	struct path_answer answer; /* what the kernel said, with known */
	bool measured;
	uint32_t measured_mtu;     /* bytes, like the others with measured */
	enum measure_how how;
	int64_t measured_ns;       /* CLOCK_BOOTTIME */
};

/* The way to whoever is not known yet, for packets of one mark. */
struct stranger_ways {
	uint32_t mark;
	struct tunnel_way by_family[FAMILY_COUNT];
	struct stranger_ways *next;
};

/* Peers of one link, by the addresses behind them. */
struct tunnel_lpm {
	bool built;
	struct lpm *lpm[FAMILY_COUNT];
};

/* What an entry of `tunnels` may say of a tunnel. */
enum override_part {
	OVERRIDE_PATH_MTU,
	OVERRIDE_EXTRA,
	OVERRIDE_OVER,
	OVERRIDE_ENCAP,
	OVERRIDE_PARTS
};

/* The entries that hold for one tunnel. Peers of one tunnel mostly come one after the other. */
struct tunnel_matches {
	const char *tunnel; /* its name, by address: it lives as long as the set; NULL: none's */
	const struct tunnel_override *found[OVERRIDE_PARTS]; /* NULL without */
};

struct tunnel_set_private {
	struct tunnel_override *overrides; /* texts owned */
	size_t override_count;
	struct tunnel_matches matches;     /* of the tunnel that was asked for last */
	struct path_hint *hints;           /* by destination */
	size_t hint_count;
	uint32_t hint_floor;
	bool hints_need_probe;
	struct tunnel_way *peer_ways, *link_ways; /* beside peers, links */
	struct stranger_ways *strangers;          /* the default route, for each mark */
	struct resolve_time *peer_times, *link_times; /* likewise */
	uint32_t clock;
	const struct resolve_time *told;          /* of what is being explained, or NULL */
	uint32_t *peers_by_link;                  /* places of peers, link by link */
	size_t *first_by_link;                    /* where each link's begin; one more at the end */
	struct tunnel_lpm *lpms;                  /* beside links */
	int error;                                /* -ENOMEM once something could not be kept */
	/* During the build only. */
	const struct path_measure *measures;      /* sorted, borrowed */
	size_t measure_count;
	bool (*find_way)(void *userdata, const struct path_question *question,
			 struct path_answer *ret_answer);
	void *userdata;
};

/* Whether one is being resolved, or was so when what is explained now met it. */
static inline bool tunnel_is_open(const struct tunnel_set *set, const struct resolve_time *time)
{
	const struct resolve_time *told = set->private->told;

	if (!told)
		return time->opened && !time->closed;
	return time == told || (time->opened < told->opened && told->closed < time->closed);
}

/* Resolves one, unless that is done already. steps, where given, gets the story. */
void tunnel_resolve_peer(struct tunnel_set *set, size_t peer, struct tunnel_steps *steps);
void tunnel_resolve_link(struct tunnel_set *set, size_t link, struct tunnel_steps *steps);

/* The path outside of one tunnel. */
struct tunnel_outer {
	uint32_t mtu;     /* largest outer packet, bytes; 0 unknown */
	uint32_t extra;   /* of it, what obfuscation takes (tunnels.extra): bytes */
	enum path_source source;
	enum path_confidence confidence;
	bool has_family;  /* false below IP: PPPoE, MACsec */
	enum family family;
	uint32_t assumed; /* mtu by links, routes and carriers alone, bytes; 0 unknown */
	uint32_t hint;    /* what an exception of the kernel says that is below: bytes, 0 none */
	int64_t measured_ns; /* with PATH_PROBE */
};

/* Lowers mtu to what somebody says, which is not sure at all. Returns whether it was more or
 * unknown. */
bool tunnel_outer_lower(struct tunnel_outer *outer, uint32_t mtu, enum path_source source);

struct tunnel_path_question {
	const char *tunnel;      /* name that overrides match */
	bool has_endpoint;
	enum family family;      /* of the outer packets where there is no endpoint */
	uint16_t endpoint_port;
	const struct path_question *way; /* without endpoint: its oif (0 any), else its mark */
	struct tunnel_way *found;        /* filled once during the build */
	const char *measured_as;         /* the peer in measures of its path; NULL: without */
	bool under_ipsec;        /* policies of the kernel may cover its outer packets */
};

/* Whether there is a way to strangers of that family for packets of that mark. */
bool tunnel_reaches_anywhere(struct tunnel_set *set, enum family family, uint32_t mark);

struct tunnel_outer tunnel_resolve_path(struct tunnel_set *set,
					const struct tunnel_path_question *question,
					struct tunnel_steps *steps);

/* What is measured of the path stands above what links, routes and carriers promise; without that,
 * what the kernel was told stands against it. */
void tunnel_weigh_evidence(struct tunnel_set *set, const struct tunnel_path_question *question,
			   struct tunnel_outer *outer, struct tunnel_steps *steps);

/* Whether a device tells one far end of its own, and the way there. */
static inline bool tunnel_device_has_end(const struct link *link)
{
	return link->encap.kind != ENCAP_NONE && link->has_remote;
}
struct path_question tunnel_device_way(const struct link *link);

/* What is left of the path inside of the layers, which stand from the wire inwards; link_mtu is
 * that of the tunnel's own link, 0 without. inner_mtu 1: nothing fits. */
struct tunnel_limit tunnel_apply_layers(const struct tunnel_outer *outer,
					const struct encap *layers, size_t count,
					uint32_t link_mtu, struct tunnel_steps *steps);
/* The layers that count for a tunnel: the configuration may know better about the innermost. count
 * is at most PEER_LAYERS_MAX. */
void tunnel_layers_in_force(struct tunnel_set *set, const char *tunnel,
			    const struct encap *discovered, size_t count,
			    struct encap ret_layers[PEER_LAYERS_MAX]);
/* The one after the other. */
struct tunnel_limit tunnel_take_layers(struct tunnel_set *set, const char *tunnel,
				       const struct tunnel_outer *outer, const struct encap *layers,
				       size_t count, uint32_t link_mtu, struct tunnel_steps *steps);

/* The first override for that tunnel that says something of that part, or NULL. tunnel is a name
 * that the set holds. */
const struct tunnel_override *tunnel_find_override(struct tunnel_set *set, const char *tunnel,
						   enum override_part part);

/* Adds a line; steps may be NULL, and what has no room is left out. Returns the line, or NULL. */
struct tunnel_step *tunnel_step_add(struct tunnel_steps *steps, uint32_t value,
				    const char *source, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The peer of a link behind which an address (of family) lies, or PEER_NONE. */
uint32_t tunnel_find_peer(struct tunnel_set *set, size_t link, enum family family,
			  const uint8_t *address);
