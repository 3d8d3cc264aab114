/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "edge/firewall/firewall.h"
#include "edge/firewall/heartbeat.h"
#include "edge/firewall/heartbeat_text.h"

#define RULES(hook, chain) \
	"add chain inet mssclamp " chain " { type filter hook " hook " priority -149; " \
	"policy accept; }\n" \
	"flush chain inet mssclamp " chain "\n" \
	"add rule inet mssclamp " chain " meta nfproto @alive return\n" \
	"add rule inet mssclamp " chain " tcp flags & (fin|syn|rst) == syn @th,160,16 0x0204 " \
	"tcp option 29 missing meta oiftype != loopback counter tcp option maxseg size set rt mtu\n"
#define HEAD \
	"add table inet mssclamp\n" \
	"add set inet mssclamp alive { type nf_proto; size 64; flags dynamic,timeout; " \
	"timeout 5s; }\n" \
	"add chain inet mssclamp heartbeat { type filter hook output priority -450; " \
	"policy accept; }\n" \
	"flush chain inet mssclamp heartbeat\n" \
	"add rule inet mssclamp heartbeat meta mark 0x6d737363 udp dport 9 update @alive " \
	"{ meta nfproto timeout 5s } drop\n"

static const struct {
	const char *name;
	unsigned int hooks, possible;
	const char *text;
} plans[] = {
	{ "all hooks", FIREWALL_FORWARD | FIREWALL_OUTPUT | FIREWALL_INPUT,
	  FIREWALL_FORWARD | FIREWALL_OUTPUT,
	  HEAD RULES("forward", "fallback_forward") RULES("output", "fallback_output") },
	{ "forward", FIREWALL_FORWARD, FIREWALL_FORWARD, HEAD RULES("forward", "fallback_forward") },
	{ "output", FIREWALL_OUTPUT, FIREWALL_OUTPUT, HEAD RULES("output", "fallback_output") },
	{ "input knows no route", FIREWALL_INPUT, 0, HEAD },
};

static void test_print(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		print_message("%s\n", plans[i].name);
		assert_non_null(out);
		assert_int_equal(heartbeat_hooks(plans[i].hooks), plans[i].possible);
		heartbeat_print(heartbeat_hooks(plans[i].hooks), out);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(text, plans[i].text);
		free(text);
	}
}

/* A dry run names no hook: to register one drops what waits in queues. */
static void test_try(void **state)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	heartbeat_text_try(out);
	assert_int_equal(fclose(out), 0);
	assert_null(strstr(text, "hook"));
	assert_null(strstr(text, "mssclamp "));
	assert_non_null(strstr(text, "set rt mtu"));
	assert_non_null(strstr(text, "update @alive"));
	free(text);
}

static int describe_part(const struct nlattr *attr, void *out)
{
	const uint8_t *value = mnl_attr_get_payload(attr);

	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY)
		fprintf(out, " %u", value[sizeof(struct nlattr)]);
	else
		fprintf(out, " for %u ms", (unsigned int)value[6] << 8 | value[7]);
	return MNL_CB_OK;
}

static int describe_element(const struct nlattr *attr, void *out)
{
	return mnl_attr_parse_nested(attr, describe_part, out);
}

static int describe_attribute(const struct nlattr *attr, void *out)
{
	if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(attr, describe_element, out);
	fprintf(out, " %s", mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* What a message says of the set's elements, in one line. */
static void describe(const struct nlmsghdr *message, FILE *out)
{
	static const char *const names[] = {
		[NFT_MSG_NEWSETELEM] = "add", [NFT_MSG_DELSETELEM] = "delete",
	};

	if (message->nlmsg_type == NFNL_MSG_BATCH_BEGIN ||
	    message->nlmsg_type == NFNL_MSG_BATCH_END) {
		fputs(message->nlmsg_type == NFNL_MSG_BATCH_BEGIN ? "begin\n" : "end\n", out);
		return;
	}
	assert_int_equal(message->nlmsg_type >> 8, NFNL_SUBSYS_NFTABLES);
	fputs(names[message->nlmsg_type & 0xff], out);
	mnl_attr_parse(message, sizeof(struct nfgenmsg), describe_attribute, out);
	fprintf(out, "%s\n", message->nlmsg_flags & NLM_F_ACK ? ", answer" : "");
}

static void assert_batch(const void *batch, size_t len, const char *expected)
{
	const struct nlmsghdr *message = batch;
	char *text = NULL;
	size_t text_len = 0;
	int left = (int)len;
	FILE *out = open_memstream(&text, &text_len);

	assert_non_null(out);
	assert_true(len <= HEARTBEAT_MSG_MAX);
	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
		describe(message, out);
	assert_int_equal(left, 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void test_messages(void **state)
{
	static const uint8_t both[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	_Alignas(struct nlmsghdr) char batch[HEARTBEAT_MSG_MAX];

	(void)state;
	assert_batch(batch, heartbeat_msg_refresh(batch, both, 2),
		     "begin\n"
		     "add mssclamp alive 2 for 15000 ms 10 for 15000 ms\n"
		     "delete mssclamp alive 2 10\n"
		     "add mssclamp alive 2 for 15000 ms 10 for 15000 ms, answer\n"
		     "end\n");
	assert_batch(batch, heartbeat_msg_refresh(batch, both + 1, 1),
		     "begin\n"
		     "add mssclamp alive 10 for 15000 ms\n"
		     "delete mssclamp alive 10\n"
		     "add mssclamp alive 10 for 15000 ms, answer\n"
		     "end\n");
	assert_batch(batch, heartbeat_msg_stop(batch),
		     "begin\ndelete mssclamp alive, answer\nend\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_try),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
