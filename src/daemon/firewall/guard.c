/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/firewall/guard_counts.h"
#include "daemon/firewall/guard_others.h"
#include "daemon/firewall/guard_tell.h"
#include "daemon/firewall/marker.h"
#include "daemon/loop.h"

/* Where the kernel tells of changes, a look now and then catches what it could not tell; where it
 * doesn't, the look is all there is. */
#define LOOK_WITH_EVENTS_NS (30 * NS_PER_SECOND)
#define LOOK_WITHOUT_EVENTS_NS (NS_PER_SECOND * 4 / 5)
/* Clients may ask often; a look costs two processes with iptables. */
#define FRESH_NS (NS_PER_SECOND / 2)
#define REPAIR_GAP_NS (100 * NS_PER_MS) /* between two repairs when somebody keeps undoing them */

struct guard {
	const struct events *events;
	struct firewall *firewall;
	struct firewall_plan plan;
	bool taken;                      /* other rules of ours stand for those of the plan */
	struct guard_others others;
	bool bridged;                    /* some of them were put back, and nobody was told */
	struct guard_sight sight;
	enum firewall_state state;
	uint64_t checked_ns;             /* when state was found, 0: never */
	struct guard_counts counts;
	struct loop_io events_io;
	sd_event_source *timer_source;
	uint64_t look_every_ns;
	uint64_t next_repair_ns;
	uint64_t reinstalled_total;
	uint32_t culprit_pid;            /* of the last change, 0 unknown; until it is looked at */
	char culprit[16];
	struct log_ratelimit failed_limit;
	void (*follow)(void *userdata, const char *culprit); /* NULL: nobody */
	void *follower;
};

#define CULPRIT_MAX 48

/* "nft, pid 7", or NULL. */
static const char *culprit_text(const struct guard *guard, char text[CULPRIT_MAX])
{
	if (!guard->culprit_pid)
		return NULL;
	snprintf(text, CULPRIT_MAX, "%s, pid %u", guard->culprit, guard->culprit_pid);
	return text;
}

int guard_read_counts(struct guard *guard, struct firewall_counts *ret_counts)
{
	return guard_counts_read(&guard->counts, guard->firewall, ret_counts);
}

void guard_forget_counts(struct guard *guard)
{
	guard_counts_forget(&guard->counts, guard->firewall);
}

/* What of a plan shall be in the kernel. */
static struct firewall_plan live_plan(const struct firewall_plan *plan, bool taken)
{
	struct firewall_plan live = *plan;

	if (taken)
		live.hooks = 0;
	return live;
}

/* firewall_apply reads back what it has loaded, so its success is the newest look there is. */
static int apply(struct guard *guard, const struct firewall_plan *plan, bool taken,
		 char **ret_error)
{
	const struct firewall_plan live = live_plan(plan, taken);
	int r;

	r = firewall_apply(guard->firewall, &live, ret_error);
	if (r == 0)
		r = guard_others_mend(&guard->others, ret_error);
	if (r < 0)
		return r;
	guard->plan = *plan;
	guard->taken = taken;
	guard->state = firewall_which(guard->firewall) == FIREWALL_NONE ? FIREWALL_STATE_NONE :
									  FIREWALL_STATE_OK;
	guard->checked_ns = clock_boottime_ns();
	return 0;
}

void guard_tell_repaired(struct guard *guard, const char *what, const char *culprit,
			 uint64_t begin_ns)
{
	guard_tell(guard->events, what, culprit, clock_boottime_ns() - begin_ns, NULL,
		   ++guard->reinstalled_total);
}

/* found: of the rules that send SYNs to us, at checked_ns; acts: those of the fallback stood. */
static void tell_mended(struct guard *guard, enum firewall_state found, bool acts,
			uint64_t checked_ns)
{
	uint64_t kernel_ns = acts ? guard_others_bridged_ns(&guard->others) : 0;
	const struct guard_gap gap = guard_sight_gap(&guard->sight, checked_ns, kernel_ns, found,
						     clock_boottime_ns());
	char culprit[CULPRIT_MAX];

	guard_tell(guard->events, "our rules", culprit_text(guard, culprit),
		   gap.end_ns - gap.seen_ns, guard->taken ? NULL : &gap,
		   ++guard->reinstalled_total);
}

/* As guard_check; where it repairs, the kernel clamps until end_bridge. */
static int check(struct guard *guard, bool repair, FILE *diff, char **ret_error)
{
	const struct firewall_plan live = live_plan(&guard->plan, guard->taken);
	uint64_t now_ns = clock_boottime_ns();
	enum firewall_state state, found;
	bool others_ok = true;
	int r;

	if (!repair && !diff && guard->checked_ns && now_ns - guard->checked_ns < FRESH_NS)
		return 0;
	r = firewall_check(guard->firewall, &live, &state, diff, ret_error);
	if (r == 0)
		r = guard_others_check(&guard->others, &others_ok, diff, ret_error);
	if (r < 0) {
		guard->checked_ns = 0; /* what was seen before is of no use any more */
		return r;
	}
	found = state;
	if (!others_ok && state != FIREWALL_STATE_MISSING)
		state = FIREWALL_STATE_DIFFERENT;
	guard->state = state;
	guard->checked_ns = now_ns;
	if (!repair || state == FIREWALL_STATE_NONE)
		return 0;
	if (state != FIREWALL_STATE_OK) {
		guard_sight_change(&guard->sight, now_ns, false);
		guard_others_bridge(&guard->others);
		r = apply(guard, &guard->plan, guard->taken, ret_error);
	} else if (!guard->bridged) {
		guard_sight_ok(&guard->sight, now_ns);
		return 0;
	}
	if (r < 0)
		return r;
	tell_mended(guard, !others_ok && guard->others.marker ? state : found, others_ok, now_ns);
	guard->bridged = false;
	guard_sight_ok(&guard->sight, guard->checked_ns);
	guard_forget_counts(guard);
	return 0;
}

static void look_at(struct guard *guard, uint64_t when_ns)
{
	sd_event_source_set_time(guard->timer_source, when_ns / 1000);
	sd_event_source_set_enabled(guard->timer_source, SD_EVENT_ONESHOT);
}

/* Where the rules could not be put back the kernel goes on, and it is tried again. */
static int end_bridge(struct guard *guard, int r)
{
	if (r == 0)
		guard_others_bridge_end(&guard->others);
	else
		look_at(guard, clock_boottime_ns() + LOOK_WITHOUT_EVENTS_NS);
	return r;
}

int guard_check(struct guard *guard, bool repair, FILE *diff, char **ret_error)
{
	int r = check(guard, repair, diff, ret_error);

	return repair ? end_bridge(guard, r) : r;
}

static void watch(struct guard *guard)
{
	char *error = NULL, culprit[CULPRIT_MAX];
	uint64_t suppressed;
	int r;

	r = check(guard, true, NULL, &error);
	if (r < 0 && log_may_speak(&guard->failed_limit, clock_boottime_ns(), 10 * NS_PER_SECOND,
				   &suppressed))
		log_error(r, "firewall: cannot look after our rules: %s",
			  error ? error : "no reason given");
	free(error);
	if (guard->follow)
		guard->follow(guard->follower, culprit_text(guard, culprit));
	end_bridge(guard, r);
	guard->culprit_pid = 0;
	guard->next_repair_ns = clock_boottime_ns() + REPAIR_GAP_NS;
}

void guard_set_marker(struct guard *guard, struct marker *marker)
{
	guard->others.marker = marker;
}

void guard_set_fallback(struct guard *guard, struct fallback *fallback)
{
	guard->others.fallback = fallback;
}

void guard_print_others(const struct guard *guard, FILE *out)
{
	guard_others_print(&guard->others, out);
}

void guard_look(struct guard *guard)
{
	watch(guard);
}

void guard_tick(struct guard *guard)
{
	if (guard->others.marker && marker_is_news(guard->others.marker))
		watch(guard);
	if (firewall_fd(guard->firewall) >= 0)
		guard_sight_tick(&guard->sight, clock_boottime_ns());
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct guard *guard = userdata;

	(void)source;
	(void)usec;
	look_at(guard, clock_boottime_ns() + guard->look_every_ns);
	watch(guard); /* may want to look sooner */
	return 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct guard *guard = userdata;
	uint64_t now_ns = clock_boottime_ns();
	char culprit[16] = "";
	uint32_t pid = 0;
	int r;

	(void)source;
	(void)fd;
	(void)revents;
	r = firewall_read_events(guard->firewall, &pid, culprit);
	if (r == 0)
		return 0;
	guard_sight_change(&guard->sight, now_ns, true);
	if (r == 2 && guard_others_bridge(&guard->others)) /* looking takes longer */
		guard->bridged = true;
	if (pid) {
		guard->culprit_pid = pid;
		memcpy(guard->culprit, culprit, sizeof(culprit));
	}
	if (now_ns < guard->next_repair_ns) {
		look_at(guard, guard->next_repair_ns);
		return 0;
	}
	watch(guard);
	return 0;
}

static int add_sources(struct guard *guard, sd_event *event)
{
	int fd = firewall_fd(guard->firewall);
	int r = 0;

	if (fd >= 0)
		r = loop_io_init(&guard->events_io, event, fd, on_events, guard);
	guard->look_every_ns = fd >= 0 ? LOOK_WITH_EVENTS_NS : LOOK_WITHOUT_EVENTS_NS;
	if (r >= 0)
		r = sd_event_add_time(event, &guard->timer_source, CLOCK_BOOTTIME,
				      (clock_boottime_ns() + guard->look_every_ns) / 1000, 1000,
				      on_timer, guard);
	return r < 0 ? log_error(r, "event loop: cannot watch the firewall rules") : 0;
}

int guard_open(sd_event *event, enum firewall_backend backend,
	       const struct iptables_runner *runner, const struct firewall_plan *plan,
	       const struct events *events, struct guard **ret_guard)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	char *error = NULL;
	int r;

	if (!guard)
		return log_error(-ENOMEM, "cannot keep the firewall rules");
	*ret_guard = guard;
	guard->events = events;
	r = firewall_open(backend, runner, &guard->firewall, &error);
	if (r == 0)
		r = apply(guard, plan, false, &error);
	if (r < 0)
		log_error(r, "firewall: %s", error ? error : "no reason given");
	free(error);
	if (r == 0) {
		guard_others_retire(guard->firewall);
		if (guard->state != FIREWALL_STATE_NONE)
			r = add_sources(guard, event);
	}
	if (r < 0)
		return r;
	guard_forget_counts(guard);
	log_info("firewall: %s, rules %s", firewall_backend_name(firewall_which(guard->firewall)),
		 firewall_state_name(guard->state));
	return 0;
}

void guard_keep(struct guard *guard)
{
	firewall_keep(guard->firewall);
}

void guard_close(struct guard *guard)
{
	if (!guard)
		return;
	loop_io_done(&guard->events_io);
	sd_event_source_disable_unref(guard->timer_source);
	firewall_close(guard->firewall);
	free(guard);
}

enum firewall_backend guard_backend(const struct guard *guard)
{
	return firewall_which(guard->firewall);
}

const char *guard_no_limit(const struct guard *guard)
{
	return firewall_no_limit(guard->firewall);
}

const struct firewall_plan *guard_plan(const struct guard *guard)
{
	return &guard->plan;
}

enum firewall_state guard_state(const struct guard *guard)
{
	return guard->state;
}

const char *guard_taken_before(const struct guard *guard, size_t i)
{
	return firewall_taken_before(guard->firewall, i);
}

uint64_t guard_reinstalled_total(const struct guard *guard)
{
	return guard->reinstalled_total;
}

/* What the rules have counted until now is not forgotten. */
static int change(struct guard *guard, const struct firewall_plan *plan, bool taken,
		  char **ret_error)
{
	int r;

	guard_counts_look(&guard->counts, guard->firewall);
	r = apply(guard, plan, taken, ret_error);
	guard_counts_look(&guard->counts, guard->firewall);
	return r;
}

int guard_set_plan(struct guard *guard, const struct firewall_plan *plan, char **ret_error)
{
	return change(guard, plan, guard->taken, ret_error);
}

void guard_follow(struct guard *guard, void (*follow)(void *userdata, const char *culprit),
		  void *userdata)
{
	guard->follow = follow;
	guard->follower = userdata;
}

bool guard_is_taken(const struct guard *guard)
{
	return guard->taken;
}

int guard_set_taken(struct guard *guard, bool taken, char **ret_error)
{
	return change(guard, &guard->plan, taken, ret_error);
}

int guard_read_new_counts(struct guard *guard, uint64_t *ret_queued, uint64_t *ret_over_limit)
{
	return guard_counts_read_new(&guard->counts, guard->firewall, ret_queued, ret_over_limit);
}
