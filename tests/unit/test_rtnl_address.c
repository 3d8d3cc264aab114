/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded messages, and the kernel itself in a network namespace of this process alone. Needs root
 * and ip(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_addr.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"
#include "rtnl_addresses.h"
#include "rtnl_message.h"

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	uint32_t ifindex;
	const char *own;
	uint8_t length;
	const char *other; /* NULL: none */
} recorded[] = {
	{ "of lo",             RECORDED(address_lo),           1, "127.0.0.1",    8,   NULL },
	{ "with a broadcast",  RECORDED(address_broad),        3, "192.0.2.1",    24,  NULL },
	{ "a small prefix",    RECORDED(address_thirty),       3, "192.0.2.5",    30,  NULL },
	{ "another end",       RECORDED(address_far_end),      3, "10.0.0.1",     32,  "10.0.0.2" },
	{ "in a wide prefix",  RECORDED(address_far_end_wide), 3, "10.1.0.1",     16,  "10.1.7.2" },
	{ "IPv6",              RECORDED(address_six),          2, "2001:db8::1",  64,  NULL },
	{ "IPv6, a pair",      RECORDED(address_six_pair),     2, "2001:db8:1::", 127, NULL },
	{ "IPv6, another end", RECORDED(address_six_far_end),  2, "fe80::1",      128, "fe80::2" },
};

static bool is_address(const struct address *address, const char *text)
{
	char written[PREFIX_TEXT_MAX];

	return strcmp(address_format(address, written), text) == 0;
}

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(recorded); i++) {
		struct nlmsghdr *message = copy_message(recorded[i].bytes, recorded[i].len);
		struct link_address_list list = { 0 };
		const struct link_address *address;

		assert_int_equal(rtnl_parse_address(message, &list), 0);
		assert_int_equal(list.count, 1);
		address = &list.list[0];
		if (address->ifindex != recorded[i].ifindex ||
		    !is_address(&address->own, recorded[i].own) ||
		    address->length != recorded[i].length ||
		    address->has_other != (recorded[i].other != NULL) ||
		    (address->has_other && !is_address(&address->other, recorded[i].other)))
			fail_msg("%s", recorded[i].name);
		link_address_list_done(&list);
		free(message);
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(recorded); i++) {
		const size_t header_len = sizeof(struct ifaddrmsg);

		for (size_t len = NLMSG_HDRLEN; len < recorded[i].len; len++) {
			bool whole = ends_with_attribute(recorded[i].bytes, header_len, len) &&
				     len > NLMSG_HDRLEN + header_len;
			struct nlmsghdr *message = copy_message(recorded[i].bytes, len);
			struct link_address_list list = { 0 };

			/* Without any attribute there is no address. */
			if (rtnl_parse_address(message, &list) != (whole ? 0 : -EBADMSG) ||
			    list.count != whole)
				fail_msg("%s cut to %zu", recorded[i].name, len);
			link_address_list_done(&list);
			free(message);
		}
	}
}

/* One change to an address of a /24. */
static const struct {
	const char *name;
	uint16_t type;
	uint8_t family, length;
	uint32_t ifindex;
	int result;
	size_t count;
} changed[] = {
	{ "as it was",            RTM_NEWADDR, AF_INET,   24, 3, 0,        1 },
	{ "gone",                 RTM_DELADDR, AF_INET,   24, 3, 0,        0 },
	{ "of another family",    RTM_NEWADDR, AF_MPLS,   24, 3, 0,        0 },
	{ "too short for IPv6",   RTM_NEWADDR, AF_INET6,  24, 3, -EBADMSG, 0 },
	{ "all bits",             RTM_NEWADDR, AF_INET,   32, 3, 0,        1 },
	{ "more bits than all",   RTM_NEWADDR, AF_INET,   33, 3, -EBADMSG, 0 },
	{ "of no link",           RTM_NEWADDR, AF_INET,   24, 0, -EBADMSG, 0 },
	{ "of an impossible one", RTM_NEWADDR, AF_INET,   24, UINT32_MAX, -EBADMSG, 0 },
};

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changed); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(address_broad));
		struct ifaddrmsg *header = NLMSG_DATA(message);
		struct link_address_list list = { 0 };
		int r;

		message->nlmsg_type = changed[i].type;
		header->ifa_family = changed[i].family;
		header->ifa_prefixlen = changed[i].length;
		header->ifa_index = changed[i].ifindex;
		r = rtnl_parse_address(message, &list);
		if (r != changed[i].result || list.count != changed[i].count)
			fail_msg("%s: %d, %zu addresses", changed[i].name, r, list.count);
		link_address_list_done(&list);
		free(message);
	}
}

/* What the addresses of a host say, all on link 1 but where it says so. */
static const struct {
	const char *name;
	struct { uint32_t ifindex; const char *own; uint8_t length; const char *other; } has[3];
	const char *neighbours; /* "link address ..." */
} neighbours[] = {
	{ "nothing",             { { 0 } }, "" },
	{ "another end",         { { 1, "10.0.0.1", 32, "10.0.0.2" } }, "1 10.0.0.2 " },
	{ "in a wide prefix",    { { 1, "10.0.0.1", 8, "10.7.0.2" } }, "1 10.7.0.2 " },
	{ "not in the pair",     { { 1, "10.0.0.1", 30, "10.7.0.2" } }, "1 10.7.0.2 " },
	{ "IPv6, another end",   { { 1, "fe80::1", 128, "fe80::2" } }, "1 fe80::2 " },
	{ "unknown end",         { { 1, "10.0.0.1", 32, "0.0.0.0" } }, "" },
	{ "a group",             { { 1, "10.0.0.1", 32, "224.0.0.5" } }, "" },
	{ "/30, first",          { { 1, "192.0.2.5", 30, NULL } }, "1 192.0.2.6 " },
	{ "/30, second",         { { 1, "192.0.2.6", 30, NULL } }, "1 192.0.2.5 " },
	{ "/30, the network",    { { 1, "192.0.2.4", 30, NULL } }, "" },
	{ "/30, broadcast",      { { 1, "192.0.2.7", 30, NULL } }, "" },
	{ "/31, even",           { { 1, "192.0.2.6", 31, NULL } }, "1 192.0.2.7 " },
	{ "/31, odd",            { { 1, "192.0.2.7", 31, NULL } }, "1 192.0.2.6 " },
	{ "/32",                 { { 1, "192.0.2.7", 32, NULL } }, "" },
	{ "/29",                 { { 1, "192.0.2.1", 29, NULL } }, "" },
	{ "/24",                 { { 1, "192.0.2.1", 24, NULL } }, "" },
	{ "/0",                  { { 1, "192.0.2.1", 0, NULL } }, "" },
	{ "/126, first",         { { 1, "2001:db8::1", 126, NULL } }, "1 2001:db8::2 " },
	{ "/126, second",        { { 1, "2001:db8::2", 126, NULL } }, "1 2001:db8::1 " },
	{ "/126, anycast",       { { 1, "2001:db8::", 126, NULL } }, "" },
	{ "/126, last",          { { 1, "2001:db8::3", 126, NULL } }, "" },
	{ "/127, even",          { { 1, "2001:db8::", 127, NULL } }, "1 2001:db8::1 " },
	{ "/127, odd",           { { 1, "2001:db8::1", 127, NULL } }, "1 2001:db8:: " },
	{ "/128",                { { 1, "2001:db8::1", 128, NULL } }, "" },
	{ "/125",                { { 1, "2001:db8::1", 125, NULL } }, "" },
	{ "IPv6 /31",            { { 1, "2001:db8::1", 31, NULL } }, "" },
	{ "both ends are ours",  { { 1, "192.0.2.5", 30, NULL }, { 2, "192.0.2.6", 30, NULL } },
	  "" },
	{ "an end that is ours", { { 1, "10.0.0.1", 32, "10.0.0.2" }, { 2, "10.0.0.2", 24, NULL } },
	  "" },
	{ "our own end",         { { 1, "10.0.0.1", 32, "10.0.0.1" } }, "" },
	{ "two own, one other",  { { 1, "10.0.0.1", 32, "10.0.0.9" },
				   { 1, "10.0.0.2", 32, "10.0.0.9" } },
	  "1 10.0.0.9 " },
	{ "on two links",        { { 2, "10.0.0.1", 32, "10.0.0.9" },
				   { 1, "10.0.0.1", 32, "10.0.0.9" } },
	  "1 10.0.0.9 2 10.0.0.9 " },
	{ "sorted",              { { 1, "2001:db8::1", 127, NULL },
				   { 1, "10.0.0.1", 32, "10.0.0.9" },
				   { 1, "10.0.0.1", 32, "10.0.0.8" } },
	  "1 10.0.0.8 1 10.0.0.9 1 2001:db8:: " },
};

static const char *write_neighbours(const struct neighbour_list *list, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count && at < size; i++) {
		char address[PREFIX_TEXT_MAX];

		at += (size_t)snprintf(text + at, size - at, "%u %s ", list->list[i].ifindex,
				       address_format(&list->list[i].address, address));
	}
	return text;
}

static void test_neighbours(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(neighbours); i++) {
		struct link_address has[COUNT(neighbours[0].has)] = { 0 };
		struct address *own;
		struct link_address_list list = { .list = has };
		struct neighbour_list found = { 0 };
		char text[256];

		for (; list.count < COUNT(has); list.count++) {
			struct link_address *address = &has[list.count];

			if (neighbours[i].has[list.count].ifindex == 0)
				break;
			address->ifindex = neighbours[i].has[list.count].ifindex;
			address->length = neighbours[i].has[list.count].length;
			assert_int_equal(address_parse(neighbours[i].has[list.count].own,
						       &address->own), 0);
			address->has_other = neighbours[i].has[list.count].other != NULL;
			if (address->has_other)
				assert_int_equal(address_parse(neighbours[i].has[list.count].other,
							       &address->other), 0);
		}
		own = rtnl_sort_own(&list);
		assert_non_null(own);
		assert_int_equal(rtnl_find_neighbours(&list, own, &found), 0);
		free(own);
		write_neighbours(&found, text, sizeof(text));
		if (strcmp(text, neighbours[i].neighbours) != 0)
			fail_msg("%s: %s", neighbours[i].name, text);
		neighbour_list_done(&found);
	}
}

static const char *const setup[] = {
	"ip link set lo up",
	"ip link add v0 index 7 type veth peer name v1 index 8",
	"ip addr add 192.0.2.5/30 dev v0",
	"ip addr add 192.0.2.1/24 dev v0",
	"ip addr add 10.0.0.1 peer 10.0.0.2 dev v1",
	"ip addr add 2001:db8::1/64 dev v0 nodad",
	"ip addr add 2001:db8:1::/127 dev v0 nodad",
	"ip addr add fe80::1 peer fe80::2/128 dev v1 nodad",
};

static void test_addresses_of_the_kernel(void **state)
{
	struct link_address_list list = { 0 };
	struct neighbour_list found = { 0 };
	struct address *own;
	char text[256];
	struct nl *nl;

	(void)state;
	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &nl), 0);
	assert_int_equal(rtnl_dump_addresses(nl, &list), 0);
	assert_int_equal(list.count, 8); /* and two of lo */
	own = rtnl_sort_own(&list);
	assert_non_null(own);
	assert_int_equal(rtnl_find_neighbours(&list, own, &found), 0);
	free(own);
	assert_string_equal(write_neighbours(&found, text, sizeof(text)),
			    "7 192.0.2.6 7 2001:db8:1::1 8 10.0.0.2 8 fe80::2 ");
	neighbour_list_done(&found);
	link_address_list_done(&list);
	nl_close(nl);
}

static int enter_namespace(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0) {
		perror("a network namespace of our own (are you root?)");
		return -1;
	}
	for (size_t i = 0; i < COUNT(setup); i++) {
		if (system(setup[i]) != 0) {
			fprintf(stderr, "failed: %s\n", setup[i]);
			return -1;
		}
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_addresses_of_the_kernel),
	};

	return cmocka_run_group_tests_name("rtnl_address", tests, enter_namespace, NULL);
}
