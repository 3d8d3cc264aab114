/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules, chains and tables as nf_tables writes them, and as it should not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/array.h"
#include "edge/offload/offload_parse.h"

static _Alignas(struct nlmsghdr) char room[1024];

static struct nlmsghdr *begin(void)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);

	mnl_nlmsg_put_extra_header(message, sizeof(struct nfgenmsg));
	return message;
}

static void put_counter(struct nlmsghdr *m)
{
	struct nlattr *part = mnl_attr_nest_start(m, NFTA_LIST_ELEM), *data;

	mnl_attr_put_strz(m, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(m, NFTA_EXPR_DATA);
	mnl_attr_put_u64(m, NFTA_COUNTER_BYTES, htobe64(720));
	mnl_attr_put_u64(m, NFTA_COUNTER_PACKETS, htobe64(12));
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, part);
}

static void put_verdict(struct nlmsghdr *m, uint32_t code, const char *chain)
{
	struct nlattr *part = mnl_attr_nest_start(m, NFTA_LIST_ELEM), *data, *value, *verdict;

	mnl_attr_put_strz(m, NFTA_EXPR_NAME, "immediate");
	data = mnl_attr_nest_start(m, NFTA_EXPR_DATA);
	value = mnl_attr_nest_start(m, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(m, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(m, NFTA_VERDICT_CODE, htonl(code));
	if (chain)
		mnl_attr_put_strz(m, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(m, verdict);
	mnl_attr_nest_end(m, value);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, part);
}

static void counts(struct nlmsghdr *m) { put_counter(m); }
static void accepts(struct nlmsghdr *m) { put_counter(m); put_verdict(m, NF_ACCEPT, NULL); }
static void goes_to_queue(struct nlmsghdr *m)
{
	put_verdict(m, (uint32_t)NFT_GOTO, "offload_queue");
	put_counter(m);
}
static void goes_elsewhere(struct nlmsghdr *m) { put_verdict(m, (uint32_t)NFT_JUMP, "offload_in4"); }
static void updates_a_set(struct nlmsghdr *m)
{
	struct nlattr *part = mnl_attr_nest_start(m, NFTA_LIST_ELEM);

	mnl_attr_put_strz(m, NFTA_EXPR_NAME, "dynset");
	mnl_attr_put(m, NFTA_EXPR_DATA, 0, NULL);
	mnl_attr_nest_end(m, part);
}
static void has_no_name(struct nlmsghdr *m)
{
	struct nlattr *part = mnl_attr_nest_start(m, NFTA_LIST_ELEM);

	mnl_attr_put(m, NFTA_EXPR_DATA, 0, NULL);
	mnl_attr_nest_end(m, part);
}
static void name_has_no_end(struct nlmsghdr *m)
{
	struct nlattr *part = mnl_attr_nest_start(m, NFTA_LIST_ELEM);

	mnl_attr_put(m, NFTA_EXPR_NAME, 7, "counter");
	mnl_attr_nest_end(m, part);
}
static void counter_is_short(struct nlmsghdr *m)
{
	struct nlattr *part = mnl_attr_nest_start(m, NFTA_LIST_ELEM), *data;

	mnl_attr_put_strz(m, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(m, NFTA_EXPR_DATA);
	mnl_attr_put_u32(m, NFTA_COUNTER_PACKETS, 12);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, part);
}

#define UDATA(text) text, sizeof(text) - 1
#define NO_UDATA NULL, 0

static const struct {
	const char *name;
	void (*put)(struct nlmsghdr *m);
	const char *udata;
	uint16_t udata_len;
	int result;
	bool counted, taken, queued, over_limit;
	const char *comment;
} rules[] = {
	{ "it only counts", counts, NO_UDATA, 0, true, false, false, false, NULL },
	{ "it accepts", accepts, UDATA("\0\4wan\0"), 0, true, true, false, false, "wan" },
	{ "it goes to the queue", goes_to_queue, NO_UDATA, 0, true, false, true, false, NULL },
	{ "it goes elsewhere", goes_elsewhere, NO_UDATA, 0, false, false, false, false, NULL },
	{ "it is the limit", updates_a_set, NO_UDATA, 0, false, false, false, true, NULL },
	{ "other user data", counts, UDATA("\1\2xy\0\2a\0"), 0, true, false, false, false, "a" },
	{ "a comment without an end", counts, UDATA("\0\3abc"), 0, true, false, false, false, NULL },
	{ "a comment that is cut", counts, UDATA("\0\x9" "abc"), 0, true, false, false, false, NULL },
	{ "an empty comment", counts, UDATA("\0\0"), 0, true, false, false, false, NULL },
	{ "half a header", counts, UDATA("\0"), 0, true, false, false, false, NULL },
	{ "no name", has_no_name, NO_UDATA, 0, false, false, false, false, NULL },
	{ "a name without an end", name_has_no_end, NO_UDATA, -EBADMSG, false, false, false, false,
	  NULL },
	{ "a counter of 4 bytes", counter_is_short, NO_UDATA, -EBADMSG, false, false, false, false,
	  NULL },
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct offload_rule rule = { .handle = 4711 };
		struct nlmsghdr *m = begin();
		struct nlattr *list;

		print_message("  %s\n", rules[i].name);
		mnl_attr_put_strz(m, NFTA_RULE_TABLE, "mssclamp");
		mnl_attr_put_strz(m, NFTA_RULE_CHAIN, "offload_syn");
		mnl_attr_put_u64(m, NFTA_RULE_HANDLE, htobe64(UINT64_C(0x100000002)));
		list = mnl_attr_nest_start(m, NFTA_RULE_EXPRESSIONS);
		rules[i].put(m);
		mnl_attr_nest_end(m, list);
		if (rules[i].udata)
			mnl_attr_put(m, NFTA_RULE_USERDATA, rules[i].udata_len, rules[i].udata);
		assert_int_equal(offload_parse_rule(m, &rule), rules[i].result);
		if (rules[i].result < 0) {
			assert_int_equal(rule.handle, 4711);
			continue;
		}
		assert_string_equal(rule.chain, "offload_syn");
		assert_int_equal(rule.handle, UINT64_C(0x100000002));
		assert_int_equal(rule.packets, rules[i].counted ? 12 : 0);
		assert_true(rule.counted == rules[i].counted && rule.taken == rules[i].taken &&
			    rule.queued == rules[i].queued &&
			    rule.over_limit == rules[i].over_limit);
		assert_string_equal(rule.comment ? rule.comment : "-",
				    rules[i].comment ? rules[i].comment : "-");
	}
}

static void test_chain_and_table(void **state)
{
	struct nlmsghdr *m = begin();
	struct offload_chain chain;
	struct nlattr *hook;
	uint32_t flags = 7;

	(void)state;
	mnl_attr_put_strz(m, NFTA_CHAIN_TABLE, "mssclamp");
	mnl_attr_put_u64(m, NFTA_CHAIN_HANDLE, htobe64(9));
	mnl_attr_put_strz(m, NFTA_CHAIN_NAME, "offload_forward");
	hook = mnl_attr_nest_start(m, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(m, NFTA_HOOK_HOOKNUM, htonl(2));
	mnl_attr_put_u32(m, NFTA_HOOK_PRIORITY, htonl((uint32_t)-151));
	mnl_attr_nest_end(m, hook);
	mnl_attr_put_u32(m, NFTA_CHAIN_POLICY, htonl(1));
	assert_int_equal(offload_parse_chain(m, &chain), 0);
	assert_string_equal(chain.table, "mssclamp");
	assert_string_equal(chain.name, "offload_forward");
	assert_true(chain.handle == 9 && chain.hook == 2 && chain.policy == 1);
	assert_int_equal(chain.priority, (uint32_t)-151);
	mnl_attr_put(m, NFTA_CHAIN_NAME, 3, "abc");
	assert_int_equal(offload_parse_chain(m, &chain), -EBADMSG);

	m = begin();
	assert_int_equal(offload_parse_table(m, &flags), 0);
	assert_int_equal(flags, 0);
	mnl_attr_put_u32(m, NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_DORMANT));
	assert_int_equal(offload_parse_table(m, &flags), 0);
	assert_int_equal(flags, NFT_TABLE_F_DORMANT);
	mnl_attr_put(m, NFTA_TABLE_FLAGS, 2, "ab");
	assert_int_equal(offload_parse_table(m, &flags), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_chain_and_table),
	};

	return cmocka_run_group_tests_name("offload_parse", tests, NULL, NULL);
}
