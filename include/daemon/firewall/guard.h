/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the firewall rules as planned: installs them, hears of changes, repairs what others undo.
 * Control thread only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/events/events.h"
#include "edge/firewall/firewall.h"

struct fallback;
struct guard;
struct marker;

/* Installs the rules and starts to watch them; events (borrowed) hear of each repair. Logs what
 * went wrong. Returns 0, or -errno. The guard is owned either way, NULL only without memory: what
 * it made before it failed is removed by guard_close. */
int guard_open(sd_event *event, enum firewall_backend backend,
	       const struct iptables_runner *runner, const struct firewall_plan *plan,
	       const struct events *events, struct guard **ret_guard);
/* Stops watching; the rules stay, behind guard_keep. Before it those go that were not there when it
 * was opened: of a start that failed nothing is left. */
void guard_close(struct guard *guard);
void guard_keep(struct guard *guard);

enum firewall_backend guard_backend(const struct guard *guard);
/* As firewall_no_limit. */
const char *guard_no_limit(const struct guard *guard);
const struct firewall_plan *guard_plan(const struct guard *guard);
/* As last seen. */
enum firewall_state guard_state(const struct guard *guard);
/* As firewall_taken_before, as last seen. */
const char *guard_taken_before(const struct guard *guard, size_t i);
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
 * stand again. Returns 0, or -errno as above. */
int guard_set_taken(struct guard *guard, bool taken, char **ret_error);

/* follow is called behind each look at the rules that an event or the time has led to, with who
 * changed them last: "nft, pid 7", or NULL where unknown. */
void guard_follow(struct guard *guard, void (*follow)(void *userdata, const char *culprit),
		  void *userdata);

bool guard_is_taken(const struct guard *guard);
/* The rules of mark mode count as ours from now on, until the next call: borrows the marker (NULL:
 * there are none). */
void guard_set_marker(struct guard *guard, struct marker *marker);

/* The same of the dead-man switch. */
void guard_set_fallback(struct guard *guard, struct fallback *fallback);

/* Writes those rules as an nft file; nothing without any. */
void guard_print_others(const struct guard *guard, FILE *out);

/* About once a second: looks at once where those of mark mode may have changed. */
void guard_tick(struct guard *guard);
/* Something tells that rules of ours are gone: looks, and mends them. */
void guard_look(struct guard *guard);

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
