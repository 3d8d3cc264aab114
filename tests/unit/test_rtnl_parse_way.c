/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/route_mtu.h"
#include "edge/netlink/rtnl.h"
#include "rtnl_message.h"
#include "rtnl_routes.h"
#include "rtnl_ways.h"

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	int result;
	struct path_answer answer;
	const char *source; /* NULL: none */
} answers[] = {
	{ "unicast",        RECORDED(answer_unicast),    0, { true, .ifindex = 2 }, "192.0.2.2" },
	{ "local",          RECORDED(answer_local),      0, { true, .local = true }, "192.0.2.2" },
	{ "route's metric", RECORDED(answer_own_metric), 0,
	  { true, .ifindex = 3, .mtu = 1300 }, "192.0.2.2" },
	{ "an exception",   RECORDED(answer_exception),  0,
	  { true, .ifindex = 3, .mtu = 1200 }, "192.0.2.2" },
	{ "IPv6, likewise", RECORDED(answer_exception6), 0,
	  { true, .ifindex = 3, .mtu = 1290 }, "2001:db8::2" },
	{ "black hole",     RECORDED(route_blackhole),   -EHOSTUNREACH, { 0 }, NULL },
	{ "many links",     RECORDED(match_multipath),   -EHOSTUNREACH, { 0 }, NULL },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct nlmsghdr *message = copy_message(answers[i].bytes, answers[i].len);
		struct path_answer answer = { 0 };
		const struct path_answer *expected = &answers[i].answer;
		char text[PREFIX_TEXT_MAX] = "";
		int r = rtnl_parse_answer(message, &answer);

		if (answer.has_source)
			address_format(&answer.source, text);
		if (r != answers[i].result || answer.reachable != expected->reachable ||
		    answer.local != expected->local || answer.ifindex != expected->ifindex ||
		    answer.mtu != expected->mtu || answer.mtu_locked != expected->mtu_locked ||
		    strcmp(text, answers[i].source ? answers[i].source : "") != 0)
			fail_msg("%s: %d, link %u, MTU %u, from %s", answers[i].name, r,
				 answer.ifindex, answer.mtu, text);
		free(message);
	}
}

/* An answer that cannot be read leaves alone what was there. */
static void test_what_is_no_answer(void **state)
{
	struct nlmsghdr *other = copy_message(RECORDED(answer_unicast));
	struct nlmsghdr *foreign = copy_message(RECORDED(answer_unicast));
	struct path_answer answer = { .ifindex = 7, .mtu = 8 };

	(void)state;
	other->nlmsg_type = RTM_DELROUTE;
	((struct rtmsg *)NLMSG_DATA(foreign))->rtm_family = AF_MPLS;
	assert_int_equal(rtnl_parse_answer(other, &answer), -EBADMSG);
	assert_int_equal(rtnl_parse_answer(foreign, &answer), -EBADMSG);
	assert_int_equal(rtnl_parse_metric(other, &answer), -EBADMSG);
	assert_int_equal(rtnl_parse_metric(foreign, &answer), -EBADMSG);
	assert_int_equal(answer.ifindex, 7);
	assert_int_equal(answer.mtu, 8);
	free(other);
	free(foreign);
}

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	uint32_t mtu;
	bool locked;
} metrics[] = {
	{ "IPv4",       RECORDED(match_mtu),       1300, false },
	{ "locked",     RECORDED(match_lock),      1200, true  },
	{ "many links", RECORDED(match_multipath), 1350, false },
	{ "IPv6",       RECORDED(match_mtu6),      1400, false },
	{ "none",       RECORDED(answer_unicast),  0,    false },
};

static void test_metrics(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(metrics); i++) {
		struct nlmsghdr *message = copy_message(metrics[i].bytes, metrics[i].len);
		struct path_answer answer = { true, .ifindex = 7, .mtu = 1, .mtu_locked = true };

		assert_int_equal(rtnl_parse_metric(message, &answer), 0);
		if (answer.mtu != metrics[i].mtu || answer.mtu_locked != metrics[i].locked ||
		    answer.ifindex != 7 || !answer.reachable)
			fail_msg("%s: MTU %u", metrics[i].name, answer.mtu);
		free(message);
	}
}

/* The limit of a tunnel comes from what is around it, not from what we wrote of that. */
static void test_metric_of_our_own_route(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(match_lock));
	struct path_answer answer = { true, .ifindex = 7, .mtu = 1, .mtu_locked = true };

	(void)state;
	((struct rtmsg *)NLMSG_DATA(message))->rtm_protocol = ROUTE_MTU_PROTOCOL;
	assert_int_equal(rtnl_parse_metric(message, &answer), 0);
	assert_int_equal(answer.mtu, 0);
	assert_false(answer.mtu_locked);
	free(message);
}

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	const char *destination; /* NULL: no hint */
	uint32_t mtu;
	bool locked;
} hints[] = {
	{ "IPv4",                       RECORDED(hint_mtu),          "10.9.1.1", 1200, false },
	{ "less than min_pmtu",         RECORDED(hint_locked),       "10.9.1.2", 552,  true  },
	{ "IPv6",                       RECORDED(hint_mtu6),         "fd09::1",  1290, false },
	{ "a route's metric",           RECORDED(answer_own_metric), NULL,       0,    false },
	{ "a route",                    RECORDED(route_mtu),         NULL,       0,    false },
	{ "not said to be cached",      RECORDED(match_mtu6),        NULL,       0,    false },
};

static void test_hints(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(hints); i++) {
		struct nlmsghdr *message = copy_message(hints[i].bytes, hints[i].len);
		struct hint_list list = { 0 };
		char text[PREFIX_TEXT_MAX];

		assert_int_equal(rtnl_parse_hint(message, &list), 0);
		if (list.count != (hints[i].destination != NULL))
			fail_msg("%s: %zu hints", hints[i].name, list.count);
		if (list.count == 1 &&
		    (strcmp(address_format(&list.list[0].destination, text),
			    hints[i].destination) != 0 ||
		     list.list[0].ifindex != 3 || list.list[0].mtu != hints[i].mtu ||
		     list.list[0].locked != hints[i].locked))
			fail_msg("%s: %s, MTU %u", hints[i].name, text, list.list[0].mtu);
		hint_list_done(&list);
		free(message);
	}
}

/* An exception whose time has come: RTA_CACHEINFO is the last attribute, the third number its. */
static void test_hint_that_has_expired(void **state)
{
	const int32_t left[] = { 1, 0, -1, INT32_MIN };

	(void)state;
	for (size_t i = 0; i < COUNT(left); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(hint_mtu));
		uint8_t *info = (uint8_t *)message + message->nlmsg_len -
				sizeof(struct rta_cacheinfo);
		struct hint_list list = { 0 };

		memcpy(info + offsetof(struct rta_cacheinfo, rta_expires), &left[i],
		       sizeof(left[i]));
		assert_int_equal(rtnl_parse_hint(message, &list), 0);
		if (list.count != (left[i] > 0))
			fail_msg("%d ticks left: %zu hints", left[i], list.count);
		hint_list_done(&list);
		free(message);
	}
}

static void test_hints_of_other_kinds(void **state)
{
	struct nlmsghdr *gone = copy_message(RECORDED(hint_mtu));
	struct nlmsghdr *net = copy_message(RECORDED(hint_mtu));
	struct nlmsghdr *route = copy_message(RECORDED(hint_mtu));
	struct hint_list list = { 0 };

	(void)state;
	gone->nlmsg_type = RTM_DELROUTE;
	((struct rtmsg *)NLMSG_DATA(net))->rtm_dst_len = 24;
	((struct rtmsg *)NLMSG_DATA(route))->rtm_flags = 0;
	assert_int_equal(rtnl_parse_hint(gone, &list), 0);
	assert_int_equal(rtnl_parse_hint(route, &list), 0);
	assert_int_equal(rtnl_parse_hint(net, &list), 0);
	assert_int_equal(list.count, 0);
	free(gone);
	free(net);
	free(route);
}

/* Makes RTAX_MTU, which all of these have, another metric. */
static struct nlmsghdr *copy_without_mtu(const uint8_t *bytes, size_t len)
{
	const struct nlattr mtu = { .nla_len = 8, .nla_type = RTAX_MTU };
	struct nlmsghdr *message = copy_message(bytes, len);
	struct nlattr *found = memmem(message, len, &mtu, sizeof(mtu));

	assert_non_null(found);
	found->nla_type = RTAX_WINDOW;
	return message;
}

/* A lock alone, and a redirect that will expire. */
static void test_without_an_mtu(void **state)
{
	struct nlmsghdr *locked = copy_without_mtu(RECORDED(match_lock));
	struct nlmsghdr *redirect = copy_without_mtu(RECORDED(hint_mtu));
	struct path_answer answer = { .mtu = 1 };
	struct hint_list list = { 0 };

	(void)state;
	assert_int_equal(rtnl_parse_metric(locked, &answer), 0);
	assert_int_equal(answer.mtu, 0);
	assert_false(answer.mtu_locked);
	assert_int_equal(rtnl_parse_hint(redirect, &list), 0);
	assert_int_equal(list.count, 0);
	free(locked);
	free(redirect);
}

static const struct { const char *name; const uint8_t *bytes; size_t len; } whole[] = {
	{ "answer",      RECORDED(answer_exception) },
	{ "IPv6 answer", RECORDED(answer_exception6) },
	{ "match",       RECORDED(match_lock) },
	{ "hint",        RECORDED(hint_locked) },
	{ "IPv6 hint",   RECORDED(hint_mtu6) },
};

/* Whatever was cut off, it is refused unless an attribute ended there. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(whole); i++) {
		for (size_t len = NLMSG_HDRLEN; len < whole[i].len; len++) {
			bool ends = ends_with_attribute(whole[i].bytes, sizeof(struct rtmsg), len);
			struct nlmsghdr *message = copy_message(whole[i].bytes, len);
			struct path_answer answer = { 0 };
			struct hint_list list = { 0 };
			int r = rtnl_parse_answer(message, &answer);

			if (ends ? r != 0 && r != -EHOSTUNREACH : r != -EBADMSG)
				fail_msg("%s cut to %zu: %d", whole[i].name, len, r);
			if (rtnl_parse_metric(message, &answer) != (ends ? 0 : -EBADMSG) ||
			    rtnl_parse_hint(message, &list) != (ends ? 0 : -EBADMSG))
				fail_msg("%s cut to %zu", whole[i].name, len);
			hint_list_done(&list);
			free(message);
		}
	}
}

static const struct {
	const char *name;
	uint8_t family;
	struct attribute_path path;
	size_t least;
} attributes[] = {
	{ "RTA_DST",           AF_INET,  { { RTA_DST } },                  4 },
	{ "RTA_DST, IPv6",     AF_INET6, { { RTA_DST } },                 16 },
	{ "RTA_PREFSRC",       AF_INET,  { { RTA_PREFSRC } },              4 },
	{ "RTA_PREFSRC, IPv6", AF_INET6, { { RTA_PREFSRC } },             16 },
	{ "RTA_OIF",           AF_INET,  { { RTA_OIF } },                  4 },
	{ "RTAX_MTU",          AF_INET,  { { RTA_METRICS, RTAX_MTU } },    4 },
	{ "RTAX_LOCK",         AF_INET,  { { RTA_METRICS, RTAX_LOCK } },   4 },
	{ "RTA_CACHEINFO",     AF_INET,  { { RTA_CACHEINFO } },           12 },
};

static void test_attributes_of_each_length(void **state)
{
	(void)state;
	for (size_t row = 0; row < COUNT(attributes); row++) {
		for (size_t len = 0; len <= attributes[row].least + 4; len++) {
			_Alignas(struct nlmsghdr) uint8_t bytes[256];
			struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
			struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
			int expected = len >= attributes[row].least ? 0 : -EBADMSG;
			struct path_answer answer = { 0 };
			int r;

			message->nlmsg_type = RTM_NEWROUTE;
			route->rtm_family = attributes[row].family;
			route->rtm_type = RTN_UNICAST;
			mnl_attr_put_u32(message, RTA_OIF, 7);
			message = end_with_attribute(message, &attributes[row].path, len, 1);
			r = rtnl_parse_answer(message, &answer);
			if (r != expected || answer.reachable != (expected == 0))
				fail_msg("%s with %zu bytes: %d", attributes[row].name, len, r);
			free(message);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_what_is_no_answer),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_metric_of_our_own_route),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_hint_that_has_expired),
		cmocka_unit_test(test_hints_of_other_kinds),
		cmocka_unit_test(test_without_an_mtu),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_attributes_of_each_length),
	};

	return cmocka_run_group_tests_name("rtnl_parse_way", tests, NULL, NULL);
}
