/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ipsec_make.h"
#include "policy/ipsec/ipsec_link.h"

#define NETS "10.1.0.0/24", "10.2.0.0/24"
#define GATEWAYS { ENDS("192.0.2.1", "192.0.2.2") }
#define GATEWAYS6 { ENDS("2001:db8::1", "2001:db8::2") }
#define WHOLE UINT32_MAX

static const struct {
	uint32_t ifindex;
	const char *kind, *local, *remote;
	uint32_t if_id, out_key;
	bool per_flow;
} rows[] = {
	{ 10, "xfrm", NULL, NULL, 7, 0, false },
	{ 11, "xfrm", NULL, NULL, 5, 0, false },
	{ 12, "vti", "192.0.2.1", "192.0.2.2", 0, 42, false },
	{ 13, "vti", "192.0.2.1", "192.0.2.3", 0, 42, false },
	{ 14, "vti", "192.0.2.1", NULL, 0, 43, false },
	{ 15, "vti6", "2001:db8::1", "2001:db8::2", 0, 42, false },
	{ 16, "vti", NULL, NULL, 0, 0x20, false },
	{ 17, "gre", "192.0.2.1", "192.0.2.2", 0, 44, false },
	{ 18, "xfrm", NULL, NULL, 0, 0, true },
};

static size_t make_links(struct link links[COUNT(rows)], bool external)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct link *link = &links[count];

		if (rows[i].per_flow && !external)
			continue;
		*link = (struct link){ .ifindex = rows[i].ifindex, .if_id = rows[i].if_id,
				       .out_key = rows[i].out_key,
				       .per_flow = rows[i].per_flow };
		strcpy(link->kind, rows[i].kind);
		link->has_local = rows[i].local != NULL;
		link->has_remote = rows[i].remote != NULL;
		if (link->has_local)
			link->local = address_of(rows[i].local);
		if (link->has_remote)
			link->remote = address_of(rows[i].remote);
		count++;
	}
	return count;
}

static const struct {
	const char *name;
	struct policy_row policy;
	bool external;
	enum ipsec_owner owner;
	uint32_t ifindex;
} cases[] = {
	{ "no link", { NETS, .templates = { GATEWAYS } }, true, IPSEC_NO_LINK, 0 },
	{ "if_id", { NETS, .policy = { .if_id = 5 }, .templates = { GATEWAYS } }, true,
	  IPSEC_OWN_LINK, 11 },
	{ "if_id without a link", { NETS, .policy = { .if_id = 6 }, .templates = { GATEWAYS } },
	  false, IPSEC_LINK_GONE, 0 },
	{ "if_id behind all", { NETS, .policy = { .if_id = 8 }, .templates = { GATEWAYS } },
	  false, IPSEC_LINK_GONE, 0 },
	{ "if_id without a link, one for all",
	  { NETS, .policy = { .if_id = 6 }, .templates = { GATEWAYS } }, true,
	  IPSEC_OWN_LINK, 18 },
	{ "vti", { NETS, .policy = { .mark = { 42, WHOLE } }, .templates = { GATEWAYS } }, true,
	  IPSEC_OWN_LINK, 12 },
	{ "vti of the same key to another gateway",
	  { NETS, .policy = { .mark = { 42, WHOLE } },
	    .templates = { { ENDS("192.0.2.1", "192.0.2.3") } } },
	  true, IPSEC_OWN_LINK, 13 },
	{ "vti to nobody there",
	  { NETS, .policy = { .mark = { 42, WHOLE } },
	    .templates = { { ENDS("192.0.2.1", "192.0.2.4") } } },
	  true, IPSEC_NO_LINK, 0 },
	{ "vti from another address",
	  { NETS, .policy = { .mark = { 42, WHOLE } },
	    .templates = { { ENDS("192.0.2.9", "192.0.2.2") } } },
	  true, IPSEC_NO_LINK, 0 },
	{ "vti without a remote address",
	  { NETS, .policy = { .mark = { 43, WHOLE } },
	    .templates = { { ENDS("192.0.2.1", "192.0.2.9") } } },
	  true, IPSEC_OWN_LINK, 14 },
	{ "vti6", { NETS, .policy = { .mark = { 42, WHOLE } }, .templates = { GATEWAYS6 } }, true,
	  IPSEC_OWN_LINK, 15 },
	{ "part of a mark",
	  { NETS, .policy = { .mark = { 0x20, 0xf0 } }, .templates = { GATEWAYS } },
	  true, IPSEC_OWN_LINK, 12 }, /* 42 is 0x2a */
	{ "a vti without addresses takes nothing",
	  { NETS, .policy = { .mark = { 0x20, WHOLE } }, .templates = { GATEWAYS } }, true,
	  IPSEC_NO_LINK, 0 },
	{ "a mark of no link",
	  { NETS, .policy = { .mark = { 44, WHOLE } }, .templates = { GATEWAYS } },
	  true, IPSEC_NO_LINK, 0 },
	{ "no mark", { NETS, .policy = { .mark = { 0, 0 } }, .templates = { GATEWAYS } }, true,
	  IPSEC_NO_LINK, 0 },
	{ "in the clear", { NETS, .policy = { .mark = { 42, WHOLE } } }, true, IPSEC_NO_LINK, 0 },
	{ "transport", { NETS, .policy = { .mark = { 42, WHOLE } },
			 .templates = { { ENDS("192.0.2.1", "192.0.2.2"), .transport = true } } },
	  true, IPSEC_NO_LINK, 0 },
};

static void test_owners(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ipsec_policy policy = make_policy(&cases[i].policy);
		struct link links[COUNT(rows)];
		struct ipsec_links sorted;
		uint32_t ifindex = 0;

		assert_int_equal(ipsec_links_build(links, make_links(links, cases[i].external),
						   &sorted), 0);
		if (ipsec_links_find(&sorted, &policy, &ifindex) != cases[i].owner ||
		    ifindex != cases[i].ifindex)
			fail_msg("%s: ifindex %u", cases[i].name, ifindex);
		ipsec_links_done(&sorted);
	}
}

static void test_no_links(void **state)
{
	struct policy_row row = { NETS, .policy = { .if_id = 5 }, .templates = { GATEWAYS } };
	struct ipsec_policy policy = make_policy(&row);
	struct ipsec_links sorted;
	uint32_t ifindex = 9;

	(void)state;
	assert_int_equal(ipsec_links_build(NULL, 0, &sorted), 0);
	assert_int_equal(ipsec_links_find(&sorted, &policy, &ifindex), IPSEC_LINK_GONE);
	policy.if_id = 0;
	assert_int_equal(ipsec_links_find(&sorted, &policy, &ifindex), IPSEC_NO_LINK);
	assert_int_equal(ifindex, 9);
	ipsec_links_done(&sorted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_no_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
