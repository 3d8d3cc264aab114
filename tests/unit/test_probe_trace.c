/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the answers come to, and real routers. Needs root, ip(8) and nft(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "daemon/paths/probe_trace.h"
#include "prober_stage.h"

/* What is known of each hop: - nothing, s a small probe was answered, L a large one too, l the large
 * one alone, m it told an MTU, t the endpoint answered a small one, T a large one too. */
static const struct {
	const char *name, *hops;
	bool large;
	size_t count;
	int narrow_after;
} conclusions[] = {
	{ "nobody says anything",            "------------", true,  0, -1 },
	{ "no large ones",                   "sst---------", false, 3, -1 },
	{ "no large ones, to the end",       "sssssssssss-", false, 11, -1 },
	{ "all of them reach it",            "LLT---------", true,  3, -1 },
	{ "none leaves this host",           "sst---------", true,  3, 0 },
	{ "behind the first",                "Lst---------", true,  3, 1 },
	{ "before the endpoint",             "LLt---------", true,  3, 2 },
	{ "a router says so",                "mst---------", true,  3, 1 },
	{ "the second one does",             "Lmt---------", true,  3, 2 },
	{ "it is the last that speaks",      "Lm----------", true,  2, 2 },
	{ "told, and past it all the same",  "mLT---------", true,  3, -1 },
	{ "told twice",                      "mmst--------", true,  4, 2 },
	{ "one that says nothing to large",  "LsLt--------", true,  4, 3 },
	{ "a silent one between",            "L-st--------", true,  4, -1 },
	{ "silent ones in front",            "--st--------", true,  4, -1 },
	{ "a silent one before the end",     "LL-T--------", true,  4, -1 },
	{ "the endpoint is silent",          "LLs---------", true,  3, 2 },
	{ "all that speak take it",          "LLL---------", true,  3, -1 },
	{ "a large one was answered alone",  "-Lt---------", true,  3, 2 },
	{ "the endpoint at many distances",  "Lttttttttttt", true,  2, 1 },
	{ "twelve hops",                     "LLLLLLLLLLLt", true,  12, 11 },
	{ "all twelve of them",              "LLLLLLLLLLLL", true,  12, -1 },
};

static struct trace_hop read_hop(char kind)
{
	return (struct trace_hop){
		.answered = kind == 's' || kind == 'L' || kind == 'm',
		.large = kind == 'L' || kind == 'T',
		.target = kind == 't' || kind == 'T',
		.mtu = kind == 'm' ? 1400 : 0,
	};
}

static void test_conclusions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(conclusions); i++) {
		struct trace_result result = { .count = 99, .narrow_after = 99 };

		assert_int_equal(strlen(conclusions[i].hops), TRACE_HOPS_MAX);
		for (size_t k = 0; k < TRACE_HOPS_MAX; k++)
			result.hops[k] = read_hop(conclusions[i].hops[k]);
		probe_trace_conclude(&result, conclusions[i].large);
		if (result.count != conclusions[i].count ||
		    result.narrow_after != conclusions[i].narrow_after)
			fail_msg("%s: %zu hops, narrow after %d", conclusions[i].name,
				 result.count, result.narrow_after);
	}
}

/* A trace that goes on, or has ended. */
struct traced {
	struct probe_trace *trace;
	struct trace_result result;
	unsigned int ends;
};

static void on_done(const struct trace_result *result, void *userdata)
{
	struct traced *traced = userdata;

	traced->result = *result;
	traced->ends++;
}

static int begin_trace(struct stage *stage, const char *to, bool udp, uint32_t large,
		       struct traced *traced)
{
	struct probe_packet small = { .destination = address_of(to), .udp = udp };

	*traced = (struct traced){ 0 };
	small.size = small.destination.family == FAMILY_IPV4 ? PROBE_SIZE_MIN4 : PROBE_SIZE_MIN6;
	return probe_trace_begin(stage->event, stage->prober, &small, large, on_done, traced,
				 &traced->trace);
}

#define TRIES 5
#define ROUTER4 "192.0.2.2"
#define ROUTER6 "2001:db8:1::2"
#define FAR6 "2001:db8:2::2"
/* A message that larger packets do not fit, in both families; or each ICMP error. */
#define NO_TOO_BIG "nft add table inet t && nft 'add chain inet t o { type filter hook output " \
		   "priority 0; }' && nft add rule inet t o icmp type destination-unreachable drop " \
		   "&& nft add rule inet t o icmpv6 type packet-too-big drop"
#define NO_ERRORS NO_TOO_BIG " && nft add rule inet t o icmp type time-exceeded drop && " \
			     "nft add rule inet t o icmpv6 type time-exceeded drop"

/* Its first two messages of three are lost. */
#define LOSSY "nft add table inet t && nft 'add chain inet t o { type filter hook output " \
	      "priority 0; }' && nft add rule inet t o icmp type time-exceeded " \
	      "numgen inc mod 3 0-1 drop"

/* Nothing passes. */
#define NO_WAY "nft add table inet t && nft 'add chain inet t f { type filter hook forward " \
	       "priority 0; policy drop; }'"

/* Two hops: the router, whose far link takes 1400 bytes, and the far end. */
static const struct {
	const char *name, *to, *router; /* NULL: it says nothing */
	const char *filter;             /* of the router */
	bool udp;
	uint32_t large;
	size_t count;
	int narrow_after;
	uint32_t mtu;         /* that the router tells */
	bool router_large, target_large;
	uint64_t least_ms, most_ms;
} paths[] = {
	{ "honest",       FAR_ADDRESS, ROUTER4, NULL, false, 1401, 2, 1, 1400, true, false, 0, 1000 },
	{ "honest, UDP",  FAR_ADDRESS, ROUTER4, NULL, true,  1401, 2, 1, 1400, true, false, 0, 1000 },
	{ "IPv6",         FAR6, ROUTER6, NULL, false, 1401, 2, 1, 1400, true, false, 0, 1000 },
	{ "IPv6, UDP",    FAR6, ROUTER6, NULL, true,  1401, 2, 1, 1400, true, false, 0, 1000 },
	{ "it fits",      FAR_ADDRESS, ROUTER4, NULL, false, 1400, 2, -1, 0, true, true, 0, 1000 },
	{ "small alone",  FAR_ADDRESS, ROUTER4, NULL, false, 0,    2, -1, 0, false, false, 0, 1000 },
	{ "two of three lost", FAR_ADDRESS, ROUTER4, LOSSY, false, 0, 2, -1, 0, false, false,
	  1200, 4100 },
	{ "black hole",   FAR_ADDRESS, ROUTER4, NO_TOO_BIG, false, 1401, 2, 1, 0, true, false,
	  1000, 4100 },
	{ "IPv6 black hole", FAR6, ROUTER6, NO_TOO_BIG, false, 1401, 2, 1, 0, true, false,
	  1000, 4100 },
	{ "silent router", FAR_ADDRESS, NULL, NO_ERRORS, false, 1401, 2, -1, 0, false, false,
	  1000, 4100 },
	{ "silent end",   FAR_ADDRESS, ROUTER4, NO_WAY, false, 0, 1, -1, 0, false, false,
	  1000, 4100 },
	{ "silent end, IPv6", FAR6, ROUTER6, NO_WAY, true, 1400, 1, -1, 0, true, false,
	  1000, 4100 },
	{ "nobody",       SILENT_ADDRESS, NULL, NULL, false, 0, 0, -1, 0, false, false,
	  600, 4100 },
	/* too large for the first link: nothing is sent, so nothing is waited for */
	{ "larger than the link", FAR_ADDRESS, ROUTER4, NULL, false, 1501, 2, 0, 0, false, false,
	  0, 1000 },
};

static void check_hops(size_t i, const struct trace_result *result)
{
	const struct trace_hop *first = &result->hops[0], *second = &result->hops[1];
	bool answers = paths[i].router != NULL;
	char text[PREFIX_TEXT_MAX];

	if (result->count != paths[i].count || result->narrow_after != paths[i].narrow_after)
		fail_msg("%s: %zu hops, narrow after %d", paths[i].name, result->count,
			 result->narrow_after);
	if (first->answered != answers || first->large != paths[i].router_large ||
	    first->mtu != paths[i].mtu || first->target)
		fail_msg("%s: the router: %d %d MTU %u %d", paths[i].name, first->answered,
			 first->large, first->mtu, first->target);
	if (answers)
		assert_string_equal(address_format(&first->address, text), paths[i].router);
	if (second->target != (paths[i].count == 2) || second->large != paths[i].target_large)
		fail_msg("%s: the end: %d %d", paths[i].name, second->target, second->large);
	if (second->target)
		assert_string_equal(address_format(&second->address, text), paths[i].to);
}

/* Returns how long it took: ms. */
static uint64_t trace_path(size_t i)
{
	uint64_t begin_ns, took_ms;
	struct traced traced;
	struct stage stage;

	begin(&stage, FAR_ADDRESS, false);
	if (paths[i].filter)
		assert_int_equal(run_in(ROUTER, paths[i].filter), 0);
	begin_ns = clock_boottime_ns();
	assert_int_equal(begin_trace(&stage, paths[i].to, paths[i].udp, paths[i].large, &traced),
			 0);
	run_until(&stage, &traced.ends, 1);
	took_ms = (clock_boottime_ns() - begin_ns) / NS_PER_MS;
	if (paths[i].filter)
		assert_int_equal(run_in(ROUTER, "nft flush ruleset"), 0);
	check_hops(i, &traced.result);
	run_for(&stage, 20);
	assert_int_equal(traced.ends, 1);
	end(&stage);
	return took_ms;
}

/* A machine may stand still for a second, but what waits in vain does so each time. */
static void test_real_routers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		uint64_t took_ms = trace_path(i);

		for (int tries = 1; tries < TRIES && took_ms > paths[i].most_ms; tries++)
			took_ms = trace_path(i);
		if (took_ms < paths[i].least_ms || took_ms > paths[i].most_ms)
			fail_msg("%s: %d ms", paths[i].name, (int)took_ms);
	}
}

/* However little may be sent, it ends in time. */
static void test_small_budget(void **state)
{
	struct stage stage;
	struct traced traced;
	uint64_t begin_ns;

	(void)state;
	begin(&stage, FAR_ADDRESS, false);
	stage.config->path.rate_pps = 1;
	prober_configure(stage.prober, stage.config);
	begin_ns = clock_boottime_ns();
	assert_int_equal(begin_trace(&stage, SILENT_ADDRESS, true, 1400, &traced), 0);
	run_until(&stage, &traced.ends, 1);
	assert_in_range((clock_boottime_ns() - begin_ns) / NS_PER_MS, 3500, 4100);
	assert_in_range(sent(&stage), 1, 4);
	end(&stage);
}

static void test_one_at_a_time(void **state)
{
	struct stage stage;
	struct traced first, second;
	uint64_t before;

	(void)state;
	begin(&stage, FAR_ADDRESS, false);
	assert_int_equal(begin_trace(&stage, SILENT_ADDRESS, true, 1400, &first), 0);
	assert_int_equal(begin_trace(&stage, FAR_ADDRESS, true, 1401, &second), -EBUSY);
	while (sent(&stage) == 0)
		assert_true(sd_event_run(stage.event, 100000) > 0);
	probe_trace_cancel(first.trace);
	before = sent(&stage);
	run_for(&stage, 300);
	assert_int_equal(sent(&stage), before);
	assert_int_equal(begin_trace(&stage, FAR_ADDRESS, true, 1401, &second), 0);
	run_until(&stage, &second.ends, 1);
	assert_int_equal(first.ends, 0);
	assert_int_equal(second.result.narrow_after, 1);
	probe_trace_cancel(NULL);
	end(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conclusions),
		cmocka_unit_test(test_real_routers),
		cmocka_unit_test(test_small_budget),
		cmocka_unit_test(test_one_at_a_time),
	};

	return cmocka_run_group_tests_name("probe_trace", tests, set_up, tear_down);
}
