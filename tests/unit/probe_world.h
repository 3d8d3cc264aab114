/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan with a peer that answers at once. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/probe/probe_plan.h"

#define SECOND NS_PER_SECOND
#define INTERVAL (600 * SECOND)

/* One plan, its clock, and what answers it. */
struct world {
	struct probe_plan *plan;
	uint64_t now_ns;
	uint32_t passes;         /* outside, bytes */
	uint32_t echo_to;        /* a filter drops larger echoes outside: bytes, 0: none does */
	uint32_t whole_to;       /* what is larger inside comes in pieces: outer size, 0: nothing */
	uint32_t cut_to;         /* what this host makes of packets from inside, whose pieces get
				  * lost: outer size, 0: nothing */
	bool silent[PROBE_SIDES];
	int error[PROBE_METHODS]; /* of sending */
	unsigned int orders[PROBE_SIDES][PROBE_METHODS];
	size_t inside;           /* the address that answers */
	uint32_t largest;        /* outer size that was sent */
	uint64_t sent_ns[256][5]; /* rings by path (path_key): half of 10 a second */
	unsigned int sent[256];
	struct probe_report last;
	unsigned int reports;
	int recalled;            /* what the last update returned */
};

static inline struct probe_target make_target(const char *tunnel, const char *peer, uint8_t host,
				       uint32_t assumed, uint32_t hint)
{
	return (struct probe_target){
		.tunnel = strdup(tunnel), .peer = strdup(peer), .assumed = assumed, .hint = hint,
		.way.destination = { .family = FAMILY_IPV4, .bytes = { 192, 0, 2, host } },
		.layer = { { .kind = ENCAP_WIREGUARD } }, .layer_count = 1, .link_mtu = 1420,
		.inside = { { .address = { .family = FAMILY_IPV4, .bytes = { 10, 0, 0, 1 } } },
			    { .address = { .family = FAMILY_IPV4, .bytes = { 10, 0, 0, 2 } } } },
		.inside_count = 2,
	};
}

/* Tells the plan that there are these targets: up to the first without a tunnel. */
static inline void update(struct world *world, const struct probe_target *targets, size_t count)
{
	struct probe_target_list list = { .list = calloc(count + 1, sizeof(*targets)) };

	assert_non_null(list.list);
	if (count)
		memcpy(list.list, targets, count * sizeof(*targets));
	list.count = count;
	world->recalled = probe_plan_update(world->plan, &list, world->now_ns);
	assert_true(world->recalled >= 0);
	assert_int_equal(list.count, 0); /* taken */
}

static inline void update_one(struct world *world, uint8_t host, uint32_t assumed, uint32_t hint)
{
	struct probe_target target = make_target("wg0", "alice", host, assumed, hint);

	update(world, &target, 1);
}

static inline void begin(struct world *world)
{
	const struct probe_plan_config config = {
		.automatic = true, .interval_ns = INTERVAL, .rate_pps = 10,
		.floor = { 576, 1280 }, .seed = 7,
	};

	*world = (struct world){ .now_ns = SECOND, .passes = 1500 };
	world->plan = probe_plan_new(&config);
	assert_non_null(world->plan);
}

/* Of one path, whatever begins and ends: 5 packets in any second. */
static inline uint8_t path_key(const struct probe_target *target)
{
	size_t length = strlen(target->tunnel);
	uint8_t number = length ? (uint8_t)(target->tunnel[length - 1] - '0') : 0;

	return (uint8_t)(target->way.destination.bytes[3] ^ number << 6);
}

static inline void check_budget(struct world *world, const struct probe_target *target)
{
	uint8_t key = path_key(target);
	uint64_t *oldest = &world->sent_ns[key][world->sent[key]++ % 5];

	assert_true(!*oldest || world->now_ns - *oldest >= SECOND);
	*oldest = world->now_ns;
}

static inline void deliver(struct world *world, const struct probe_order *order)
{
	bool inside = order->side == PROBE_INSIDE;
	uint32_t outer = inside ? probe_target_outer(order->target, order->size) : order->size;
	int error = world->error[order->method];

	check_budget(world, order->target);
	world->orders[order->side][order->method]++;
	if (outer > world->largest)
		world->largest = outer;
	probe_plan_sent(world->plan, order->id, error, world->now_ns);
	if (error || outer > world->passes || world->silent[order->side] ||
	    (inside && world->cut_to && outer > world->cut_to) ||
	    (!inside && order->method == PROBE_PING && world->echo_to && outer > world->echo_to) ||
	    (inside && order->inside != world->inside))
		return;
	probe_plan_answered(world->plan, order->id,
			    inside && world->whole_to && outer > world->whole_to ? WHOLE_NO : WHOLE_YES,
			    world->now_ns + NS_PER_MS);
}

static inline void run_until(struct world *world, uint64_t until_ns)
{
	while (world->now_ns < until_ns) {
		struct probe_order order;
		uint64_t wait_ns = 0;

		while (probe_plan_next(world->plan, world->now_ns, &order, &wait_ns))
			deliver(world, &order);
		while (probe_plan_take_report(world->plan, &world->last))
			world->reports++;
		world->now_ns = wait_ns < until_ns ? wait_ns : until_ns;
	}
}

static inline void run_for(struct world *world, uint64_t seconds)
{
	run_until(world, world->now_ns + seconds * SECOND);
}

static inline const struct path_measure *only_measure(struct world *world)
{
	size_t count;
	const struct path_measure *measures = probe_plan_measures(world->plan, &count);

	assert_int_equal(count, 1);
	return measures;
}
