/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/watch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/loop.h"
#include "edge/netlink/rtnl.h"

#define RETRY_NS (200 * NS_PER_MS)
/* Some changes are never announced (net.ipv6.conf.*.mtu): a look without a reason now and then. */
#define LOOK_ANYWAY_NS (60 * NS_PER_SECOND)
/* PMTU exceptions come and expire without a word. */
#define HINTS_EVERY_NS (1 * NS_PER_SECOND)

struct watch {
	sd_event *event; /* borrowed */
	struct watch_owner owner;
	struct nl *events;
	struct loop_io events_io;
	sd_event_source *look_source, *hints_source;
	unsigned int stale;      /* RTNL_CHANGED_* and STALE_* not yet looked at */
	uint64_t next_look_ns;   /* not before */
	uint64_t look_anyway_ns; /* without a reason, not after */
	uint64_t resyncs;
	struct log_ratelimit lost_limit, failed_limit;
};

static int schedule_look(struct watch *watch, uint64_t when_ns)
{
	int r;

	r = sd_event_source_set_time(watch->look_source, when_ns / 1000);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(watch->look_source, SD_EVENT_ONESHOT);
}

static int look_soon(struct watch *watch)
{
	uint64_t now_ns = clock_boottime_ns();

	return schedule_look(watch, now_ns > watch->next_look_ns ? now_ns : watch->next_look_ns);
}

void watch_note(struct watch *watch, unsigned int stale)
{
	watch->stale |= stale;
	if (watch->look_source) /* else the first look is still to come */
		look_soon(watch);
}

/* What is to be looked at now; nothing is owed behind it. */
static unsigned int take_stale(struct watch *watch, uint64_t now_ns)
{
	unsigned int stale = watch->stale;

	/* Polls of peers come every few seconds: they are no reason to put this off. */
	if (now_ns >= watch->look_anyway_ns)
		stale |= STALE_KERNEL;
	if (stale & RTNL_CHANGED_LINKS)
		watch->look_anyway_ns = now_ns + LOOK_ANYWAY_NS;
	watch->stale = 0;
	return stale;
}

/* What could not be asked for is asked for again before long, all of it after a while. */
static int schedule_next_look(struct watch *watch, bool incomplete)
{
	if (!incomplete)
		return schedule_look(watch, watch->look_anyway_ns);
	watch->stale |= STALE_KERNEL;
	return schedule_look(watch, clock_boottime_ns() + NS_PER_SECOND);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watch *watch = userdata;
	struct look_time time = look_time_begin();
	unsigned int stale = take_stale(watch, time.begin_ns);
	uint64_t suppressed;
	int r;

	(void)source;
	(void)usec;
	r = watch->owner.look(watch->owner.userdata, stale, &time);
	watch->next_look_ns = look_time_next(&time);
	if (r >= 0)
		return schedule_next_look(watch, r > 0);
	if (log_may_speak(&watch->failed_limit, time.begin_ns, NS_PER_SECOND, &suppressed))
		log_error(r, "rtnetlink: cannot read links and routes, the limits stay as they "
			     "are; trying again");
	/* All of it: what was read and not published is no news the next time. */
	watch->stale |= stale | STALE_KERNEL;
	return schedule_look(watch, clock_boottime_ns() + RETRY_NS);
}

static int on_hints(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watch *watch = userdata;

	(void)usec;
	if (watch->owner.wants_hints(watch->owner.userdata))
		watch_note(watch, STALE_HINTS);
	sd_event_source_set_time(source, (clock_boottime_ns() + HINTS_EVERY_NS) / 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_event_message(const struct nlmsghdr *message, void *userdata)
{
	struct watch *watch = userdata;

	watch->stale |= rtnl_event_kind(message);
	return 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct watch *watch = userdata;
	uint64_t now_ns = clock_boottime_ns(), suppressed;
	int r;

	(void)source;
	(void)fd;
	(void)revents;
	r = nl_read_events(watch->events, on_event_message, watch);
	if (r < 0) {
		watch->resyncs++;
		watch->stale |= STALE_KERNEL;
		if (log_may_speak(&watch->lost_limit, now_ns, 10 * NS_PER_SECOND, &suppressed))
			log_error(r, "rtnetlink: events were lost, reading all links and routes "
				     "again");
	}
	return watch->stale ? look_soon(watch) : 0;
}

int watch_open(sd_event *event, const struct watch_owner *owner, struct watch **ret_watch)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch)
		return log_error(-ENOMEM, "cannot watch links and routes");
	watch->event = event;
	watch->owner = *owner;
	r = rtnl_open_events(&watch->events);
	if (r < 0) {
		free(watch);
		return log_error(r, "rtnetlink: cannot subscribe to links and routes");
	}
	*ret_watch = watch;
	return 0;
}

int watch_begin(struct watch *watch, bool incomplete)
{
	uint64_t now_ns = clock_boottime_ns();
	int r;

	watch->look_anyway_ns = now_ns + LOOK_ANYWAY_NS;
	r = loop_io_init(&watch->events_io, watch->event, nl_fd(watch->events), on_events, watch);
	if (r >= 0)
		r = sd_event_add_time(watch->event, &watch->look_source, CLOCK_BOOTTIME,
				      watch->look_anyway_ns / 1000, 1000, on_look, watch);
	if (r >= 0)
		r = sd_event_add_time(watch->event, &watch->hints_source, CLOCK_BOOTTIME,
				      (now_ns + HINTS_EVERY_NS) / 1000, 1000, on_hints, watch);
	if (r >= 0)
		r = watch->stale ? look_soon(watch) : schedule_next_look(watch, incomplete);
	return r < 0 ? log_error(r, "event loop: cannot watch links and routes") : 0;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	loop_io_done(&watch->events_io);
	sd_event_source_disable_unref(watch->look_source);
	sd_event_source_disable_unref(watch->hints_source);
	nl_close(watch->events);
	free(watch);
}

struct nl *watch_events(struct watch *watch)
{
	return watch->events;
}

uint64_t watch_resyncs(const struct watch *watch)
{
	return watch->resyncs;
}
