/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions as the kernel tells them: changed objects, then NFT_MSG_NEWGEN with the process. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/array.h"
#include "edge/firewall/firewall_backend.h"

#define END { .type = NFT_MSG_NEWGEN, .pid = 4711, .text = "nft", .generation = 9 }
#define END_BY(number, name) \
	{ .type = NFT_MSG_NEWGEN, .pid = number, .text = name, .generation = 10 }
/* Two of ours, 20 and 21, and the one behind them. */
#define OWN_AFTER 19
#define OWN_UPTO 21
#define END_AT(number) \
	{ .type = NFT_MSG_NEWGEN, .pid = 100, .text = "mssclampd", .generation = number }
#define DELETED { NFT_MSG_DELRULE, NFPROTO_INET, "mssclamp", 0, 0 }
#define CHANGE { NFT_MSG_NEWRULE, NFPROTO_INET, "mssclamp", 0, 0 }

struct told {
	uint16_t type;    /* NFT_MSG_*; 0 (a new table) needs a text too, or the list ends */
	uint8_t family;
	const char *text; /* table, or name of the process */
	uint32_t pid;
	uint32_t generation;
};

static const struct {
	const char *name;
	enum firewall_backend backend;
	struct told told[4];
	bool touched, pending;
	uint32_t pid;
	const char *culprit;
} cases[] = {
	{ "our table is deleted", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 }, END }, true, false, 4711, "nft" },
	{ "a rule is added to it", FIREWALL_NFTABLES,
	  { { NFT_MSG_NEWRULE, NFPROTO_INET, "mssclamp", 0, 0 }, END }, true, false, 4711, "nft" },
	{ "a chain is deleted, more follows", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELCHAIN, NFPROTO_INET, "mssclamp", 0, 0 },
	    { NFT_MSG_NEWRULE, NFPROTO_INET, "other", 0, 0 }, END }, true, false, 4711, "nft" },
	{ "another table", FIREWALL_NFTABLES,
	  { { NFT_MSG_NEWRULE, NFPROTO_INET, "mssclamp2", 0, 0 }, END }, false, false, 0, "" },
	{ "our name in another family", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_IPV4, "mssclamp", 0, 0 }, END }, false, false, 0, "" },
	{ "elements of sets are no rules", FIREWALL_NFTABLES,
	  { { NFT_MSG_NEWSETELEM, NFPROTO_INET, "mssclamp", 0, 0 }, END }, false, false, 0, "" },
	{ "mangle is not nftables' business", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELRULE, NFPROTO_IPV4, "mangle", 0, 0 }, END }, false, false, 0, "" },
	{ "ip mangle", FIREWALL_IPTABLES,
	  { { NFT_MSG_DELRULE, NFPROTO_IPV4, "mangle", 0, 0 }, END }, true, false, 4711, "nft" },
	{ "ip6 mangle", FIREWALL_IPTABLES,
	  { { NFT_MSG_DELCHAIN, NFPROTO_IPV6, "mangle", 0, 0 }, END }, true, false, 4711, "nft" },
	{ "our table of nft beside iptables", FIREWALL_IPTABLES,
	  { { NFT_MSG_DELRULE, NFPROTO_INET, "mssclamp", 0, 0 }, END }, true, false, 4711, "nft" },
	{ "inet mangle is somebody's own", FIREWALL_IPTABLES,
	  { { NFT_MSG_DELCHAIN, NFPROTO_INET, "mangle", 0, 0 }, END }, false, false, 0, "" },
	{ "ip filter", FIREWALL_IPTABLES,
	  { { NFT_MSG_NEWRULE, NFPROTO_IPV4, "filter", 0, 0 }, END }, false, false, 0, "" },
	{ "not committed yet", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 } }, false, true, 0, "" },
	{ "a transaction of others behind ours", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 }, END,
	    { NFT_MSG_NEWTABLE, NFPROTO_INET, "other", 0, 0 }, END_BY(1, "init") },
	  true, false, 4711, "nft" },
	{ "the last one that touched it is named", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 }, END,
	    { NFT_MSG_NEWTABLE, NFPROTO_INET, "mssclamp", 0, 0 }, END_BY(12, "firewalld") },
	  true, false, 12, "firewalld" },
	{ "our own repair hides nobody", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 }, END, CHANGE, END_AT(20) },
	  true, false, 4711, "nft" },
	{ "the last before ours", FIREWALL_NFTABLES, { CHANGE, END_AT(19) },
	  true, false, 100, "mssclampd" },
	{ "the first of ours", FIREWALL_NFTABLES, { CHANGE, END_AT(20) }, true, false, 0, "" },
	{ "the last of ours", FIREWALL_NFTABLES, { CHANGE, END_AT(21) }, true, false, 0, "" },
	{ "the first behind ours", FIREWALL_NFTABLES, { CHANGE, END_AT(22) },
	  true, false, 100, "mssclampd" },
	{ "behind the last of ours", FIREWALL_NFTABLES, { CHANGE, END_AT(21), CHANGE, END_AT(22) },
	  true, false, 100, "mssclampd" },
	{ "a generation that we are told of again", FIREWALL_NFTABLES,
	  { CHANGE, END_AT(22), CHANGE, END_AT(21) }, true, false, 100, "mssclampd" },
	{ "of mangle too", FIREWALL_IPTABLES,
	  { { NFT_MSG_NEWRULE, NFPROTO_IPV4, "mangle", 0, 0 }, END_AT(21) },
	  true, false, 0, "" },
	{ "an older kernel names nobody", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 }, END_BY(0, NULL) },
	  true, false, 0, "" },
	{ "a name longer than a task's is cut", FIREWALL_NFTABLES,
	  { { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 },
	    END_BY(5, "0123456789abcdefghij") }, true, false, 5, "0123456789abcde" },
};

static struct nlmsghdr *build(const struct told *told, void *buffer)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *header;

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | told->type);
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->nfgen_family = told->family;
	if (told->type == NFT_MSG_NEWGEN) {
		mnl_attr_put_u32(message, NFTA_GEN_ID, htonl(told->generation));
		if (told->pid)
			mnl_attr_put_u32(message, NFTA_GEN_PROC_PID, htonl(told->pid));
		if (told->text)
			mnl_attr_put_strz(message, NFTA_GEN_PROC_NAME, told->text);
	} else {
		mnl_attr_put_strz(message, NFTA_TABLE_NAME, told->text);
		mnl_attr_put_u32(message, NFTA_TABLE_FLAGS, 0);
	}
	return message;
}

static void test_transactions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct firewall_events events = { .backend = cases[i].backend, .own = true,
						  .own_after = OWN_AFTER, .own_upto = OWN_UPTO };

		print_message("  %s\n", cases[i].name);
		for (size_t j = 0; j < COUNT(cases[i].told); j++) {
			const struct told *told = &cases[i].told[j];
			_Alignas(struct nlmsghdr) uint8_t buffer[256];

			if (told->type == 0 && !told->text)
				break;
			assert_int_equal(firewall_events_parse(build(told, buffer), &events), 0);
		}
		assert_int_equal(events.touched, cases[i].touched);
		assert_int_equal(events.pending, cases[i].pending);
		assert_int_equal(events.culprit_pid, cases[i].pid);
		assert_string_equal(events.culprit, cases[i].culprit);
	}
}

/* What others remove is told apart: then the kernel has to act before anybody has looked. */
static void test_removals(void **state)
{
	static const struct {
		const char *name;
		struct told told, end;
		bool removed;
	} removals[] = {
		{ "a rule, by somebody", DELETED, END, true },
		{ "by somebody who is not named", DELETED, END_BY(0, NULL), true },
		{ "by a change of ours", DELETED, END_AT(20), false },
		{ "by our process otherwise", DELETED, END_BY(77, "mssclampd"), false },
		{ "a rule more", CHANGE, END, false },
		{ "of another table", { NFT_MSG_DELRULE, NFPROTO_INET, "other", 0, 0 }, END, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(removals); i++) {
		struct firewall_events events = { .backend = FIREWALL_NFTABLES, .own = true,
						  .own_after = OWN_AFTER, .own_upto = OWN_UPTO,
						  .self = "mssclampd" };
		_Alignas(struct nlmsghdr) uint8_t buffer[256];

		print_message("  %s\n", removals[i].name);
		firewall_events_parse(build(&removals[i].told, buffer), &events);
		assert_false(events.removed);
		firewall_events_parse(build(&removals[i].end, buffer), &events);
		assert_int_equal(events.removed, removals[i].removed);
		assert_false(events.pending_removal);
	}
}

/* The number of generations wraps; a change of ours may lie across that. */
static void test_generations_wrap(void **state)
{
	static const struct { uint32_t generation; bool named; } wrapped[] = {
		{ UINT32_MAX - 1, true }, { UINT32_MAX, false }, { 1, false }, { 2, false },
		{ 3, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrapped); i++) {
		const struct told change = CHANGE, end = END_AT(wrapped[i].generation);
		struct firewall_events events = { .backend = FIREWALL_NFTABLES, .own = true,
						  .own_after = UINT32_MAX - 1, .own_upto = 2 };
		_Alignas(struct nlmsghdr) uint8_t buffer[256];

		firewall_events_parse(build(&change, buffer), &events);
		firewall_events_parse(build(&end, buffer), &events);
		assert_int_equal(events.culprit_pid, wrapped[i].named ? 100 : 0);
	}
}

/* Messages that no kernel sends: nothing is read behind their end, nothing is believed. */
static void test_malformed(void **state)
{
	static const struct told told = { NFT_MSG_DELTABLE, NFPROTO_INET, "mssclamp", 0, 0 };
	_Alignas(struct nlmsghdr) uint8_t buffer[256];
	struct firewall_events events = { .backend = FIREWALL_NFTABLES };
	struct nlmsghdr *message = build(&told, buffer);
	struct nlattr *name = mnl_nlmsg_get_payload_offset(message, sizeof(struct nfgenmsg));

	(void)state;
	message->nlmsg_len = NLMSG_LENGTH(2); /* shorter than its own header */
	firewall_events_parse(message, &events);
	assert_false(events.pending);

	message = build(&told, buffer);
	message->nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg)); /* no attribute */
	firewall_events_parse(message, &events);
	assert_false(events.pending);

	message = build(&told, buffer);
	name->nla_len = 12; /* the name without its NUL */
	firewall_events_parse(message, &events);
	assert_false(events.pending);

	message = build(&told, buffer);
	name->nla_len = 200; /* reaches behind the message */
	firewall_events_parse(message, &events);
	assert_false(events.pending);

	message = build(&told, buffer);
	message->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | NFT_MSG_DELTABLE;
	firewall_events_parse(message, &events);
	assert_false(events.pending);

	firewall_events_parse(build(&told, buffer), &events); /* and the whole one counts */
	assert_true(events.pending);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_removals),
		cmocka_unit_test(test_generations_wrap),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests_name("firewall_events", tests, NULL, NULL);
}
