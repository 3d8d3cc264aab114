/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replays queued SYNs through all that a worker does in user space: the messages of the kernel in,
 * the bytes of the verdicts out, by the worker's own functions. tests/bench/instructions counts
 * with callgrind what happens inside replay_batch.
 * replay SCENARIO; without one it prints their names */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/queue_message.h"
#include "edge/queue/queue_answer.h"
#include "world.h"

enum { BATCH = 64, BATCHES = 64, SYNS = BATCH * BATCHES };

/* A rule for all behind rules for a host each, or as many peers or routes for a host each. */
struct scenario {
	const char *name;
	enum family family;
	uint32_t rules, peers, routes;
};

static const struct scenario scenarios[] = {
	{ "1-rule-ipv4",           FAMILY_IPV4,   1,    0,      0 },
	{ "1-rule-ipv6",           FAMILY_IPV6,   1,    0,      0 },
	{ "100-rules-ipv4",        FAMILY_IPV4, 100,    0,      0 },
	{ "100-rules-ipv6",        FAMILY_IPV6, 100,    0,      0 },
	{ "10000-peers-ipv4",      FAMILY_IPV4,   0, MANY,      0 },
	{ "10000-peers-ipv6",      FAMILY_IPV6,   0, MANY,      0 },
	{ "100000-prefixes-ipv4",  FAMILY_IPV4,   0,    0, ROUTES },
	{ "100000-prefixes-ipv6",  FAMILY_IPV6,   0,    0, ROUTES },
};

struct message {
	size_t len;
	uint8_t bytes[QUEUE_MESSAGE_MAX];
};

static struct message messages[SYNS];
static uint8_t slots[BATCH][QUEUE_SLOT_LEN];

/* The last rule is the one for all. */
static struct rules *make_rules(const struct scenario *scenario)
{
	struct rules *rules = zeroed(1, sizeof(*rules));

	rules->list = zeroed(scenario->rules, sizeof(struct rule));
	for (; rules->count < scenario->rules; rules->count++) {
		struct rule *rule = &rules->list[rules->count];

		*rule = (struct rule){ .action = RULE_MSS, .value = 1300, .text = (char *)"rule" };
		if (rules->count + 1 == scenario->rules)
			continue;
		rule->has_prefix = true;
		rule->prefix = host_prefix(scenario->family, (uint32_t)rules->count);
	}
	return rules;
}

static struct snapshot *make_snapshot(const struct scenario *scenario)
{
	struct route *routes = zeroed(scenario->routes, sizeof(*routes));
	struct snapshot_input input = {
		.links = make_links(2), .link_count = 2, .rules = make_rules(scenario),
		.routes = routes, .route_count = scenario->routes, .mode.payload = true,
	};
	struct snapshot *snapshot;

	for (uint32_t i = 0; i < scenario->routes; i++)
		routes[i] = (struct route){ host_prefix(scenario->family, i), WG0, 1300 + i % 100 };
	if (scenario->peers)
		input.tunnels = make_set(make_peers(scenario->peers, 1, false), &input);
	if (snapshot_build(&input, &snapshot) < 0)
		abort();
	return snapshot;
}

/* From one of the hosts to another; one SYN in 16 is small enough already. */
static void make_messages(enum family family, uint32_t hosts)
{
	for (uint32_t i = 0; i < SYNS; i++) {
		struct address from = host(family, random_below(hosts));
		struct address to = host(family, random_below(hosts));
		uint8_t options[sizeof(syn_options)], packet[QUEUE_MESSAGE_MAX];
		size_t len;

		memcpy(options, syn_options, sizeof(options));
		if (i % 16 == 0)
			options[2] = 2; /* MSS 692 */
		len = queue_message_syn(packet, address_bytes(family), from.bytes, to.bytes,
					options, sizeof(options));
		messages[i].len = queue_message_put(messages[i].bytes, i + 1, WG0, WG0, packet,
						    len);
	}
}

/* What the worker does between its two system calls. */
static __attribute__((noinline)) size_t replay_batch(struct queue_answer *answer,
						     const struct mmsghdr *headers)
{
	size_t taken = queue_answer_messages(answer, headers, BATCH), len;

	queue_answer_flush(answer);
	len = answer->len;
	queue_answer_sent(answer, true);
	return taken == BATCH ? len : 0;
}

static size_t replay(struct queue_answer *answer)
{
	static struct mmsghdr headers[BATCH];
	static struct iovec vectors[BATCH];
	size_t len = 0;

	for (size_t i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ slots[i], QUEUE_SLOT_LEN };
		headers[i].msg_hdr.msg_iov = &vectors[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	for (size_t batch = 0; batch < BATCHES; batch++) {
		for (size_t i = 0; i < BATCH; i++) {
			const struct message *message = &messages[batch * BATCH + i];

			memcpy(slots[i], message->bytes, message->len);
			headers[i].msg_len = (uint32_t)message->len;
		}
		len += replay_batch(answer, headers);
	}
	return len;
}

static int run(const struct scenario *scenario)
{
	struct queue_config config = { .number = 5000 };
	struct queue_answer answer;
	uint32_t hosts = scenario->routes ? scenario->routes : MANY;
	uint64_t clamped;
	size_t len;

	shuffle(hosts);
	config.counters = counters_new();
	config.slot = slot_new(1, make_snapshot(scenario));
	make_messages(scenario->family, hosts);
	if (!config.counters || !config.slot || queue_answer_init(&answer, &config) < 0 ||
	    counters_reserve_tunnel(config.counters, 1) < 0)
		abort();
	len = replay(&answer);
	clamped = counter_read(&config.counters->result[scenario->family][SYN_CLAMPED]);
	printf("%s: %d SYNs, %llu clamped, %zu bytes of verdicts\n", scenario->name, SYNS,
	       (unsigned long long)clamped, len);
	return clamped == SYNS / 16 * 15 ? 0 : 1;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (argc < 2)
			puts(scenarios[i].name);
		else if (strcmp(argv[1], scenarios[i].name) == 0)
			return run(&scenarios[i]);
	}
	return argc < 2 ? 0 : 2;
}
