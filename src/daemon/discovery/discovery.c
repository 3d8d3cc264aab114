/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/discovery/discovery.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/discovery/discovery_source.h"
#include "edge/peers/facts.h"

/* A source that cannot be opened or read now is tried again after this. */
#define RETRY_NS (5 * NS_PER_SECOND)

static struct source_state *state_of(struct discovery *discovery, size_t i)
{
	return &discovery->sources[i];
}

/* The next poll that is due, UINT64_MAX without. */
static uint64_t next_poll(const struct discovery *discovery)
{
	uint64_t next_ns = UINT64_MAX;

	for (size_t i = 0; i < discovery_source_count; i++) {
		if (discovery->sources[i].poll_at_ns && discovery->sources[i].poll_at_ns < next_ns)
			next_ns = discovery->sources[i].poll_at_ns;
	}
	return next_ns;
}

static void schedule_poll(struct discovery *discovery)
{
	uint64_t next_ns = next_poll(discovery);

	if (next_ns == UINT64_MAX) {
		sd_event_source_set_enabled(discovery->poll_source, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(discovery->poll_source, next_ns / 1000);
	sd_event_source_set_enabled(discovery->poll_source, SD_EVENT_ONESHOT);
}

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct discovery *discovery = userdata;
	uint64_t now_ns = clock_boottime_ns();

	(void)source;
	(void)usec;
	for (size_t i = 0; i < discovery_source_count; i++) {
		struct source_state *state = state_of(discovery, i);

		if (state->poll_at_ns && state->poll_at_ns <= now_ns) {
			state->stale = true;
			state->poll_at_ns = 0;
		}
	}
	discovery->on_stale(discovery->userdata);
	schedule_poll(discovery);
	return 0;
}

void discovery_mark(struct discovery *discovery, enum source_id id)
{
	state_of(discovery, id)->stale = true;
	discovery->on_stale(discovery->userdata);
}

void discovery_forget(struct discovery *discovery)
{
	for (size_t i = 0; i < discovery_source_count; i++)
		state_of(discovery, i)->stale = true;
}

/* Takes the new list unless it tells the same as the old one. Returns whether it is another. */
static bool replace(struct peer_list **list, struct peer_list *told)
{
	if (peer_list_equal(*list, told)) {
		peer_list_take_handshakes(*list, told);
		peer_list_unref(told);
		return false;
	}
	peer_list_unref(*list);
	*list = told;
	return true;
}

/* One source that cannot be had leaves the others as they are. Returns whether it is open. */
static bool open_source(struct discovery *discovery, size_t i)
{
	const struct source *source = &discovery_sources[i];
	struct source_state *state = state_of(discovery, i);
	int r = source->open ? source->open(discovery) : 0;

	if (r < 0 && !state->closed)
		log_error(r, "%s: cannot be asked for tunnels; trying again", source->name);
	else if (r == 0 && state->closed)
		log_notice("%s: can be asked for tunnels now", source->name);
	state->closed = r < 0;
	return r == 0;
}

/* One that is closed waits for its time, whoever looks. Returns whether it can be asked. */
static bool try_source(struct discovery *discovery, size_t i)
{
	struct source_state *state = state_of(discovery, i);

	if (!state->closed)
		return true;
	if (state->poll_at_ns)
		return false;
	if (open_source(discovery, i))
		return true;
	state->poll_at_ns = clock_boottime_ns() + RETRY_NS;
	return false;
}

/* Asks one source. Returns whether its list is another than before. */
static bool look_at(struct discovery *discovery, size_t i, const struct source_look *look)
{
	const struct source *source = &discovery_sources[i];
	struct source_state *state = state_of(discovery, i);
	struct peer_list *told = peer_list_new();
	uint64_t now_ns, poll_ns = 0, suppressed;
	int r = told ? source->read(discovery, look, told, &poll_ns) : -ENOMEM;

	now_ns = clock_boottime_ns();
	if (r < 0) {
		peer_list_unref(told);
		if (!state->failing &&
		    log_may_speak(&state->failed, now_ns, 60 * NS_PER_SECOND, &suppressed)) {
			log_error(r, "%s: cannot be read, what it told last holds; trying again",
				  source->name);
			state->failing = true;
		}
		state->poll_at_ns = now_ns + RETRY_NS;
		return false;
	}
	if (state->failing)
		log_notice("%s: can be read again", source->name);
	state->failing = false;
	state->stale = false;
	state->poll_at_ns = poll_ns ? now_ns + poll_ns : 0;
	return replace(&discovery->lists[i], told);
}

bool discovery_look(struct discovery *discovery, const struct link *links, size_t count,
		    const struct config *config)
{
	const struct source_look look = { links, count, config };
	bool changed = false;

	for (size_t i = 0; i < discovery_source_count; i++) {
		if (state_of(discovery, i)->stale && try_source(discovery, i))
			changed |= look_at(discovery, i, &look);
	}
	schedule_poll(discovery);
	return changed;
}

struct peer_list *const *discovery_lists(const struct discovery *discovery, size_t *ret_count)
{
	*ret_count = discovery_source_count;
	return discovery->lists;
}

void discovery_add_totals(const struct discovery *discovery, uint64_t *malformed,
			  uint64_t *resyncs)
{
	const struct nl *const questions[] = { discovery->genl, discovery->xfrm, discovery->route };

	for (size_t i = 0; i < COUNT(questions); i++)
		*malformed += questions[i] ? nl_malformed_total(questions[i]) : 0;
	if (discovery->facts)
		*malformed += facts_malformed_total(discovery->facts);
	for (size_t i = 0; i < discovery->socket_count; i++) {
		const struct event_socket *socket = &discovery->sockets[i];

		*malformed += nl_malformed_total(socket->nl);
		*resyncs += socket->resyncs;
	}
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct event_socket *socket = userdata;
	int r;

	(void)source;
	(void)fd;
	(void)revents;
	r = nl_read_events(socket->nl, socket->message, socket->discovery);
	if (r < 0) {
		socket->resyncs++;
		discovery_forget(socket->discovery);
		socket->discovery->on_stale(socket->discovery->userdata);
	}
	return 0;
}

int discovery_watch(struct discovery *discovery, struct nl *nl, nl_message_fn message)
{
	struct event_socket *socket = &discovery->sockets[discovery->socket_count];
	int r;

	*socket = (struct event_socket){ .nl = nl, .message = message, .discovery = discovery };
	r = loop_io_init(&socket->io, discovery->event, nl_fd(nl), on_socket, socket);
	if (r < 0) {
		nl_close(nl);
		return r;
	}
	discovery->socket_count++;
	return 0;
}

static int make_lists(struct discovery *discovery)
{
	for (size_t i = 0; i < discovery_source_count; i++) {
		discovery->lists[i] = peer_list_new();
		if (!discovery->lists[i])
			return -ENOMEM;
	}
	return 0;
}

int discovery_open(sd_event *event, const struct facts_starter *starter,
		   void (*stale)(void *userdata), void *userdata,
		   struct discovery **ret_discovery)
{
	struct discovery *discovery = calloc(1, sizeof(*discovery));
	int r;

	if (!discovery)
		return log_error(-ENOMEM, "cannot set up the discovery of tunnels");
	discovery->event = event;
	if (starter)
		discovery->facts_starter = *starter;
	discovery->on_stale = stale;
	discovery->userdata = userdata;
	r = make_lists(discovery);
	if (r == 0)
		r = sd_event_add_time(event, &discovery->poll_source, CLOCK_BOOTTIME, 0, 100000,
				      on_poll, discovery);
	if (r >= 0)
		r = sd_event_source_set_enabled(discovery->poll_source, SD_EVENT_OFF);
	for (size_t i = 0; i < discovery_source_count && r >= 0; i++)
		open_source(discovery, i);
	if (r < 0) {
		log_error(r, "cannot set up the discovery of tunnels");
		discovery_close(discovery);
		return r;
	}
	discovery_forget(discovery);
	*ret_discovery = discovery;
	return 0;
}

void discovery_close(struct discovery *discovery)
{
	if (!discovery)
		return;
	for (size_t i = 0; i < discovery_source_count; i++) {
		if (discovery_sources[i].close)
			discovery_sources[i].close(discovery);
		peer_list_unref(discovery->lists[i]);
	}
	for (size_t i = 0; i < discovery->socket_count; i++) {
		loop_io_done(&discovery->sockets[i].io);
		nl_close(discovery->sockets[i].nl);
	}
	sd_event_source_disable_unref(discovery->poll_source);
	free(discovery);
}
