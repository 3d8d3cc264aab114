/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/flow_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 32768 /* a power of 2, twice FLOW_TABLE_MAX */

int flow_table_init(struct flow_table *table, uint32_t capacity, flow_done *done, void *userdata)
{
	*table = (struct flow_table){ .capacity = capacity, .done = done, .userdata = userdata };
	table->flows = malloc(capacity * sizeof(*table->flows)); /* pages come as they are used */
	table->buckets = calloc(BUCKETS, sizeof(*table->buckets));
	if (table->flows && table->buckets)
		return 0;
	flow_table_done(table);
	return -ENOMEM;
}

void flow_table_done(struct flow_table *table)
{
	free(table->flows);
	free(table->buckets);
	*table = (struct flow_table){ .count = 0 };
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint64_t hash_end(const uint8_t address[16], uint16_t port)
{
	uint64_t half[2];

	memcpy(half, address, sizeof(half));
	return mix(mix(mix(1, half[0]), half[1]), port);
}

/* The same for both directions. */
static uint32_t *bucket_of(struct flow_table *table, const struct trace_ends *ends)
{
	uint64_t hash = hash_end(ends->source, ends->sport) +
			hash_end(ends->destination, ends->dport);

	return &table->buckets[mix(hash, ends->family) % BUCKETS];
}

static bool is_between(const struct trace_ends *flow, const struct trace_ends *ends)
{
	size_t len = sizeof(ends->source);

	if (flow->family != ends->family)
		return false;
	if (flow->sport == ends->sport && flow->dport == ends->dport &&
	    memcmp(flow->source, ends->source, len) == 0 &&
	    memcmp(flow->destination, ends->destination, len) == 0)
		return true;
	return flow->sport == ends->dport && flow->dport == ends->sport &&
	       memcmp(flow->source, ends->destination, len) == 0 &&
	       memcmp(flow->destination, ends->source, len) == 0;
}

static uint32_t find(struct flow_table *table, const struct trace_ends *ends)
{
	uint32_t place = *bucket_of(table, ends);

	while (place && !is_between(&table->flows[place - 1].ends, ends))
		place = table->flows[place - 1].chain;
	return place;
}

struct trace_flow *flow_table_find(struct flow_table *table, const struct trace_ends *ends)
{
	uint32_t place = find(table, ends);

	return place ? &table->flows[place - 1] : NULL;
}

/* Takes a flow out of the order of age. */
static void unlink_age(struct flow_table *table, uint32_t place)
{
	struct trace_flow *flow = &table->flows[place - 1];

	*(flow->older ? &table->flows[flow->older - 1].newer : &table->oldest) = flow->newer;
	*(flow->newer ? &table->flows[flow->newer - 1].older : &table->newest) = flow->older;
}

static void link_newest(struct flow_table *table, uint32_t place)
{
	struct trace_flow *flow = &table->flows[place - 1];

	flow->newer = 0;
	flow->older = table->newest;
	*(table->newest ? &table->flows[table->newest - 1].newer : &table->oldest) = place;
	table->newest = place;
}

static void unlink_chain(struct flow_table *table, uint32_t place)
{
	uint32_t *link = bucket_of(table, &table->flows[place - 1].ends);

	while (*link != place)
		link = &table->flows[*link - 1].chain;
	*link = table->flows[place - 1].chain;
}

static uint32_t take_out(struct flow_table *table, uint32_t place)
{
	table->done(table->userdata, &table->flows[place - 1]);
	unlink_age(table, place);
	unlink_chain(table, place);
	return place;
}

/* A place for one more flow. */
static uint32_t make_room(struct flow_table *table)
{
	if (table->count < table->capacity)
		return ++table->count;
	table->pushed_out++;
	return take_out(table, table->oldest);
}

static struct trace_flow *begin(struct flow_table *table, uint32_t place,
				const struct trace_packet *packet, uint64_t now_ns)
{
	struct trace_flow *flow = &table->flows[place - 1];
	uint32_t *bucket = bucket_of(table, &packet->ends);

	flow_begin(flow, packet, ++table->seen, now_ns);
	flow->chain = *bucket;
	*bucket = place;
	link_newest(table, place);
	return flow;
}

struct trace_flow *flow_table_get(struct flow_table *table, const struct trace_packet *packet,
				  uint64_t now_ns)
{
	uint32_t place = find(table, &packet->ends);

	if (!place)
		return begin(table, make_room(table), packet, now_ns);
	if (flow_is_over(&table->flows[place - 1], packet))
		return begin(table, take_out(table, place), packet, now_ns);
	unlink_age(table, place);
	link_newest(table, place);
	return &table->flows[place - 1];
}

void flow_table_finish(struct flow_table *table)
{
	while (table->oldest)
		take_out(table, table->oldest);
	table->count = 0;
}
