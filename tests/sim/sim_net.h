/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network that is only reckoned: paths with two ways, routers, firewalls and a clock of its own.
 * Each packet that the plan orders is sent through it, and what comes of it is an event later. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/probe/probe_plan.h"

/* How one path behaves; all may change while it runs. */
struct sim_path {
	uint32_t forth, back;      /* largest packet that passes that way, bytes outside */
	unsigned int loss_forth, loss_back; /* percent */
	uint64_t rtt_ns, spread_ns; /* round trip, and up to so much more at random (reordering) */
	unsigned int late;         /* percent of answers that come 1.2 to 2.2 s later still */
	unsigned int doubled;      /* percent of answers that come twice */
	bool no_ping[PROBE_SIDES], no_udp[PROBE_SIDES];
	bool limited;              /* the far kernel limits ICMP errors: 6, then 1 a second */
	bool fragments;            /* inside: outer packets that are too large come in pieces */
	unsigned int busy;         /* percent of answers: meanwhile a stranger's is put together */
	bool honest;               /* a router tells its MTU */
	uint32_t lie[4];           /* told at random for every probe outside; 0 none */
	unsigned int lies;         /* percent of probes that are lied about */
	bool dead;                 /* nothing passes */
	uint64_t outage_ns;        /* nothing passes for so long, every 2 s */

	uint32_t assumed;          /* by links and routes, bytes; 0: SIM_ASSUMED */
	uint32_t exit;             /* link that it leaves by */
	uint32_t hint;             /* of the kernel */
	uint8_t endpoint;          /* which of its addresses */
	uint32_t runs;             /* for the test to count */
	bool hostless;             /* no address inside is known */
	uint32_t rate_pps;         /* of the plan that measures it, 0: the usual one */
	uint64_t interval_s;       /* likewise */

	/* Kept by the network. */
	uint64_t tokens_ns[PROBE_SIDES], filled_ns[PROBE_SIDES]; /* of the far kernel */
	uint32_t sent;
	uint64_t sent_ns[64];      /* ring, for the budget */
	bool gone;                 /* its target was removed: a probe to it is a fault */
};

struct sim_event;

struct sim_net {
	struct probe_plan *plan;
	struct sim_path *paths;
	size_t count;
	uint64_t now_ns, seed;
	struct sim_event *events;  /* a heap by time */
	size_t event_count, event_capacity;
	uint32_t rate_pps;
	uint64_t interval_ns;
	uint64_t sent_ns[1024];    /* ring */
	uint64_t sent;
	uint64_t reassembled;      /* packets that this host has put together */
	uint64_t muted;            /* answers that the far kernel's limit has cost */
	uint64_t fault_count;      /* what broke a rule: budget, target, size */
	const char *fault;
	uint64_t reports;
	struct probe_report last;  /* sizes and all; target is not to be read later */
};

#define SIM_FLOOR4 576
#define SIM_ASSUMED 1500 /* unless told otherwise */

/* A plan and its network with one target for each path, tunnel and endpoint by the path's index:
 * WireGuard with one address inside. */
void sim_begin(struct sim_net *net, struct sim_path *paths, size_t count, uint64_t interval_ns,
	       uint32_t rate_pps, uint64_t seed);
/* A new plan in the place of the old one, without any target. */
void sim_new_plan(struct sim_net *net);
/* Tells the targets again: those that are not gone, with their hints. */
void sim_update(struct sim_net *net);

uint64_t sim_random(struct sim_net *net, uint64_t below);
bool sim_chance(struct sim_net *net, unsigned int percent);
/* Runs until the plan has nothing to do before `until`. After each finished run `ended` is told. */
void sim_run(struct sim_net *net, uint64_t until_ns,
	     void (*ended)(struct sim_net *net, const struct probe_report *report, void *userdata),
	     void *userdata);
/* What is to be found: of both ways where pings are answered; where the inside alone answers, the
 * smallest size outside that carries as much. */
uint32_t sim_truth(const struct sim_path *path);
/* What is in force of that path: the assumed size where nothing was measured. */
uint32_t sim_in_force(const struct sim_net *net, size_t path);
void sim_done(struct sim_net *net);
