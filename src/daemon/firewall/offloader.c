/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/firewall/offloader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "edge/firewall/nft.h"
#include "edge/firewall/per_source.h"

#define LOOK_NS NS_PER_SECOND        /* between two looks for changes by others */
#define COUNT_NS (5 * NS_PER_SECOND) /* between two looks at the counters */
#define AGAIN_NS (30 * NS_PER_SECOND) /* before a new try, where the last one failed */

struct offloader {
	struct guard *guard;
	const struct slot *slot;
	struct offload *offload; /* NULL unless active */
	enum offloader_state state;
	struct firewall_plan plan; /* the one it was opened with */
	struct offload_memory memory; /* of the counters, since the daemon started */
	uint64_t counted_ns;     /* when it was last looked at */
	char *why;               /* of the last failure, NULL without */
	char *no_limit;          /* why the kernel takes no limit per source, NULL: it does */
	uint64_t failed_ns;
	uint64_t took_ns;
	sd_event_source *timer;
};

static bool wants(const struct offloader *offloader)
{
	return snapshot_mode(slot_current(offloader->slot))->offload;
}

/* So that what others do to the rules forgets no more than a few seconds. */
static void look_at_counts(struct offloader *offloader)
{
	offloader->counted_ns = clock_boottime_ns();
	offload_look_at_counts(&offloader->memory);
}

/* Takes error. Says it once for each reason. */
static void fail(struct offloader *offloader, char *error)
{
	const char *why = error ? error : "out of memory";
	char *ignored = NULL;

	if (!offloader->why || strcmp(offloader->why, why) != 0)
		log_warning("offload: the kernel's tables cannot be used, every SYN goes through "
			    "the queue: %s", why);
	free(offloader->why);
	offloader->why = error;
	offloader->state = OFFLOADER_FAILED;
	offloader->failed_ns = clock_boottime_ns();
	if (offloader->offload && offload_applied(offloader->offload))
		look_at_counts(offloader);
	offload_free(offloader->offload);
	offloader->offload = NULL;
	if (guard_set_taken(offloader->guard, false, &ignored) < 0)
		log_print(LOG_ERR, "offload: the rules of the queue cannot be put back: %s",
			  ignored ? ignored : "out of memory");
	free(ignored);
	ignored = NULL;
	if (offload_clear(&ignored) < 0)
		log_print(LOG_ERR, "offload: what the kernel still has cannot be emptied: %s",
			  ignored ? ignored : "out of memory");
	free(ignored);
}

/* The limit that the kernel takes; what it does not is no reason to do without offload. */
static uint32_t possible_limit(struct offloader *offloader, uint32_t rate_pps)
{
	bool is_news = !offloader->no_limit;

	free(offloader->no_limit);
	offloader->no_limit = NULL;
	if (rate_pps == 0 || per_source_try(&offloader->no_limit) == 0)
		return rate_pps;
	if (is_news)
		log_warning("offload: this kernel takes no limit per source (queues.per_source): "
			    "%s", offloader->no_limit ? offloader->no_limit : "out of memory");
	return 0;
}

static int open_offload(struct offloader *offloader, char **ret_error)
{
	const struct firewall_plan *plan = guard_plan(offloader->guard);
	struct offload_config config = {
		.hooks = plan->hooks,
		.queue_first = plan->queue_first,
		.queue_count = plan->queue_count,
		.per_source = possible_limit(offloader, plan->per_source),
		.has_nft_queue = true,
		.memory = &offloader->memory,
	};
	char *ignored = NULL;

	if (guard_backend(offloader->guard) == FIREWALL_NONE) {
		*ret_error = strdup("firewall is \"none\": which SYNs are queued is not ours to "
				    "say; set it to \"auto\"");
		return -EOPNOTSUPP;
	}
	if (guard_backend(offloader->guard) == FIREWALL_IPTABLES)
		config.has_nft_queue = nft_try_queue(&ignored) == 0;
	free(ignored);
	offloader->plan = *plan;
	if (offload_new(&config, &offloader->offload) < 0)
		return text_fail(ret_error, -ENOMEM, "out of memory");
	return 0;
}

/* The rules of the queue come back, so that no SYN is missed while ours are written anew. */
static int step_back(struct offloader *offloader, char **ret_error)
{
	return guard_set_taken(offloader->guard, false, ret_error);
}

/* The kernel has all of the plan. */
static int step_forward(struct offloader *offloader, char **ret_error)
{
	int r = guard_set_taken(offloader->guard, true, ret_error);

	if (r < 0)
		return r;
	free(offloader->why);
	offloader->why = NULL;
	if (offloader->state != OFFLOADER_ACTIVE)
		log_notice("offload: the kernel clamps the usual SYNs itself, its maps have %zu "
			   "elements; the queue gets the other SYNs",
			   offload_count_elements(offload_applied(offloader->offload)));
	offloader->state = OFFLOADER_ACTIVE;
	return 0;
}

/* nft takes a number for the interface of that name before it takes it for an index. */
static int refuse_numbers(const struct snapshot *snapshot, char **ret_error)
{
	size_t count;
	const struct snapshot_link *links = snapshot_links(snapshot, &count);

	for (size_t i = 0; i < count; i++) {
		const char *name = links[i].link.name;

		if (*name && strspn(name, "0123456789") == strlen(name))
			return text_fail(ret_error, -EINVAL, "an interface is named \"%s\", and "
					 "nft would take other interfaces for it; rename it",
					 name);
	}
	return 0;
}

/* Changes the rules in one transaction. Returns 0, or -EBUSY where others have changed them, or
 * -errno. */
static int try_change(struct offloader *offloader, struct offload_plan *plan)
{
	char *error = NULL;
	int r = offload_change(offloader->offload, plan, &error);

	if (r < 0)
		log_debug("offload: a change failed, all is loaded anew: %s",
			  error ? error : "out of memory");
	free(error);
	return r;
}

/* In one transaction where that is possible. *ret_mended: others had changed what is ours. */
static int lead_to(struct offloader *offloader, struct offload_plan *plan, bool *ret_mended,
		   char **ret_error)
{
	int changed = 0, r;

	if (offloader->state == OFFLOADER_ACTIVE) {
		changed = try_change(offloader, plan);
		if (changed == 0)
			return 0;
		r = step_back(offloader, ret_error);
		if (r < 0)
			return r;
	}
	r = offload_load(offloader->offload, plan, ret_error);
	*ret_mended = changed == -EBUSY;
	return r;
}

static int apply(struct offloader *offloader, char **ret_error)
{
	const struct snapshot *snapshot = slot_current(offloader->slot);
	uint64_t begin_ns = clock_boottime_ns();
	struct offload_plan *plan = NULL;
	bool mended = false;
	int r = refuse_numbers(snapshot, ret_error);

	if (r == 0)
		r = offload_plan_build(snapshot, &plan);
	if (r == 0 && !offloader->offload)
		r = open_offload(offloader, ret_error);
	if (r == 0)
		r = lead_to(offloader, plan, &mended, ret_error);
	if (r < 0) {
		offload_plan_free(plan);
		return r;
	}
	offloader->took_ns = clock_boottime_ns() - begin_ns;
	if (offloader->state != OFFLOADER_ACTIVE || !guard_is_taken(offloader->guard))
		r = step_forward(offloader, ret_error);
	if (r == 0 && mended)
		guard_tell_repaired(offloader->guard, "our offload rules", NULL, begin_ns);
	return r;
}

/* First the rules of the queue, then ours go: no SYN is missed. What fails is tried again. */
static void end(struct offloader *offloader)
{
	bool was_active = offloader->state == OFFLOADER_ACTIVE;
	char *error = NULL;
	int r = 0;

	if (guard_backend(offloader->guard) != FIREWALL_NONE) {
		r = guard_set_taken(offloader->guard, false, &error);
		if (was_active)
			look_at_counts(offloader);
		if (r == 0)
			r = offload_clear(&error);
	}
	if (r < 0 && (!offloader->why || !error || strcmp(offloader->why, error) != 0))
		log_error(r, "offload: cannot be ended: %s", error ? error : "out of memory");
	else if (r == 0 && was_active)
		log_notice("offload: ended, every SYN goes through the queue");
	free(offloader->why);
	offloader->why = error;
	offload_free(offloader->offload);
	offloader->offload = NULL;
	offloader->state = r < 0 ? OFFLOADER_FAILED : OFFLOADER_OFF;
}

static bool is_of_another_plan(const struct offloader *offloader)
{
	const struct firewall_plan *plan = guard_plan(offloader->guard);

	return offloader->plan.hooks != plan->hooks ||
	       offloader->plan.per_source != plan->per_source;
}

void offloader_follow(void *userdata)
{
	struct offloader *offloader = userdata;
	bool is_early = offloader->state == OFFLOADER_FAILED &&
			clock_boottime_ns() - offloader->failed_ns < AGAIN_NS;
	char *error = NULL;

	if (!wants(offloader)) {
		if (offloader->state != OFFLOADER_OFF)
			end(offloader);
		return;
	}
	if (is_early)
		return;
	if (offloader->offload && is_of_another_plan(offloader))
		end(offloader); /* opening it anew empties what is there */
	if (apply(offloader, &error) < 0)
		fail(offloader, error);
}

/* Where others have changed what is ours. */
static void look(void *userdata, const char *culprit)
{
	struct offloader *offloader = userdata;
	uint64_t begin_ns = clock_boottime_ns();
	char *error = NULL;
	int r;

	if (offloader->state != OFFLOADER_ACTIVE || offload_is_changed(offloader->offload) <= 0)
		return;
	r = step_back(offloader, &error);
	if (r == 0)
		r = offload_reload(offloader->offload, &error);
	if (r == 0)
		r = step_forward(offloader, &error);
	if (r < 0) {
		fail(offloader, error);
		return;
	}
	guard_tell_repaired(offloader->guard, "our offload rules", culprit, begin_ns);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct offloader *offloader = userdata;

	(void)usec;
	look(offloader, NULL);
	if (offloader->state == OFFLOADER_ACTIVE &&
	    clock_boottime_ns() - offloader->counted_ns >= COUNT_NS)
		look_at_counts(offloader);
	if (offloader->state == OFFLOADER_FAILED)
		offloader_follow(offloader);
	sd_event_source_set_time(source, (clock_boottime_ns() + LOOK_NS) / 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int offloader_open(sd_event *event, struct guard *guard, const struct slot *slot,
		   struct offloader **ret_offloader)
{
	struct offloader *offloader = calloc(1, sizeof(*offloader));
	char *error = NULL;
	int r;

	if (!offloader)
		return log_error(-ENOMEM, "cannot set up offload");
	offloader->guard = guard;
	offloader->slot = slot;
	r = sd_event_add_time(event, &offloader->timer, CLOCK_BOOTTIME,
			      (clock_boottime_ns() + LOOK_NS) / 1000, 0, on_timer, offloader);
	if (r < 0) {
		offloader_close(offloader);
		return log_error(r, "event loop: cannot watch the offload rules");
	}
	/* A namespace without nftables has none. */
	if (!wants(offloader) && guard_backend(guard) != FIREWALL_NONE &&
	    offload_clear(&error) < 0)
		log_warning("offload: cannot remove what an earlier process may have left: %s",
			    error ? error : "out of memory");
	free(error);
	guard_follow(guard, look, offloader);
	offloader_follow(offloader);
	*ret_offloader = offloader;
	return 0;
}

void offloader_close(struct offloader *offloader)
{
	if (!offloader)
		return;
	if (offloader->state == OFFLOADER_ACTIVE)
		log_notice("offload: the kernel goes on clamping, with the limits that it has now; "
			   "mssclampctl rules --remove ends that");
	guard_follow(offloader->guard, NULL, NULL);
	sd_event_source_disable_unref(offloader->timer);
	offload_free(offloader->offload);
	free(offloader->no_limit);
	free(offloader->why);
	free(offloader);
}

enum offloader_state offloader_state(const struct offloader *offloader)
{
	return offloader->state;
}

const char *offloader_state_name(enum offloader_state state)
{
	static const char *const names[] = {
		[OFFLOADER_OFF] = "off",
		[OFFLOADER_ACTIVE] = "active",
		[OFFLOADER_FAILED] = "failed",
	};

	return names[state];
}

const char *offloader_no_limit(const struct offloader *offloader)
{
	return offloader->state == OFFLOADER_ACTIVE ? offloader->no_limit : NULL;
}

const char *offloader_why(const struct offloader *offloader)
{
	return offloader->why ? offloader->why : "out of memory";
}

const struct offload_plan *offloader_plan(const struct offloader *offloader)
{
	return offloader->state == OFFLOADER_ACTIVE ? offload_applied(offloader->offload) : NULL;
}

int offloader_read_counts(struct offloader *offloader, struct offload_counts *ret_counts)
{
	if (offloader->state != OFFLOADER_ACTIVE)
		return -ENOENT;
	return offload_read_counts(&offloader->memory, ret_counts);
}

uint64_t offloader_over_limit(struct offloader *offloader)
{
	if (offloader->state == OFFLOADER_ACTIVE)
		look_at_counts(offloader);
	return offloader->memory.past[OFFLOAD_OVER_LIMIT] +
	       offloader->memory.last[OFFLOAD_OVER_LIMIT];
}

double offloader_took(const struct offloader *offloader)
{
	return clock_seconds(offloader->took_ns);
}
