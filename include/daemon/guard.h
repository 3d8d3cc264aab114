/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the firewall rules as planned: installs them, hears of changes, repairs what others undo.
 * Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/events.h"
#include "edge/firewall.h"

struct guard;
struct marker;

/* Installs the rules and starts to watch them; events (borrowed) hear of each repair. Logs what
 * went wrong. Returns 0 and the owned guard, or -errno. */
int guard_open(sd_event *event, enum firewall_backend backend, const struct firewall_plan *plan,
	       const struct events *events, struct guard **ret_guard);
/* Stops watching; the rules stay. */
void guard_close(struct guard *guard);

enum firewall_backend guard_backend(const struct guard *guard);
/* As firewall_no_limit. */
const char *guard_no_limit(const struct guard *guard);
const struct firewall_plan *guard_plan(const struct guard *guard);
/* As last seen. */
enum firewall_state guard_state(const struct guard *guard);
/* How often the rules had to be put back. */
uint64_t guard_reinstalled_total(const struct guard *guard);
/* Counts a repair and tells of it: "our rules", or others of ours that stand elsewhere, changed by
 * culprit (NULL: unknown) and mended since begin_ns of CLOCK_BOOTTIME. */
void guard_tell_repaired(struct guard *guard, const char *what, const char *culprit,
			 uint64_t begin_ns);

/* Another plan (hooks, limit per source), put in force at once. Returns 0, or -errno
 * with the old plan kept (of the rules a part may have changed: set the old plan again); *ret_error
 * gets an owned text. */
int guard_set_plan(struct guard *guard, const struct firewall_plan *plan, char **ret_error);

/* Other rules of ours send the SYNs of all hooks from now on, or no more: then those of the plan
 * stand again. Returns 0, or -errno with all as it was; *ret_error as above. */
int guard_set_taken(struct guard *guard, bool taken, char **ret_error);

/* follow is called behind each look at the rules that an event or the time has led to, with who
 * changed them last: "nft, pid 7", or NULL where unknown. */
void guard_follow(struct guard *guard, void (*follow)(void *userdata, const char *culprit),
		  void *userdata);

bool guard_is_taken(const struct guard *guard);
/* The rules of mark mode count as ours from now on, until the next call: borrows the marker (NULL:
 * there are none). */
void guard_set_marker(struct guard *guard, struct marker *marker);

/* Writes those rules as an nft file; nothing without any. */
void guard_print_marks(const struct guard *guard, FILE *out);

/* About once a second: looks at once where those may have changed. */
void guard_tick(struct guard *guard);

/* Looks, with repair also mends and says so. diff as in firewall_check. Without either, what was
 * seen within the last half second is new enough. Returns 0 or -errno, *ret_error as above. */
int guard_check(struct guard *guard, bool repair, FILE *diff, char **ret_error);

/* SYNs counted by the rules, at most half a second ago; changes and repairs of ours forget nothing.
 * Returns 0 or -errno. */
int guard_read_counts(struct guard *guard, struct firewall_counts *ret_counts);

/* What the counters say now is no news. */
void guard_forget_counts(struct guard *guard);

/* SYNs the rules have queued, and those over the limit, since guard_forget_counts: since this
 * daemon started. Returns 0 or -errno. */
int guard_read_new_counts(struct guard *guard, uint64_t *ret_queued, uint64_t *ret_over_limit);
