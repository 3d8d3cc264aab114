/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ipsec_make.h"
#include "policy/ipsec/ipsec_index.h"

#define OUT ENDS("192.0.2.1", "192.0.2.2")
#define BACK ENDS("192.0.2.2", "192.0.2.1")
#define OUT6 ENDS("2001:db8::1", "2001:db8::2")
#define ANY "0.0.0.0"
#define NETS "10.1.0.0/24", "10.2.0.0/24"
#define TRANSPORT .transport = true

/* Which of the states a policy's first template finds: its SPI, 0 for none. */
static const struct {
	const char *name;
	struct state_row states[STATES_MAX];
	struct policy_row policy;
	uint32_t spi;
} finds[] = {
	{ "the one", { { OUT, .state = { .spi = 1 } } }, { NETS, .templates = { { OUT } } }, 1 },
	{ "none at all", { { 0 } }, { NETS, .templates = { { OUT } } }, 0 },
	{ "the way back is not it", { { BACK, .state = { .spi = 1 } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "the newest", { { OUT, .state = { .spi = 1, .add_time = 10 } },
			  { OUT, .state = { .spi = 2, .add_time = 30 } },
			  { OUT, .state = { .spi = 3, .add_time = 20 } } },
	  { NETS, .templates = { { OUT } } }, 2 },
	{ "of one second: the first of the dump", { { OUT, .state = { .spi = 1, .add_time = 10 } },
						   { OUT, .state = { .spi = 2, .add_time = 10 } } },
	  { NETS, .templates = { { OUT } } }, 1 },
	{ "not the dying one", { { OUT, .state = { .spi = 1, .add_time = 30, .dying = true } },
				 { OUT, .state = { .spi = 2, .add_time = 20 } } },
	  { NETS, .templates = { { OUT } } }, 2 },
	{ "the dying one where there is no other",
	  { { OUT, .state = { .spi = 1, .add_time = 30, .dying = true } } },
	  { NETS, .templates = { { OUT } } }, 1 },
	{ "reqid", { { OUT, .state = { .spi = 1, .reqid = 7 } },
		     { OUT, .state = { .spi = 2, .reqid = 8 } } },
	  { NETS, .templates = { { OUT, { .reqid = 8 } } } }, 2 },
	{ "reqid 0 is one like others", { { OUT, .state = { .spi = 1, .reqid = 7 } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "protocol", { { OUT, .state = { .spi = 1 } },
			{ OUT, .state = { .spi = 2, .protocol = IPPROTO_AH } } },
	  { NETS, .templates = { { OUT, { .protocol = IPPROTO_AH } } } }, 2 },
	{ "mode", { { OUT, .state = { .spi = 1 } }, { OUT, .state = { .spi = 2 }, TRANSPORT },
		    { OUT, .state = { .spi = 3, .mode = IPSEC_BEET } } },
	  { NETS, .templates = { { OUT, { .mode = IPSEC_BEET } } } }, 3 },
	{ "SPI", { { OUT, .state = { .spi = 1, .add_time = 2 } }, { OUT, .state = { .spi = 2 } } },
	  { NETS, .templates = { { OUT, { .spi = 2 } } } }, 2 },
	{ "another gateway", { { ENDS("192.0.2.1", "192.0.2.3"), .state = { .spi = 1 } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "another address of ours", { { ENDS("192.0.2.9", "192.0.2.2"), .state = { .spi = 1 } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "a state for any address of ours", { { ENDS(ANY, "192.0.2.2"), .state = { .spi = 1 } } },
	  { NETS, .templates = { { OUT } } }, 1 },
	{ "the exact one first, if older",
	  { { ENDS(ANY, "192.0.2.2"), .state = { .spi = 1, .add_time = 9 } },
	    { OUT, .state = { .spi = 2, .add_time = 1 } } },
	  { NETS, .templates = { { OUT } } }, 2 },
	{ "a template for any address of ours",
	  { { ENDS("192.0.2.7", "192.0.2.2"), .state = { .spi = 1, .add_time = 1 } },
	    { ENDS("192.0.2.5", "192.0.2.2"), .state = { .spi = 2, .add_time = 3 } },
	    { ENDS("192.0.2.9", "192.0.2.2"), .state = { .spi = 3, .add_time = 2 } } },
	  { NETS, .templates = { { ENDS(ANY, "192.0.2.2") } } }, 2 },
	{ "known to be for arrivals", { { OUT, .state = { .spi = 1, .inbound = true } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "if_id", { { OUT, .state = { .spi = 1 } }, { OUT, .state = { .spi = 2, .if_id = 5 } } },
	  { NETS, .policy = { .if_id = 5 }, .templates = { { OUT } } }, 2 },
	{ "if_id of a link, policy of none", { { OUT, .state = { .spi = 1, .if_id = 5 } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "mark", { { OUT, .state = { .spi = 1, .mark = { 6, 0xff }, .add_time = 9 } },
		    { OUT, .state = { .spi = 2, .mark = { 5, 0xff } } } },
	  { NETS, .policy = { .mark = { 5, 0xff } }, .templates = { { OUT } } }, 2 },
	{ "no mark serves all", { { OUT, .state = { .spi = 1 } } },
	  { NETS, .policy = { .mark = { 5, 0xff } }, .templates = { { OUT } } }, 1 },
	{ "a mark that the policy has not", { { OUT, .state = { .spi = 1, .mark = { 5, 0xff } } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "selector", { { OUT, "10.1.0.0/24", "10.3.0.0/24", .state = { .spi = 1 } },
			{ OUT, "10.1.0.0/24", "10.2.0.0/16", .state = { .spi = 2 } } },
	  { NETS, .templates = { { OUT } } }, 2 },
	{ "a narrower selector", { { OUT, "10.1.0.0/24", "10.2.0.128/25", .state = { .spi = 1 } } },
	  { NETS, .templates = { { OUT } } }, 1 },
	{ "a selector of IPv6", { { OUT, "::/0", "::/0", .state = { .spi = 1 } } },
	  { NETS, .templates = { { OUT } } }, 0 },
	{ "a selector for UDP", { { OUT, "0.0.0.0/0", "0.0.0.0/0",
				    .state = { .spi = 1, .selector = { .protocol = 17 } } } },
	  { NETS, .policy = { .selector = { .protocol = 6 } }, .templates = { { OUT } } }, 0 },
	{ "a selector for UDP, all wanted",
	  { { OUT, "0.0.0.0/0", "0.0.0.0/0",
	      .state = { .spi = 1, .selector = { .protocol = 17 } } } },
	  { NETS, .templates = { { OUT } } }, 1 },
	{ "IPv6", { { OUT6, .state = { .spi = 1 } } }, { NETS, .templates = { { OUT6 } } }, 1 },
	{ "wide transport: inside the prefix, the newest",
	  { { ENDS("10.1.0.1", "10.3.0.1"), .state = { .spi = 1, .add_time = 9 }, TRANSPORT },
	    { ENDS("10.1.0.1", "10.2.0.1"), .state = { .spi = 2, .add_time = 1 }, TRANSPORT },
	    { ENDS("10.1.0.1", "10.2.0.2"), .state = { .spi = 3, .add_time = 2 }, TRANSPORT } },
	  { NETS, .templates = { { ENDS(ANY, ANY), TRANSPORT } } }, 3 },
	{ "wide transport of the other family",
	  { { OUT6, .state = { .spi = 1 }, TRANSPORT } },
	  { "::/0", "::/0", .templates = { { ENDS(ANY, ANY), TRANSPORT } } }, 0 },
	{ "wide transport of a template of the other family",
	  { { OUT, .state = { .spi = 1 }, TRANSPORT } },
	  { "::/0", "::/0", .templates = { { ENDS(ANY, ANY), TRANSPORT } } }, 0 },
};

static bool is_given(const char *text)
{
	return strcmp(text, ANY) != 0;
}

static struct ipsec_wish wish_of(const struct policy_row *row, const struct ipsec_policy *policy)
{
	const struct ipsec_template *template = &policy->templates[0];

	return (struct ipsec_wish){
		.policy = policy, .template = template, .family = template->destination.family,
		.has_source = is_given(row->templates[0].source),
		.has_destination = is_given(row->templates[0].destination),
		.source = template->source, .destination = template->destination,
	};
}

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(finds); i++) {
		struct ipsec_state_list states = make_states(finds[i].states, STATES_MAX);
		struct ipsec_policy policy = make_policy(&finds[i].policy);
		struct ipsec_wish wish = wish_of(&finds[i].policy, &policy);
		const struct ipsec_state *found;
		struct ipsec_index index;

		assert_int_equal(ipsec_index_build(&states, &index), 0);
		found = ipsec_index_find(&index, &wish);
		if ((found ? found->spi : 0) != finds[i].spi)
			fail_msg("%s: SPI %u", finds[i].name, found ? found->spi : 0);
		ipsec_index_done(&index);
		ipsec_state_list_done(&states);
	}
}

static const struct {
	const char *name;
	struct state_row states[STATES_MAX];
	struct policy_row policy;
	size_t max, count;
	uint32_t spi; /* of the first */
} backs[] = {
	{ "the newest first", { { OUT, .state = { .spi = 1 } },
				{ BACK, .state = { .spi = 2, .add_time = 1 } },
				{ BACK, .state = { .spi = 3, .add_time = 2 } } },
	  { NETS, .templates = { { OUT } } }, 4, 2, 3 },
	{ "no more than asked for", { { BACK, .state = { .spi = 2 } },
				      { BACK, .state = { .spi = 3 } } },
	  { NETS, .templates = { { OUT } } }, 1, 1, 2 },
	{ "from everywhere", { { BACK, .state = { .spi = 2 } } },
	  { NETS, .templates = { { ENDS(ANY, "192.0.2.2") } } }, 4, 0, 0 },
	{ "of another pair", { { BACK, "10.2.0.0/24", "10.9.0.0/24", .state = { .spi = 2 } },
			       { BACK, "10.2.0.0/24", "10.1.0.0/24", .state = { .spi = 3 } } },
	  { NETS, .templates = { { OUT } } }, 4, 1, 3 },
	{ "of another mode", { { BACK, .state = { .spi = 2 }, TRANSPORT } },
	  { NETS, .templates = { { OUT } } }, 4, 0, 0 },
};

static void test_find_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(backs); i++) {
		struct ipsec_state_list states = make_states(backs[i].states, STATES_MAX);
		struct ipsec_policy policy = make_policy(&backs[i].policy);
		struct ipsec_wish wish = wish_of(&backs[i].policy, &policy);
		const struct ipsec_state *found[4] = { NULL };
		struct ipsec_index index;

		assert_int_equal(ipsec_index_build(&states, &index), 0);
		assert_int_equal(ipsec_index_find_back(&index, &wish, found, backs[i].max),
				 backs[i].count);
		if (backs[i].count && found[0]->spi != backs[i].spi)
			fail_msg("%s: SPI %u", backs[i].name, found[0]->spi);
		ipsec_index_done(&index);
		ipsec_state_list_done(&states);
	}
}

static const struct {
	struct ipsec_selector a, b;
	bool meet;
} ports[] = {
	{ { .remote_port = 80, .remote_port_mask = 0xffff }, { .ifindex = 0 }, true },
	{ { .remote_port = 80, .remote_port_mask = 0xffff },
	  { .remote_port = 81, .remote_port_mask = 0xffff }, false },
	{ { .remote_port = 80, .remote_port_mask = 0xffff },
	  { .remote_port = 64, .remote_port_mask = 0xffc0 }, true },
	{ { .local_port = 80, .local_port_mask = 0xffff },
	  { .local_port = 81, .local_port_mask = 0xffff }, false },
	{ { .ifindex = 3 }, { .ifindex = 4 }, false },
	{ { .ifindex = 3 }, { .ifindex = 0 }, true },
	{ { .protocol = 6 }, { .protocol = 6 }, true },
};

static void test_selectors_meet(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ports); i++) {
		assert_int_equal(ipsec_selectors_meet(&ports[i].a, &ports[i].b), ports[i].meet);
		assert_int_equal(ipsec_selectors_meet(&ports[i].b, &ports[i].a), ports[i].meet);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_find_back),
		cmocka_unit_test(test_selectors_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
