/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: policy
 *
 * Whatever is told to the plan, in whatever order: budgets hold, no one is probed who is no target,
 * sizes and measures stay within their bounds. Three bytes are one event. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "policy/probe/probe_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TARGETS 8
#define RATE 20
#define KEPT 256 /* packets that may still be heard of */
#define FLOOR4 576
#define FLOOR6 1280

struct world {
	struct probe_plan *plan;
	uint64_t now_ns;
	uint8_t present;               /* a bit for each target */
	uint64_t ids[KEPT];
	size_t sent;
	uint64_t sent_ns[RATE];        /* ring */
	uint64_t path_ns[TARGETS + 1][RATE / 2], path_sent[TARGETS + 1];
	uint64_t run;
};

static void require(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static enum family family_of(unsigned int host)
{
	return host % 3 == 2 ? FAMILY_IPV6 : FAMILY_IPV4;
}

/* Links of the targets that are below a floor. */
static bool is_narrow(uint32_t mtu)
{
	return mtu == 576 || mtu == 100;
}

static struct probe_target make_target(unsigned int host, uint8_t kind)
{
	static const uint32_t sizes[] = { 1500, 1492, 1280, 9000, 576, 1400, 100, 65535 };
	struct probe_target target = {
		.peer = strdup("p"),
		.way.destination = { .family = family_of(host), .bytes = { (uint8_t)(host + 1) } },
		.endpoint_port = (uint16_t)host,
		.assumed = sizes[kind & 7],
		.hint = kind & 8 ? 500u + (kind >> 4) * 64u : 0,
		.inside_count = kind & 1 ? 2 : kind >> 7,
		.layer = { { .kind = kind & 2 ? ENCAP_WIREGUARD : ENCAP_IPIP } },
		.layer_count = 1,
		.link_mtu = kind & 4 ? 1420 : 0,
	};

	if (asprintf(&target.tunnel, "t%u", host) < 0)
		target.tunnel = NULL;
	require(target.tunnel && target.peer, "memory");
	return target;
}

static void update(struct world *world, uint8_t present, uint8_t kind)
{
	struct probe_target_list list = { .list = calloc(TARGETS, sizeof(*list.list)) };

	require(list.list, "memory");
	for (unsigned int host = 0; host < TARGETS; host++)
		if (present >> host & 1)
			list.list[list.count++] = make_target(host, (uint8_t)(kind + host * 9));
	world->present = present;
	require(probe_plan_update(world->plan, &list, world->now_ns) >= 0, "memory");
}

static void check_window(uint64_t *ring, uint64_t place, uint32_t rate, uint64_t now_ns)
{
	uint64_t *oldest = &ring[place % rate];

	require(!*oldest || now_ns - *oldest >= NS_PER_SECOND, "a budget");
	*oldest = now_ns;
}

static void check_order(struct world *world, const struct probe_order *order)
{
	const struct probe_target *target = order->target;
	unsigned int host = target->endpoint_port;

	require(order->id, "an id");
	for (size_t i = 0; i < KEPT; i++)
		require(world->ids[i] != order->id, "ids are unique");
	world->ids[world->sent % KEPT] = order->id;
	check_window(world->sent_ns, world->sent++, RATE, world->now_ns);
	if (host < TARGETS)
		check_window(world->path_ns[host], world->path_sent[host]++, RATE / 2,
			     world->now_ns);
	require(host == TARGETS || world->present >> host & 1, "only targets are probed");
	require(order->size >= 64, "not smaller than a small one");
	require(order->size <= target->assumed, "not larger than assumed");
	require(order->side == PROBE_OUTSIDE || order->inside < target->inside_count, "an address");
}

static void send_some(struct world *world, unsigned int most, uint8_t what)
{
	static const int errors[] = { 0, 0, 0, 0, 0, -EMSGSIZE, -EACCES, -ENETUNREACH };
	struct probe_order order;
	uint64_t wait_ns;

	for (unsigned int i = 0; i < most; i++) {
		if (!probe_plan_next(world->plan, world->now_ns, &order, &wait_ns)) {
			require(wait_ns > world->now_ns, "it waits for later");
			world->now_ns = wait_ns < world->now_ns + 100 * NS_PER_MS
				? wait_ns : world->now_ns + 100 * NS_PER_MS;
			continue;
		}
		check_order(world, &order);
		probe_plan_sent(world->plan, order.id, errors[what & 7], world->now_ns);
		if (what & 8)
			probe_plan_answered(world->plan, order.id, what >> 4 & 3, world->now_ns);
	}
}

static void hear(struct world *world, uint8_t which, uint8_t what)
{
	static const struct address router = { .family = FAMILY_IPV4, .bytes = { 9 } };
	static const uint32_t mtus[] = { 0, 68, 552, 576, 1279, 1280, 1400, 65535 };
	uint64_t id = world->ids[(world->sent + which) % KEPT];

	if (what & 128)
		probe_plan_too_big(world->plan, id, mtus[what & 7], &router, world->now_ns);
	else
		probe_plan_answered(world->plan, id, what % 3, world->now_ns);
}

static void ask(struct world *world, uint8_t who, uint8_t what)
{
	const struct probe_run_options options = { .most = (what & 15) * 100u, .tries = what >> 6 };
	struct probe_target target = make_target(TARGETS, what);
	char tunnel[8];

	if (what & 16) {
		probe_plan_cancel(world->plan, world->run);
	} else if (what & 32) {
		probe_plan_run_once(world->plan, &target, &options, world->now_ns, &world->run);
	} else {
		snprintf(tunnel, sizeof(tunnel), "t%u", who % TARGETS);
		probe_plan_run(world->plan, tunnel, "p", NULL, &options, world->now_ns, &world->run);
	}
	if (target.tunnel)
		probe_target_done(&target);
}

static void check_measures(struct world *world)
{
	size_t count;
	const struct path_measure *measures = probe_plan_measures(world->plan, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t floor = measures[i].endpoint.family == FAMILY_IPV6 ? FLOOR6 : FLOOR4;

		require(i == 0 || path_measure_compare(&measures[i - 1], &measures[i]) < 0,
			"sorted");
		require(measures[i].mtu >= floor || is_narrow(measures[i].mtu),
			"not below the floor, but for links that are");
	}
}

static void check_reports(struct world *world)
{
	struct probe_report report;

	while (probe_plan_take_report(world->plan, &report)) {
		require(report.finished && report.result < PROBE_RESULTS, "a result");
		require(report.size_count <= PROBE_SIZES_MAX, "sizes");
		require(report.mtu <= report.target->assumed, "not above what is assumed");
		require(report.end_ns >= report.begin_ns, "time");
	}
	if (probe_plan_look(world->plan, world->run, &report))
		require(!report.finished && report.mtu <= report.target->assumed, "a look");
}

static void remember(struct world *world, uint8_t host, uint8_t what)
{
	char tunnel[8];
	const struct path_measure measure = {
		.tunnel = tunnel, .peer = "p", .mtu = what * 20u, .how = what % 3,
		.endpoint = { .family = family_of(host % TARGETS),
			      .bytes = { (uint8_t)(host % TARGETS + 1) } },
	};

	snprintf(tunnel, sizeof(tunnel), "t%u", host % TARGETS);
	require(probe_plan_remember(world->plan, &measure, 1, world->now_ns) == 0, "memory");
}

static void play(struct world *world, uint8_t event, uint8_t a, uint8_t b)
{
	switch (event & 7) {
	case 0:
		world->now_ns += (1 + a + ((uint64_t)b << 8)) * NS_PER_MS;
		break;
	case 1:
		update(world, a, b);
		break;
	case 2:
	case 3:
		send_some(world, a & 31, b);
		break;
	case 4:
		hear(world, a, b);
		break;
	case 5:
		ask(world, a, b);
		break;
	case 6:
		remember(world, a, b);
		break;
	case 7:
		probe_plan_allow_ping(world->plan, a & 1, b & 1);
		break;
	}
	check_measures(world);
	if (event & 8)
		check_reports(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct probe_plan_config config = {
		.automatic = true, .interval_ns = 20 * NS_PER_SECOND, .rate_pps = RATE,
		.floor = { FLOOR4, FLOOR6 },
		.seed = size,
	};
	struct world world = { .plan = probe_plan_new(&config), .now_ns = NS_PER_SECOND };

	require(world.plan, "memory");
	for (size_t i = 0; i + 2 < size && i < 1200; i += 3)
		play(&world, data[i], data[i + 1], data[i + 2]);
	probe_plan_free(world.plan);
	return 0;
}
