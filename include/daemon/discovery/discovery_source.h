/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sources behind daemon/discovery/discovery.h: a table with a row for each. */
#pragma once

#include "base/log.h"
#include "daemon/discovery/discovery.h"
#include "daemon/loop.h"
#include "edge/netlink/genl.h"
#include "edge/netlink/nl.h"
#include "edge/peers/facts.h"

/* In the order in which they are asked: what facts tell completes what the kernel does. */
enum source_id {
	SOURCE_FACTS,
	SOURCE_WIREGUARD,
	SOURCE_OVPN,
	SOURCE_L2TP,
	SOURCE_IPSEC,
	SOURCE_PPP,
	SOURCE_FDB,
	SOURCE_COUNT
};

/* What a source is asked about. */
struct source_look {
	const struct link *links;
	size_t link_count;
	const struct config *config;
};

struct source {
	const char *name; /* "WireGuard" */
	/* Opens those of its sockets that are not open; what this kernel does not have is no error.
	 * It is called again where it failed. May be NULL. close is called whatever it returned. */
	int (*open)(struct discovery *discovery);
	void (*close)(struct discovery *discovery);
	/* Appends all its peers. *ret_poll_ns: ask again after that time, 0 (preset): events tell.
	 * Returns 0 or -errno. */
	int (*read)(struct discovery *discovery, const struct source_look *look,
		    struct peer_list *peers, uint64_t *ret_poll_ns);
};

extern const struct source discovery_sources[];
extern const size_t discovery_source_count;

struct source_state {
	bool stale;
	bool closed;         /* could not be opened so far: not asked */
	uint64_t poll_at_ns; /* CLOCK_BOOTTIME, 0: not polled */
	bool failing;        /* that it cannot be read was said */
	struct log_ratelimit failed;
};

/* A socket whose events say that a source is stale. */
struct event_socket {
	struct nl *nl;           /* owned */
	nl_message_fn message;   /* its userdata is the discovery */
	struct loop_io io;
	struct discovery *discovery;
	uint64_t resyncs;
};

/* Families of generic netlink, in the order of discovery->families. */
enum {
	FAMILY_WIREGUARD, FAMILY_AMNEZIAWG, FAMILY_OVPN, FAMILY_OVPN_DCO, FAMILY_L2TP,
	GENL_FAMILIES
};

#define EVENT_SOCKETS_MAX 4

struct discovery {
	sd_event *event; /* borrowed */
	struct facts_starter facts_starter; /* its start is NULL: none */
	void (*on_stale)(void *userdata);
	void *userdata;
	struct peer_list *lists[SOURCE_COUNT];
	struct source_state sources[SOURCE_COUNT];
	struct event_socket sockets[EVENT_SOCKETS_MAX];
	size_t socket_count;
	sd_event_source *poll_source;

	struct nl *genl;    /* questions, shared by WireGuard, OpenVPN, L2TP; NULL without */
	int genl_error;     /* why without, -errno */
	struct nl *genl_events; /* one of sockets */
	struct genl_family families[GENL_FAMILIES];
	bool families_known;
	struct nl *xfrm;    /* questions; NULL where the kernel has no IPsec */
	struct nl *route;   /* questions for what VXLAN learned */
	struct facts_reader *facts; /* NULL only where it could not be made */
	sd_event_source *facts_source;
	bool facts_awaited; /* the first answer was waited for */
};

/* A source has something new: it is asked at the next look. */
void discovery_mark(struct discovery *discovery, enum source_id id);
/* Takes the socket, also where it fails: message is called for each event. Returns 0 or -errno. */
int discovery_watch(struct discovery *discovery, struct nl *nl, nl_message_fn message);

/* Finds the families again where something came or went. Returns 0 or -errno. */
int discovery_find_families(struct discovery *discovery);

/* The rows of the table. */
int source_genl_open(struct discovery *discovery);
void source_genl_close(struct discovery *discovery);
int source_wireguard_read(struct discovery *discovery, const struct source_look *look,
			  struct peer_list *peers, uint64_t *ret_poll_ns);
int source_ovpn_read(struct discovery *discovery, const struct source_look *look,
		     struct peer_list *peers, uint64_t *ret_poll_ns);
int source_l2tp_read(struct discovery *discovery, const struct source_look *look,
		     struct peer_list *peers, uint64_t *ret_poll_ns);
int source_ipsec_open(struct discovery *discovery);
void source_ipsec_close(struct discovery *discovery);
int source_ipsec_read(struct discovery *discovery, const struct source_look *look,
		      struct peer_list *peers, uint64_t *ret_poll_ns);
int source_ppp_read(struct discovery *discovery, const struct source_look *look,
		    struct peer_list *peers, uint64_t *ret_poll_ns);
int source_fdb_open(struct discovery *discovery);
void source_fdb_close(struct discovery *discovery);
int source_fdb_read(struct discovery *discovery, const struct source_look *look,
		    struct peer_list *peers, uint64_t *ret_poll_ns);
int source_facts_open(struct discovery *discovery);
void source_facts_close(struct discovery *discovery);
int source_facts_read(struct discovery *discovery, const struct source_look *look,
		      struct peer_list *peers, uint64_t *ret_poll_ns);

/* Completes peers that the kernel told of by what is known of them: names, iroutes. Returns 0 or
 * -ENOMEM. */
int source_facts_complete(const struct discovery *discovery, const struct source_look *look,
			  struct peer_list *peers);
/* What the pppd of a ppp link was told, borrowed, or NULL. */
const struct facts_ppp *source_facts_find_ppp(const struct discovery *discovery,
					     const char *ifname);
