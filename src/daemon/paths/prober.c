/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/paths/prober.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/paths/prober_config.h"
#include "daemon/paths/prober_log.h"
#include "daemon/paths/prober_memory.h"
#include "daemon/paths/prober_packet.h"

#define TICK_NS (10 * NS_PER_SECOND)
#define WRITING_NS NS_PER_SECOND /* until it is looked what came of a save */
#define CONFIRM_GAP_NS (5 * NS_PER_SECOND) /* the time of a measure alone is told so often */
#define FOLLOW_GAP_FACTOR 10
#define FOLLOW_AGAIN_NS NS_PER_SECOND /* where there was no memory */
#define PACKETS_A_TURN 64             /* sent or heard, before others get their turn */

struct prober {
	sd_event *event; /* borrowed */
	struct prober_owner owner;
	struct probe_plan *plan;
	struct probe_sockets *sockets;
	struct prober_log log;
	struct prober_memory memory;
	sd_event_source *io, *timer, *tick, *follow;
	uint64_t next_follow_ns; /* not before */
	bool left;               /* the memory is somebody else's */
	bool untold;             /* measures were confirmed since the owner heard of them */
	uint64_t next_confirm_ns; /* not before is that told */
	bool automatic;
	bool looked_for_ping;
	struct prober_waiter *waiters;
	prober_heard *own; /* who listens for probes besides the plan's, or NULL */
	void *own_userdata;
};

static void tell_change(struct prober *prober)
{
	prober->untold = false;
	prober->owner.changed(prober->owner.userdata);
}

/* Measures that only became younger make a new snapshot too, for their age, but not each time. */
static void tell_confirmed(struct prober *prober)
{
	uint64_t now_ns = clock_boottime_ns();

	if (!prober->untold || !prober->automatic || now_ns < prober->next_confirm_ns)
		return;
	prober->next_confirm_ns = now_ns + CONFIRM_GAP_NS;
	tell_change(prober);
}

static void take_reports(struct prober *prober)
{
	struct probe_report report;
	bool changed = false;

	while (probe_plan_take_report(prober->plan, &report)) {
		prober_log_report(&prober->log, &report, prober->automatic);
		changed |= report.changed;
		if (report.hint_contradicted && prober->automatic)
			prober->owner.contradicted(prober->owner.userdata, report.target);
		prober->untold |= report.result != PROBE_NO_ANSWER;
		prober_memory_note(&prober->memory, report.changed);
		prober_waiters_tell_end(prober->waiters, &report);
	}
	if (changed && prober->automatic)
		tell_change(prober);
	else
		tell_confirmed(prober);
}

static void schedule(struct prober *prober, uint64_t when_ns)
{
	if (when_ns == UINT64_MAX) {
		sd_event_source_set_enabled(prober->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(prober->timer, when_ns / 1000 + 1);
	sd_event_source_set_enabled(prober->timer, SD_EVENT_ONESHOT);
}

/* Sends all that is due, and tells who waits. */
void prober_wake(struct prober *prober)
{
	uint64_t now_ns = clock_boottime_ns(), wait_ns = now_ns;
	struct probe_order order;

	for (int i = 0; i < PACKETS_A_TURN; i++) {
		struct probe_packet packet;
		int r;

		if (!probe_plan_next(prober->plan, now_ns, &order, &wait_ns))
			break;
		packet = prober_packet_of(&order);
		r = probe_send(prober->sockets, &packet);
		if (r < 0 && r != -EMSGSIZE)
			prober_log_refusal(&prober->log, &packet, r);
		now_ns = clock_boottime_ns();
		probe_plan_sent(prober->plan, order.id, r, now_ns);
		wait_ns = now_ns;
	}
	take_reports(prober);
	prober_waiters_tell(prober->waiters, prober->plan);
	schedule(prober, wait_ns);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	prober_wake(userdata);
	return 0;
}

static void hear(struct prober *prober, const struct probe_heard *heard)
{
	uint64_t now_ns = clock_boottime_ns();

	if (!(heard->id & PROBER_OWN_ID)) {
		prober_packet_heard(prober->plan, heard, now_ns);
		return;
	}
	if (heard->kind == PROBE_HEARD_ANSWER)
		probe_plan_answered_others(prober->plan, &heard->from, now_ns);
	if (prober->own)
		prober->own(heard, prober->own_userdata);
}

static int on_heard(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct prober *prober = userdata;
	struct probe_heard heard;

	(void)source;
	(void)fd;
	(void)revents;
	for (int i = 0; i < PACKETS_A_TURN && probe_receive(prober->sockets, &heard) > 0; i++)
		hear(prober, &heard);
	prober_wake(prober);
	return 0;
}

/* Returns 1 where what was remembered is in force now, 0, or -ENOMEM, logged. */
static int look_who_is_there(struct prober *prober)
{
	struct probe_target_list targets = { 0 };
	struct probe_target_input input = { 0 };
	int r;

	prober->owner.fill(prober->owner.userdata, &input);
	r = probe_targets_make(&input, &targets);
	if (r == 0)
		r = probe_plan_update(prober->plan, &targets, clock_boottime_ns());
	return r < 0 ? log_error(r, "probes: the list of peers stays as it was") : r;
}

static int on_follow(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct prober *prober = userdata;
	uint64_t begin_ns = clock_thread_ns(), cost_ns;
	int r = look_who_is_there(prober);

	(void)source;
	(void)usec;
	cost_ns = clock_thread_ns() - begin_ns;
	prober->next_follow_ns = clock_boottime_ns() +
				 (r < 0 ? FOLLOW_AGAIN_NS : cost_ns * FOLLOW_GAP_FACTOR);
	if (r < 0)
		prober_follow(prober);
	if (r > 0 && prober->automatic)
		tell_change(prober);
	prober_wake(prober);
	return 0;
}

void prober_follow(struct prober *prober)
{
	uint64_t now_ns = clock_boottime_ns();

	sd_event_source_set_time(prober->follow, (now_ns > prober->next_follow_ns ?
						  now_ns : prober->next_follow_ns) / 1000);
	sd_event_source_set_enabled(prober->follow, SD_EVENT_ONESHOT);
}

void prober_save(struct prober *prober)
{
	if (prober->automatic && !prober->left)
		prober_memory_save(&prober->memory, prober->plan);
}

void prober_leave(struct prober *prober)
{
	prober->left = true;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct prober *prober = userdata;
	const struct probe_target *target = probe_plan_contradicted(prober->plan);
	uint64_t now_ns = clock_boottime_ns(), next_ns = now_ns + TICK_NS;

	(void)usec;
	tell_confirmed(prober);
	if (target && prober->automatic) /* told again behind it */
		prober->owner.contradicted(prober->owner.userdata, target);
	if (prober->automatic &&
	    prober_memory_save_in_time(&prober->memory, prober->plan, now_ns))
		next_ns = now_ns + WRITING_NS;
	sd_event_source_set_time(source, next_ns / 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Once there is somebody who wants to know. */
static void look_for_ping(struct prober *prober)
{
	int errors[FAMILY_COUNT];

	if (prober->looked_for_ping)
		return;
	prober->looked_for_ping = true;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		errors[family] = probe_can_ping(prober->sockets, family);
		probe_plan_allow_ping(prober->plan, family, errors[family] == 0);
	}
	prober_log_ping(&prober->log, errors);
}

static int add_sources(struct prober *prober)
{
	uint64_t now_ns = clock_boottime_ns();
	int r;

	r = sd_event_add_io(prober->event, &prober->io, probe_fd(prober->sockets), EPOLLIN,
			    on_heard, prober);
	if (r >= 0)
		r = sd_event_add_time(prober->event, &prober->timer, CLOCK_BOOTTIME,
				      now_ns / 1000, 1000, on_timer, prober);
	if (r >= 0)
		r = sd_event_add_time(prober->event, &prober->tick, CLOCK_BOOTTIME,
				      (now_ns + TICK_NS) / 1000, NS_PER_SECOND / 1000,
				      on_tick, prober);
	if (r >= 0)
		r = sd_event_add_time(prober->event, &prober->follow, CLOCK_BOOTTIME, 0, 1000,
				      on_follow, prober);
	if (r >= 0)
		r = sd_event_source_set_enabled(prober->follow, SD_EVENT_OFF);
	return r < 0 ? log_error(r, "event loop: cannot watch for answers to probes") : 0;
}

int prober_open(sd_event *event, const struct config *config, const struct prober_owner *owner,
		struct prober **ret_prober)
{
	struct prober *prober = calloc(1, sizeof(*prober));
	const struct probe_plan_config plan = prober_config_of(config);
	int r;

	if (!prober)
		return log_error(-ENOMEM, "cannot set up probes");
	prober->event = event;
	prober->owner = *owner;
	prober->automatic = config->path.probe;
	prober->plan = probe_plan_new(&plan);
	prober->sockets = probe_sockets_new();
	r = prober->sockets ? prober_memory_init(&prober->memory, config->path.state) : -errno;
	if (r == 0 && !prober->plan)
		r = -ENOMEM;
	r = r < 0 ? log_error(r, "cannot set up probes") : add_sources(prober);
	if (r < 0) {
		prober_close(prober);
		return r;
	}
	if (prober->automatic)
		look_for_ping(prober);
	*ret_prober = prober;
	return 0;
}

bool prober_recall(struct prober *prober)
{
	if (!prober->automatic)
		return false;
	prober_memory_recall(&prober->memory, prober->plan);
	return prober->memory.former.count > 0 && look_who_is_there(prober) > 0;
}

void prober_close(struct prober *prober)
{
	if (!prober)
		return;
	assert(!prober->waiters && !prober->own);
	if (prober->plan)
		prober_save(prober);
	sd_event_source_disable_unref(prober->tick);
	sd_event_source_disable_unref(prober->follow);
	sd_event_source_disable_unref(prober->io);
	sd_event_source_disable_unref(prober->timer);
	probe_plan_free(prober->plan);
	probe_sockets_free(prober->sockets);
	prober_memory_done(&prober->memory);
	free(prober);
}

void prober_configure(struct prober *prober, const struct config *config)
{
	const struct probe_plan_config plan = prober_config_of(config);
	bool began = config->path.probe && !prober->automatic;
	int r;

	if (!config->path.probe)
		prober_save(prober);
	r = prober_memory_move(&prober->memory, config->path.state);
	if (r < 0)
		log_error(r, "%s: not used for now", config->path.state);
	prober->automatic = config->path.probe;
	probe_plan_configure(prober->plan, &plan);
	prober->looked_for_ping = false;
	if (prober->automatic)
		look_for_ping(prober);
	if (began || (r > 0 && prober->automatic))
		prober_memory_recall(&prober->memory, prober->plan);
	prober_wake(prober);
}

bool prober_is_automatic(const struct prober *prober)
{
	return prober->automatic;
}

const struct prober_memory *prober_kept(const struct prober *prober)
{
	return &prober->memory;
}

const struct path_measure *prober_measures(struct prober *prober, size_t *ret_count)
{
	*ret_count = 0;
	return prober->automatic ? probe_plan_measures(prober->plan, ret_count) : NULL;
}

struct probe_totals prober_totals(const struct prober *prober)
{
	return probe_plan_totals(prober->plan);
}

uint64_t prober_strangers(const struct prober *prober)
{
	return probe_socket_totals(prober->sockets).strangers;
}

bool prober_last(const struct prober *prober, const char *tunnel, const char *peer,
		 const struct address *endpoint, enum probe_result *ret_result)
{
	int64_t at_ns;

	return probe_plan_last(prober->plan, tunnel, peer, endpoint, ret_result, &at_ns);
}

struct probe_plan *prober_plan(struct prober *prober)
{
	return prober->plan;
}

void prober_wait(struct prober *prober, struct prober_waiter *waiter)
{
	look_for_ping(prober);
	prober_waiters_add(&prober->waiters, waiter);
}

void prober_forsake(struct prober *prober, struct prober_waiter *waiter)
{
	prober_waiters_remove(&prober->waiters, waiter);
	probe_plan_cancel(prober->plan, waiter->run);
}

int prober_send(struct prober *prober, const struct probe_packet *packet, uint64_t *ret_wait_ns)
{
	int r;

	if (!probe_plan_spend(prober->plan, clock_boottime_ns(), ret_wait_ns))
		return 1;
	r = probe_send(prober->sockets, packet);
	probe_plan_sent(prober->plan, packet->id, r, clock_boottime_ns());
	return r;
}

int prober_listen(struct prober *prober, prober_heard *heard, void *userdata)
{
	if (heard && prober->own)
		return -EBUSY;
	prober->own = heard;
	prober->own_userdata = userdata;
	return 0;
}
