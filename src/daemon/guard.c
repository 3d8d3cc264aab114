/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/guard_counts.h"
#include "daemon/marker.h"

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
	struct marker *marker;           /* borrowed; NULL without mark mode */
	enum firewall_state state;
	uint64_t checked_ns;             /* when state was found, 0: never */
	struct guard_counts counts;
	sd_event_source *events_source, *timer_source;
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

static const char *or_unknown(const char *text)
{
	return text ? text : "no reason given";
}

int guard_read_counts(struct guard *guard, struct firewall_counts *ret_counts)
{
	return guard_counts_read(&guard->counts, guard->firewall, ret_counts);
}

void guard_forget_counts(struct guard *guard)
{
	guard_counts_forget(&guard->counts, guard->firewall);
}

/* What differs there makes the whole different. */
static int check_marks(struct guard *guard, enum firewall_state *state, FILE *diff,
		       char **ret_error)
{
	bool ok = true;
	int r = guard->marker ? marker_check(guard->marker, &ok, diff, ret_error) : 0;

	if (r == 0 && !ok && *state != FIREWALL_STATE_MISSING)
		*state = FIREWALL_STATE_DIFFERENT;
	return r;
}

static int mend_marks(struct guard *guard, char **ret_error)
{
	bool ok;
	int r = marker_check(guard->marker, &ok, NULL, ret_error);

	return r < 0 || ok ? r : marker_mend(guard->marker, ret_error);
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
	if (r == 0 && guard->marker)
		r = mend_marks(guard, ret_error);
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
	unsigned long long took_ms = (clock_boottime_ns() - begin_ns) / NS_PER_MS;
	char message[128];

	guard->reinstalled_total++;
	if (culprit)
		snprintf(message, sizeof(message), "firewall: %s, changed %s; restored after "
			 "%llu ms", culprit, what, took_ms);
	else
		snprintf(message, sizeof(message), "firewall: %s were changed; restored after "
			 "%llu ms", what, took_ms);
	events_emit(guard->events,
		    &(struct event){
			    .name = "rules_repaired",
			    .why = culprit,
			    .message = message,
			    .new = json_pack("{s:I}", "reinstalled_total",
					     (json_int_t)guard->reinstalled_total),
			    .priority = LOG_WARNING,
		    });
}

int guard_check(struct guard *guard, bool repair, FILE *diff, char **ret_error)
{
	const struct firewall_plan live = live_plan(&guard->plan, guard->taken);
	uint64_t now_ns = clock_boottime_ns();
	char culprit[CULPRIT_MAX];
	enum firewall_state state;
	int r;

	if (!repair && !diff && guard->checked_ns && now_ns - guard->checked_ns < FRESH_NS)
		return 0;
	r = firewall_check(guard->firewall, &live, &state, diff, ret_error);
	if (r == 0)
		r = check_marks(guard, &state, diff, ret_error);
	if (r < 0)
		return r;
	guard->state = state;
	guard->checked_ns = now_ns;
	if (!repair || state == FIREWALL_STATE_OK || state == FIREWALL_STATE_NONE)
		return 0;
	r = apply(guard, &guard->plan, guard->taken, ret_error);
	if (r < 0)
		return r;
	guard_tell_repaired(guard, "our rules", culprit_text(guard, culprit), now_ns);
	guard_forget_counts(guard);
	return 0;
}

static void watch(struct guard *guard)
{
	char *error = NULL, culprit[CULPRIT_MAX];
	uint64_t suppressed;
	int r;

	r = guard_check(guard, true, NULL, &error);
	if (r < 0 && log_may_speak(&guard->failed_limit, clock_boottime_ns(), 10 * NS_PER_SECOND,
				   &suppressed))
		log_error(r, "firewall: cannot look after our rules: %s", or_unknown(error));
	free(error);
	if (guard->follow)
		guard->follow(guard->follower, culprit_text(guard, culprit));
	guard->culprit_pid = 0;
	guard->next_repair_ns = clock_boottime_ns() + REPAIR_GAP_NS;
}

void guard_set_marker(struct guard *guard, struct marker *marker)
{
	guard->marker = marker;
}

void guard_print_marks(const struct guard *guard, FILE *out)
{
	if (guard->marker)
		marker_print(guard->marker, out);
}

void guard_tick(struct guard *guard)
{
	if (guard->marker && marker_is_news(guard->marker))
		watch(guard);
}

static void look_at(struct guard *guard, uint64_t when_ns)
{
	sd_event_source_set_time(guard->timer_source, when_ns / 1000);
	sd_event_source_set_enabled(guard->timer_source, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct guard *guard = userdata;

	(void)source;
	(void)usec;
	watch(guard);
	look_at(guard, clock_boottime_ns() + guard->look_every_ns);
	return 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct guard *guard = userdata;
	uint64_t now_ns = clock_boottime_ns();
	char culprit[16] = "";
	uint32_t pid = 0;

	(void)source;
	(void)fd;
	(void)revents;
	if (firewall_read_events(guard->firewall, &pid, culprit) == 0)
		return 0;
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
		r = sd_event_add_io(event, &guard->events_source, fd, EPOLLIN, on_events, guard);
	guard->look_every_ns = fd >= 0 ? LOOK_WITH_EVENTS_NS : LOOK_WITHOUT_EVENTS_NS;
	if (r >= 0)
		r = sd_event_add_time(event, &guard->timer_source, CLOCK_BOOTTIME,
				      (clock_boottime_ns() + guard->look_every_ns) / 1000, 1000,
				      on_timer, guard);
	return r < 0 ? log_error(r, "event loop: cannot watch the firewall rules") : 0;
}

/* Rules that another backend left would queue each SYN twice: dear, but no reason not to start. */
static void retire_others(struct guard *guard)
{
	char *error = NULL;

	if (firewall_retire_others(guard->firewall, &error) < 0)
		log_warning("firewall: cannot remove what another backend may have left: %s",
			    or_unknown(error));
	free(error);
}

int guard_open(sd_event *event, enum firewall_backend backend, const struct firewall_plan *plan,
	       const struct events *events, struct guard **ret_guard)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	char *error = NULL;
	int r;

	if (!guard)
		return log_error(-ENOMEM, "firewall");
	guard->events = events;
	r = firewall_open(backend, &guard->firewall, &error);
	if (r == 0)
		r = apply(guard, plan, false, &error);
	if (r < 0)
		log_error(r, "firewall: %s", or_unknown(error));
	free(error);
	if (r == 0) {
		retire_others(guard);
		if (guard->state != FIREWALL_STATE_NONE)
			r = add_sources(guard, event);
	}
	if (r < 0) {
		guard_close(guard);
		return r;
	}
	guard_forget_counts(guard);
	log_info("firewall: %s, rules %s",
		 firewall_backend_name(firewall_which(guard->firewall)),
		 firewall_state_name(guard->state));
	*ret_guard = guard;
	return 0;
}

void guard_close(struct guard *guard)
{
	if (!guard)
		return;
	sd_event_source_disable_unref(guard->events_source);
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
