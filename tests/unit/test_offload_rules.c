/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the written rules make of a SYN, by reading them as nft does, beside what the plan says of its
 * two sides. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge/firewall/firewall.h"
#include "offload_fixture.h"
#include "offload_mss.h"

enum { LINKS_MOST = 12, HOSTS = 6, WORLDS = 400, SYNS = 200, LINE = 2048, STRANGER = 99 };

static const struct offload_frame frame = {
	.hooks = FIREWALL_FORWARD, .queue_first = 5000, .queue_count = 1,
};

/* Addresses are x.0.0.0 to x.0.0.5, or x:: with the last byte at the end: so few that they meet. */
struct world {
	struct offload_link links[LINKS_MOST * FAMILY_COUNT];
	struct offload_range ranges[LINKS_MOST * FAMILY_COUNT][OFFLOAD_KINDS][HOSTS];
	struct offload_plan plan;
	char *text;
};

struct packet_sides {
	enum family family;
	unsigned int ifindex[OFFLOAD_SIDES]; /* 0: this host */
	struct address address[OFFLOAD_SIDES];
	unsigned int mss;
};

static unsigned int below(unsigned int n)
{
	return (unsigned int)rand() % n;
}

static struct address address_of(enum family family, unsigned int last)
{
	struct address address = { .family = family, .bytes = { 10 } };

	address.bytes[address_bytes(family) - 1] = (uint8_t)last;
	return address;
}

/* Each address at most once, as a host, or two of them as a net. */
static void add_ranges(struct offload_link *link, struct offload_range (*ranges)[HOSTS],
		       unsigned int least, unsigned int span)
{
	for (unsigned int last = 0; last + 1 < HOSTS; last++) {
		bool wide = below(3) == 0;
		struct offload_ranges *into = &link->ranges[wide ? OFFLOAD_NETS : OFFLOAD_HOSTS];

		if (below(2))
			continue;
		into->list = ranges[wide ? OFFLOAD_NETS : OFFLOAD_HOSTS];
		into->list[into->count++] = (struct offload_range){
			address_of(link->family, last), address_of(link->family, last + wide),
			below(20) == 0 ? OFFLOAD_UNLIMITED : (uint16_t)(least + below(span)),
		};
		last += wide;
	}
}

/* orderly: the limits of each link lie above those of the one before. */
static void make_world(struct world *world)
{
	unsigned int links = 1 + below(below(4) ? 4 : LINKS_MOST);
	bool orderly = below(2);

	*world = (struct world){ .plan = { .links = world->links } };
	world->plan.low_mss[FAMILY_IPV4] = below(3) ? 0 : 500;
	for (unsigned int i = 0; i < links; i++) {
		for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
			size_t at = world->plan.count++;
			unsigned int least = orderly ? 1300 + 10 * i : 1300, span = orderly ? 10 : 100;

			world->links[at] = (struct offload_link){
				.ifindex = 2 * i + 1, .family = family,
				.mss = (uint16_t)(least + below(span)),
				.why = below(10) == 0 ? OFFLOAD_MARK : OFFLOAD_KNOWN,
			};
			if (world->links[at].why == OFFLOAD_KNOWN && below(2))
				add_ranges(&world->links[at], world->ranges[at], least, span);
		}
	}
}

static char *text_of(const struct offload_plan *from, const struct offload_plan *to)
{
	return commands_of(&frame, from, to);
}

/* The element of that key in a named map or an anonymous one, "{ 1 : goto x, 2 : goto y }"; ranges
 * are of addresses. Copies what stands behind the colon. */
static bool find_element(const char *list, const char *key, char *ret_value)
{
	const char *at = strchr(list, '{');
	char first[80], last[80];

	while (at && *at != '}') {
		int used = 0;

		at += strspn(at, "{, ");
		if (sscanf(at, "%79[0-9a-fx]%n", first, &used) < 1)
			return false;
		at += used;
		snprintf(last, sizeof(last), "%s", first);
		if (*at == '-' && sscanf(at + 1, "%79[0-9a-fx]%n", last, &used) == 1)
			at += used + 1;
		sscanf(at, " : %79[^,}]", ret_value);
		if (strlen(key) == strlen(first) && strcmp(first, key) <= 0 && strcmp(key, last) <= 0)
			return true;
		at = strpbrk(at, ",}");
	}
	return false;
}

static void key_of(const struct address *address, char *ret_key)
{
	ret_key += sprintf(ret_key, "0x");
	for (unsigned int i = 0; i < address_bytes(address->family); i++)
		ret_key += sprintf(ret_key, "%02x", address->bytes[i]);
}

/* tcp option maxseg size set VALUE, or set @nh,AT,BITS map @NAME: false where the map has no such
 * element, and the rule ends. */
static bool edit(const char *text, struct packet_sides *syn, const char *what)
{
	unsigned int at, bits, mss;
	char name[40], head[100], key[80], value[80];
	const char *elements;

	if (sscanf(what, "@nh,%u,%u map @%39s", &at, &bits, name) == 3) {
		bool is_source = at == (syn->family == FAMILY_IPV4 ? 96 : 64);

		snprintf(head, sizeof(head), "add element inet mssclamp %s {", name);
		elements = strstr(text, head);
		key_of(&syn->address[is_source ? OFFLOAD_IN : OFFLOAD_OUT], key);
		if (!elements || !find_element(elements, key, value))
			return false;
		what = value;
	}
	assert_int_equal(sscanf(what, "%u", &mss), 1);
	if (mss < syn->mss)
		syn->mss = mss;
	return true;
}

/* "goto x" anywhere in it: x; else "accept", or nothing. */
static bool read_verdict(const char *text, char *ret_next)
{
	const char *at = strstr(text, "goto ");

	return at ? sscanf(at, "goto %79s", ret_next) == 1 :
		    (at = strstr(text, "accept")) && sscanf(at, "%79s", ret_next) == 1;
}

/* One rule; false where it does not match, or only edits. */
static bool run_rule(const char *text, const char *rule, struct packet_sides *syn, char *ret_next)
{
	const char *set = strstr(rule, "size set ");
	char key[16], value[80];
	unsigned int number;

	if (sscanf(rule, "@th,176,16 < %u", &number) == 1 && syn->mss >= number)
		return false;
	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
		if (strncmp(rule, side == OFFLOAD_IN ? "iif " : "oif ", 4) != 0)
			continue;
		snprintf(key, sizeof(key), "%u", syn->ifindex[side]);
		if (strncmp(rule + 4, "vmap ", 5) == 0)
			return find_element(rule, key, value) && read_verdict(value, ret_next);
		assert_int_equal(sscanf(rule + 4, "%u", &number), 1);
		if (number != syn->ifindex[side])
			return false;
	}
	if (set && !edit(text, syn, set + strlen("size set ")))
		return false;
	return read_verdict(rule, ret_next);
}

/* Returns whether the SYN is accepted, lowered as the rules say; false: it goes to the queue. */
static bool run_chain(const char *text, const char *chain, struct packet_sides *syn)
{
	char head[120], line[LINE], next[80];
	const char *at = text;

	snprintf(head, sizeof(head), "add rule inet mssclamp %s ", chain);
	while ((at = strstr(at, head))) {
		at += strlen(head);
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		if (!run_rule(text, line, syn, next))
			continue;
		if (strcmp(next, "accept") == 0)
			return true;
		return strcmp(next, "offload_queue") != 0 && run_chain(text, next, syn);
	}
	fail_msg("no rule of %s decides", chain);
	return false;
}

static struct packet_sides make_syn(const struct world *world)
{
	struct packet_sides syn = { .family = below(2) ? FAMILY_IPV6 : FAMILY_IPV4, .mss = 60000 };
	unsigned int links = (unsigned int)world->plan.count / FAMILY_COUNT;

	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
		syn.ifindex[side] = below(12) == 0 ? 0 : 2 * below(links) + 1;
		syn.address[side] = address_of(syn.family, below(HOSTS + 1));
	}
	if (below(5) == 0)
		syn.mss = 499 + below(2); /* beside the threshold of make_world */
	if (syn.ifindex[OFFLOAD_IN] == 0 && syn.ifindex[OFFLOAD_OUT] == 0)
		syn.ifindex[OFFLOAD_OUT] = 1;
	return syn;
}

/* Whether both sides are in the plan, and the smaller of their limits. */
static bool plan_knows(const struct offload_plan *plan, const struct packet_sides *syn,
		       unsigned int *ret_mss)
{
	*ret_mss = syn->mss;
	if (syn->mss < plan->low_mss[syn->family])
		return false;
	for (enum offload_side side = OFFLOAD_IN; side < OFFLOAD_SIDES; side++) {
		const struct offload_link *link;
		unsigned int mss;

		if (syn->ifindex[side] == 0)
			continue;
		link = offload_plan_find(plan, syn->ifindex[side], syn->family);
		if (!link || link->why != OFFLOAD_KNOWN)
			return false;
		mss = offload_link_mss(link, syn->address[side].bytes);
		*ret_mss = mss < *ret_mss ? mss : *ret_mss;
	}
	return true;
}

static void check_syns(const struct world *world, const char *text, size_t *ret_ordered)
{
	for (size_t n = 0; n < SYNS; n++) {
		struct packet_sides syn = make_syn(world), before = syn;
		unsigned int expected;
		bool known = plan_knows(&world->plan, &syn, &expected);
		bool taken = run_chain(text, syn.family == FAMILY_IPV4 ? "offload_in4" : "offload_in6",
				       &syn);

		if (taken != known || (taken && syn.mss != expected))
			fail_msg("IPv%u, in by %u, out by %u, %u -> %u: %s %u, not %s %u, with\n%s",
				 offload_version[syn.family], before.ifindex[OFFLOAD_IN],
				 before.ifindex[OFFLOAD_OUT],
				 before.address[OFFLOAD_IN].bytes[address_bytes(syn.family) - 1],
				 before.address[OFFLOAD_OUT].bytes[address_bytes(syn.family) - 1],
				 taken ? "taken" : "queued", syn.mss, known ? "taken" : "queued",
				 expected, text);
	}
	*ret_ordered += offload_order_of(&world->plan, FAMILY_IPV4).exists;
}

static void test_rules_say_what_the_plan_says(void **state)
{
	static struct world world;
	size_t ordered = 0;

	(void)state;
	srand(7);
	for (size_t n = 0; n < WORLDS; n++) {
		make_world(&world);
		world.text = text_of(NULL, &world.plan);
		check_syns(&world, world.text, &ordered);
		free(world.text);
	}
	assert_true(ordered > WORLDS / 4 && ordered < WORLDS * 3 / 4);
}

/* An interface that nobody has announced yet, where there is no order that decides without it. */
static void test_a_stranger_is_queued(void **state)
{
	static struct world world;

	(void)state;
	srand(8);
	for (size_t n = 0; n < WORLDS; n++) {
		struct packet_sides syn;

		make_world(&world);
		world.text = text_of(NULL, &world.plan);
		syn = make_syn(&world);
		syn.ifindex[OFFLOAD_IN] = syn.ifindex[OFFLOAD_OUT] = STRANGER;
		assert_false(run_chain(world.text, syn.family == FAMILY_IPV4 ? "offload_in4" :
									       "offload_in6", &syn));
		free(world.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_say_what_the_plan_says),
		cmocka_unit_test(test_a_stranger_is_queued),
	};

	return cmocka_run_group_tests_name("offload_rules", tests, NULL, NULL);
}
