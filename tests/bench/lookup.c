/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a look-up in the snapshot costs, and what it costs to make one and free the one before.
 * CPU time, the best of many rounds: what else runs on the machine can only add to it.
 * Prints JSON. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "world.h"

enum { FLOWS = 4096, LOOKUP_ROUNDS = 200, BUILD_ROUNDS = 15 };

/* Another snapshot in place of the one before, whose peers go with it; returns what it cost. */
static uint64_t rebuild(struct snapshot_input *input, struct peer_list *list,
			struct snapshot **snapshot)
{
	struct snapshot *old = *snapshot;
	uint64_t begin;

	input->tunnels = list ? make_set(list, input) : NULL;
	begin = cpu_ns();
	if (list && selector_table_build(input->tunnels->peers, input->tunnels->peer_count,
					 &input->tunnels->selectors) < 0)
		abort();
	if (snapshot_build(input, snapshot) < 0)
		abort();
	snapshot_free(old);
	return cpu_ns() - begin;
}

static uint64_t look_up_all(const struct snapshot *snapshot, const struct flow *flows)
{
	static volatile uint32_t sink;
	uint64_t begin = cpu_ns();
	uint32_t sum = 0;

	for (size_t i = 0; i < FLOWS; i++)
		sum += snapshot_lookup(snapshot, &flows[i]).mss;
	sink = sum;
	(void)sink;
	return cpu_ns() - begin;
}

/* From outside to one of the hosts, or from one host to another. */
static double measure_lookup(const struct snapshot *snapshot, enum family family, uint32_t hosts,
			     uint32_t tunnels, bool between)
{
	static struct address sources[FLOWS], destinations[FLOWS];
	static struct flow flows[FLOWS];
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < FLOWS; i++) {
		uint32_t from = random_below(hosts), to = random_below(hosts);

		sources[i] = host(family, between ? from : from + (UINT32_C(1) << 22));
		destinations[i] = host(family, to);
		flows[i] = (struct flow){
			.family = family,
			.in_ifindex = between ? WG0 + from % tunnels : ETH0,
			.out_ifindex = WG0 + to % tunnels,
			.source = sources[i].bytes,
			.destination = destinations[i].bytes,
		};
	}
	for (int round = 0; round < LOOKUP_ROUNDS; round++) {
		uint64_t took = look_up_all(snapshot, flows);

		best = took < best ? took : best;
	}
	return (double)best / FLOWS;
}

struct bench {
	const char *name;
	uint32_t tunnels, rules, prefix_rules, peer_rules, routes, peers, policies;
};

static const struct bench benches[] = {
	/* name, tunnels, rules: by interface | prefix | peer, routes, peers, policies */
	{ "nothing",                              1, 0,    0,    0,      0,    0,    0 },
	{ "1 rule",                               1, 1,    0,    0,      0,    0,    0 },
	{ "100 prefix rules",                     1, 0,  100,    0,      0,    0,    0 },
	{ "1,000 prefix rules",                   1, 0, 1000,    0,      0,    0,    0 },
	{ "10,000 prefix rules",                  1, 0, MANY,    0,      0,    0,    0 },
	{ "100,000 prefix rules",                 1, 0, ROUTES,  0,      0,    0,    0 },
	{ "100,000 routes",                       1, 0,    0,    0, ROUTES,    0,    0 },
	{ "10,000 peers",                         1, 0,    0,    0,      0, MANY,    0 },
	{ "10,000 peers, a rule for each",        1, 0,    0, MANY,      0, MANY,    0 },
	{ "10,000 peers and routes",              1, 0,    0,    0,   MANY, MANY,    0 },
	{ "100 tunnels with 100 peers",         100, 0,    0,    0,      0, MANY,    0 },
	{ "10,000 IPsec policies",                1, 0,    0,    0,      0,    0, MANY },
	{ "10,000 policies, a rule for each",     1, 0,    0, MANY,      0,    0, MANY },
	{ "1,000 links, a rule for each",      1000, 1000, 0,    0,      0,    0,    0 },
	{ "1,000 links, 10,000 prefix rules",  1000, 0, MANY,    0,      0,    0,    0 },
};

static struct peer_list *bench_peers(const struct bench *bench)
{
	uint32_t count = bench->peers + bench->policies;

	return count ? make_peers(count, bench->tunnels, bench->policies > 0) : NULL;
}

static struct rule make_rule(const struct bench *bench, uint32_t n, const struct peer_list *peers)
{
	struct rule rule = { .action = RULE_MSS, .value = 1300, .text = (char *)"rule" };
	char name[IF_NAMESIZE];

	if (n < bench->rules) {
		snprintf(name, sizeof(name), "wg%u", n + 1);
		rule.interface = strdup(name);
	} else if (n < bench->rules + bench->prefix_rules) {
		rule.has_prefix = true;
		rule.prefix = host_prefix(FAMILY_IPV4, n - bench->rules);
	} else if (peers) {
		rule.peer = peers->list[n - bench->rules - bench->prefix_rules].id;
	}
	return rule;
}

static void run(const struct bench *bench)
{
	uint32_t rule_count = bench->rules + bench->prefix_rules + bench->peer_rules;
	uint32_t hosts = bench->routes > MANY || bench->prefix_rules > MANY ? ROUTES : MANY;
	struct peer_list *named = bench_peers(bench); /* the rules borrow their ids */
	struct rules rules = { .list = zeroed(rule_count, sizeof(struct rule)) };
	struct route *routes = zeroed(bench->routes, sizeof(*routes));
	struct snapshot_link *links = make_links(bench->tunnels + 1);
	struct snapshot_input input = {
		.links = links, .link_count = bench->tunnels + 1, .rules = &rules,
		.routes = routes, .route_count = bench->routes,
	};
	struct snapshot *snapshot = NULL;
	uint64_t best = UINT64_MAX;

	shuffle(hosts);
	for (; rules.count < rule_count; rules.count++)
		rules.list[rules.count] = make_rule(bench, (uint32_t)rules.count, named);
	for (uint32_t i = 0; i < bench->routes; i++)
		routes[i] = (struct route){ host_prefix(FAMILY_IPV4, i), WG0, 1300 + i % 100 };
	for (int round = 0; round <= BUILD_ROUNDS; round++) {
		uint64_t took = rebuild(&input, bench_peers(bench), &snapshot);

		if (round > 0 && took < best)
			best = took;
	}
	printf("{\"name\":\"%s\",\"ipv4_ns\":%.1f,\"ipv6_ns\":%.1f,\"between_ns\":%.1f,"
	       "\"rebuild_ms\":%.3f}",
	       bench->name, measure_lookup(snapshot, FAMILY_IPV4, hosts, bench->tunnels, false),
	       measure_lookup(snapshot, FAMILY_IPV6, hosts, bench->tunnels, false),
	       measure_lookup(snapshot, FAMILY_IPV4, hosts, bench->tunnels, true),
	       (double)best / 1e6);
	snapshot_free(snapshot);
	peer_list_unref(named);
	for (uint32_t i = 0; i < bench->rules; i++)
		free(rules.list[i].interface);
	free(rules.list);
	free(routes);
	free(links);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
		printf("%s", i ? ",\n" : "[");
		run(&benches[i]);
	}
	puts("]");
	return 0;
}
