/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `doctor` found out about this host before it judges. What is not known says so; checks read
 * this and nothing else. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/doctor/ruleset.h"
#include "ctl/options/ctl.h"
#include "edge/netlink/rtnl.h"

enum doctor_daemon {
	DOCTOR_DAEMON_ANSWERS,
	DOCTOR_DAEMON_ABSENT, /* nobody is there */
	DOCTOR_DAEMON_DENIED, /* we may not ask */
	DOCTOR_DAEMON_SILENT, /* somebody is, and says nothing that helps */
};

/* A SYN of our own over lo. */
enum doctor_syn {
	DOCTOR_SYN_UNKNOWN, /* not sent, or nobody could be asked */
	DOCTOR_SYN_NO_FAMILY,
	DOCTOR_SYN_NO_LOOPBACK, /* it did not get through */
	DOCTOR_SYN_REACHED,
	DOCTOR_SYN_UNSEEN,
	DOCTOR_SYN_CROWDED /* missing, but mssclampd could not show all that it saw meanwhile */
};

/* Where that connection's SYN and SYN-ACK were seen, each by its own ports: a set. */
enum {
	SEEN_SYN_OUTPUT = 1,
	SEEN_SYN_ACK_OUTPUT = 2,
	SEEN_SYN_INPUT = 4,
	SEEN_SYN_ACK_INPUT = 8
};
#define SEEN_OUTPUT (SEEN_SYN_OUTPUT | SEEN_SYN_ACK_OUTPUT)
#define SEEN_INPUT (SEEN_SYN_INPUT | SEEN_SYN_ACK_INPUT)
#define SEEN_SYN (SEEN_SYN_OUTPUT | SEEN_SYN_INPUT)
#define SEEN_SYN_ACK (SEEN_SYN_ACK_OUTPUT | SEEN_SYN_ACK_INPUT)

enum doctor_sysctl {
	SYSCTL_NO_PMTU_DISC,
	SYSCTL_MTU_PROBING,
	SYSCTL_BASE_MSS,
	SYSCTL_TIMESTAMPS,
	SYSCTL_WINDOW_SCALING,
	SYSCTL_SACK,
	SYSCTL_FORWARD_USE_PMTU,
	SYSCTL_MIN_PMTU,
	SYSCTL_RP_FILTER_ALL,
	SYSCTL_BRIDGE_CALL4,
	SYSCTL_BRIDGE_CALL6,
	SYSCTLS
};

enum doctor_counter {
	COUNTER_FRAGMENTS4, /* fragments made */
	COUNTER_FRAGMENTS6,
	COUNTER_REASSEMBLY4, /* packets that could not be put together */
	COUNTER_REASSEMBLY6,
	COUNTER_SEGMENTS,
	COUNTER_RETRANSMITTED,
	COUNTER_SYNS_RETRANSMITTED, /* SYNs and SYN-ACKs among them */
	COUNTER_REVERSE_PATH, /* dropped by rp_filter */
	COUNTERS
};

struct doctor_tunnel {
	char name[64];
	char kind[32];
	uint32_t ifindex;       /* 0 without interface */
	uint32_t interface_mtu; /* bytes, 0 unknown */
	uint32_t inner_mtu;     /* what fits by the path outside: bytes, 0 unknown */
	uint32_t room;          /* what would fit whatever MTU the interface has; 0 unknown */
	size_t peers;           /* known behind it; 0 too where nobody can tell them apart */
	bool unsure;            /* an ICMP message said so, and nobody confirmed it */
	bool measured;          /* the path outside, by probes, or told by the configuration */
	bool routed;            /* routes tell senders of UDP what fits (path.set_route_mtu) */
	json_t *warnings;       /* borrowed from the daemon's answer, NULL without */
};

/* A rule that sends packets to a queue nobody reads, and has no bypass. */
#define DOCTOR_DEAD_QUEUES_MAX 8
struct doctor_dead_queue {
	uint32_t rule, number;
};

struct doctor_facts {
	bool net_admin;         /* this process may read rules and peers */
	bool takes_changes;     /* false: this namespace belongs to a user namespace of its own */
	bool has_ruleset, has_links, has_hints, has_routing_rules, has_tunnels;

	enum doctor_daemon daemon;
	enum doctor_syn syn[FAMILY_COUNT];
	bool hooks_known; /* else rules are the user's, or nobody says which there are */
	unsigned int syn_expected;           /* SEEN_*: by the hooks that there are rules for */
	unsigned int syn_seen[FAMILY_COUNT]; /* SEEN_* */
	bool syn_exact[FAMILY_COUNT]; /* syn_seen says it; else counters moved, by whomever */
	char *daemon_why;       /* owned; why it does not answer */
	int daemon_pid;         /* that runs, and cannot be reached; 0 without */
	const char *daemon_remedy; /* the command against that, NULL unknown */
	json_t *status, *stats, *rules, *tunnel_list; /* owned answers, NULL unknown */
	json_t *stats_later;    /* owned: once more, some seconds behind stats */

	struct ruleset ruleset;
	char *ruleset_why;      /* owned; why there is none, or what is missing of it */
	uint64_t *later;        /* owned: counters of its rules a while later; or NULL */
	struct doctor_dead_queue dead[DOCTOR_DEAD_QUEUES_MAX];
	size_t dead_count;

	struct link_list links;
	int8_t *rp_filter;      /* owned, beside links: -1 unknown */
	uint64_t *received;     /* owned, beside links: packets while we looked; NULL unknown */
	bool *ipv6_behind;      /* owned, beside links: peers have some of IPv6; NULL unknown */
	struct hint_list hints;
	size_t routing_rules;   /* of IPv4 beyond the three that there always are */

	struct doctor_tunnel *tunnels; /* owned */
	size_t tunnel_count;
	char *tunnels_why;      /* owned; why they are not known */

	int64_t sysctl[SYSCTLS]; /* -1 unknown */
	uint64_t before[COUNTERS], after[COUNTERS]; /* SNMP_UNKNOWN */
	double seconds;         /* between the two */
	char release[65];       /* of the kernel, "" unknown */
};

/* Looks at everything; takes a second, as some of it is looked at twice, and some five where SYNs
 * of ours are waited for that do not show. */
void doctor_gather(const struct ctl *ctl, struct doctor_facts *facts);
void doctor_facts_done(struct doctor_facts *facts);

/* Inside of the gathering, in this order. */
void doctor_gather_links(struct doctor_facts *facts);
/* Called twice: counts from the first to the second. */
void doctor_gather_received(struct doctor_facts *facts);
void doctor_gather_daemon(const struct ctl *ctl, struct doctor_facts *facts);
/* Of it, once status and rules are there: connects to itself. */
void doctor_gather_syns(const struct ctl *ctl, struct doctor_facts *facts);
/* SEEN_* that should have been seen and were not; both places of a kind where either would do, as
 * nobody knows the hooks. */
unsigned int doctor_syn_missing(const struct doctor_facts *facts, enum family family);
void doctor_gather_ruleset(const struct ctl *ctl, struct doctor_facts *facts);
void doctor_gather_tunnels(struct doctor_facts *facts);
void doctor_gather_proc(struct doctor_facts *facts);
void doctor_read_counters(uint64_t counters[COUNTERS]);
/* Reads the rules once more, where a counter of them matters and it went fast the first time. */
void doctor_gather_later(const struct ctl *ctl, struct doctor_facts *facts);
