/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many packets a second may be sent: over all paths, on one path, and as the far end's kernel
 * answers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PROBE_RATE_MAX 1000  /* packets a second, all paths */
#define PROBE_PATH_RATE_MAX 32 /* of one path, however large the budget */
#define PROBE_OUT_MAX 128    /* outstanding packets, all paths */

/* Uniform in [0, below), 0 for below 0: for jitter only. */
uint64_t probe_random_below(uint64_t *seed, uint64_t below);

/* At most `rate` in any second: the times of the last ones, and a gap between two. */
struct probe_window {
	uint32_t rate, place;
	uint64_t next_ns;    /* not before */
	uint64_t *sent_ns;   /* `rate` places, a ring; borrowed */
};

/* Where a packet may be sent again: at most now_ns when it may. */
uint64_t probe_window_next_ns(const struct probe_window *window);
/* From when on none of it is used. */
uint64_t probe_window_quiet_ns(const struct probe_window *window);
/* Another rate, at most the places of the ring: what was sent is over first. */
void probe_window_set(struct probe_window *window, uint32_t rate);
void probe_window_take(struct probe_window *window, uint64_t now_ns, uint64_t gap_ns);
/* What was taken last was on the wire by now at the latest: its second begins here, so that no
 * second on the wire has more than `rate`, however long the sending took. */
void probe_window_left(struct probe_window *window, uint64_t now_ns);

/* All paths: the window, and in bursts of at most half of it. */
struct probe_budget {
	struct probe_window window;
	uint64_t tokens_ns;  /* saved up: 1 s / rate each */
	uint64_t filled_ns;  /* as of when */
	uint64_t ring[PROBE_RATE_MAX];
};

/* rate_pps: 1 to PROBE_RATE_MAX. What was sent in the last second counts still. */
void probe_budget_set(struct probe_budget *budget, uint32_t rate_pps);
/* When the next packet may go: now_ns or later. */
uint64_t probe_budget_next_ns(struct probe_budget *budget, uint64_t now_ns);
void probe_budget_take(struct probe_budget *budget, uint64_t now_ns, uint64_t *seed);
/* Packets a second of one path: half of all, at least 2. */
uint32_t probe_path_rate(uint32_t rate_pps);

/* ICMP errors that the far kernel sends to this host (net/ipv4/icmp.c icmpv4_xrlim_allow, the same
 * for IPv6: a burst of 6, then one a second). A packet that is not answered uses none. */
struct probe_answers {
	uint64_t saved_ns;   /* 1 s each */
	uint64_t filled_ns;
};
#define PROBE_ANSWERS_BURST 5 /* one less than the kernel's: packets may come closer together */

/* As of when it was empty, to be kept: full for 0. */
struct probe_answers probe_answers_since(uint64_t empty_ns, uint64_t now_ns);
uint64_t probe_answers_empty_ns(struct probe_answers *answers, uint64_t now_ns);
/* When one more may be asked for, with `out` on the way. */
uint64_t probe_answers_next_ns(struct probe_answers *answers, unsigned int out, uint64_t now_ns);
void probe_answers_take(struct probe_answers *answers, uint64_t now_ns);
