/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

struct sim_event {
	uint64_t at_ns, id, serial;
	enum { SIM_ANSWER, SIM_TOO_BIG } kind;
	bool cut;
	uint64_t reassembled; /* by the host when it was sent */
	uint32_t mtu;
};

uint64_t sim_random(struct sim_net *net, uint64_t below)
{
	net->seed = net->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return below ? (net->seed >> 33) % below : 0;
}

bool sim_chance(struct sim_net *net, unsigned int percent)
{
	return sim_random(net, 100) < percent;
}

static void require(struct sim_net *net, bool held, const char *what)
{
	if (held)
		return;
	if (!net->fault_count++)
		net->fault = what;
}

static void push(struct sim_net *net, struct sim_event event)
{
	size_t i = net->event_count;

	event.serial = net->sent;
	if (array_reserve((void **)&net->events, &net->event_capacity, i + 1, sizeof(event)) < 0)
		abort();
	for (; i > 0 && net->events[(i - 1) / 2].at_ns > event.at_ns; i = (i - 1) / 2)
		net->events[i] = net->events[(i - 1) / 2];
	net->events[i] = event;
	net->event_count++;
}

static struct sim_event pop(struct sim_net *net)
{
	struct sim_event first = net->events[0], last = net->events[--net->event_count];
	size_t i = 0;

	for (size_t child = 1; child < net->event_count; child = 2 * i + 1) {
		if (child + 1 < net->event_count &&
		    net->events[child + 1].at_ns < net->events[child].at_ns)
			child++;
		if (net->events[child].at_ns >= last.at_ns)
			break;
		net->events[i] = net->events[child];
		i = child;
	}
	net->events[i] = last;
	return first;
}

/* In any second as many as allowed, over all and on this path. */
static void check_budget(struct sim_net *net, struct sim_path *path)
{
	uint32_t most = net->rate_pps / 2 < 2 ? 2 : net->rate_pps / 2;
	uint64_t *all = &net->sent_ns[net->sent++ % net->rate_pps];
	uint64_t *own;

	most = most < 64 ? most : 64;
	own = &path->sent_ns[path->sent++ % most];
	require(net, !*all || net->now_ns - *all >= NS_PER_SECOND, "the budget of all");
	require(net, !*own || net->now_ns - *own >= NS_PER_SECOND, "the budget of a path");
	*all = *own = net->now_ns;
}

/* The far kernel's limit on ICMP errors; a use of it where one is sent. */
static bool may_tell(struct sim_path *path, enum probe_side side, uint64_t now_ns)
{
	uint64_t *tokens = &path->tokens_ns[side];

	if (!path->limited)
		return true;
	*tokens = path->filled_ns[side] ? *tokens + now_ns - path->filled_ns[side]
					: 6 * NS_PER_SECOND;
	path->filled_ns[side] = now_ns;
	if (*tokens > 6 * NS_PER_SECOND)
		*tokens = 6 * NS_PER_SECOND;
	if (*tokens < NS_PER_SECOND)
		return false;
	*tokens -= NS_PER_SECOND;
	return true;
}

static void too_big(struct sim_net *net, const struct sim_path *path, uint64_t id, uint32_t mtu)
{
	push(net, (struct sim_event){ .at_ns = net->now_ns + path->rtt_ns / 2, .id = id,
				      .kind = SIM_TOO_BIG, .mtu = mtu });
}

static void answer(struct sim_net *net, const struct sim_path *path, uint64_t id, bool cut)
{
	struct sim_event event = {
		.at_ns = net->now_ns + path->rtt_ns, .id = id, .cut = cut,
		.reassembled = net->reassembled,
	};

	if (sim_chance(net, path->busy))
		net->reassembled++;
	event.at_ns += sim_random(net, path->spread_ns);
	if (sim_chance(net, path->late))
		event.at_ns += 1200 * NS_PER_MS + sim_random(net, NS_PER_SECOND);
	push(net, event);
	if (sim_chance(net, path->doubled)) {
		event.at_ns += sim_random(net, 50 * NS_PER_MS);
		push(net, event);
	}
}

/* One packet on its way there and back. */
static void deliver(struct sim_net *net, struct sim_path *path, const struct probe_order *order)
{
	bool inside = order->side == PROBE_INSIDE, ping = order->method == PROBE_PING;
	uint32_t outer = inside ? probe_target_outer(order->target, order->size) : order->size;
	bool may_cut = inside && path->fragments, cut = false;

	if (!inside && path->lies && sim_chance(net, path->lies))
		too_big(net, path, order->id, path->lie[sim_random(net, 4)]);
	if (path->dead || net->now_ns % (2 * NS_PER_SECOND) < path->outage_ns ||
	    sim_chance(net, path->loss_forth))
		return;
	if (outer > path->forth) {
		if (path->honest && !inside)
			too_big(net, path, order->id, path->forth);
		if (!may_cut)
			return;
		cut = true;
	}
	if (ping ? path->no_ping[order->side] : path->no_udp[order->side])
		return;
	if (!ping && !may_tell(path, order->side, net->now_ns + path->rtt_ns / 2)) {
		net->muted++;
		return;
	}
	if (sim_chance(net, path->loss_back))
		return;
	if (ping && outer > path->back) {
		if (!may_cut)
			return;
		cut = true;
	}
	answer(net, path, order->id, cut);
}

static void send_one(struct sim_net *net, const struct probe_order *order)
{
	struct sim_path *path = &net->paths[order->target->endpoint_port];

	require(net, !path->gone, "a probe to who is no target");
	require(net, order->size >= 64 && order->size <= order->target->assumed, "a size");
	check_budget(net, path);
	probe_plan_sent(net->plan, order->id, 0, net->now_ns);
	deliver(net, path, order);
}

static void hear(struct sim_net *net, const struct sim_event *event)
{
	static const struct address router = { .family = FAMILY_IPV4,
					       .bytes = { 198, 51, 100, 1 } };

	if (event->kind == SIM_ANSWER) {
		net->reassembled += event->cut;
		probe_plan_answered(net->plan, event->id,
				    net->reassembled > event->reassembled ? WHOLE_NO : WHOLE_YES,
				    net->now_ns);
	} else {
		probe_plan_too_big(net->plan, event->id, event->mtu, &router, net->now_ns);
	}
}

static bool all_gone(const struct sim_net *net)
{
	for (size_t i = 0; i < net->count; i++)
		if (!net->paths[i].gone)
			return false;
	return true;
}

void sim_run(struct sim_net *net, uint64_t until_ns,
	     void (*ended)(struct sim_net *net, const struct probe_report *report, void *userdata),
	     void *userdata)
{
	for (;;) {
		uint64_t wait_ns = net->now_ns;
		struct probe_order order;

		while (probe_plan_next(net->plan, net->now_ns, &order, &wait_ns))
			send_one(net, &order);
		while (probe_plan_take_report(net->plan, &net->last)) {
			net->reports++;
			if (ended)
				ended(net, &net->last, userdata);
		}
		if (net->event_count && net->events[0].at_ns < wait_ns)
			wait_ns = net->events[0].at_ns;
		require(net, wait_ns != UINT64_MAX || all_gone(net), "nobody waits for anything");
		if (wait_ns >= until_ns)
			break;
		if (wait_ns > net->now_ns)
			net->now_ns = wait_ns;
		while (net->event_count && net->events[0].at_ns <= net->now_ns) {
			struct sim_event event = pop(net);

			hear(net, &event);
		}
	}
	net->now_ns = until_ns;
}

