/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded messages, and the kernel itself in a network namespace of this process alone. Needs root,
 * ip(8) and bridge(8). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "base/array.h"
#include "edge/netlink/rtnl.h"
#include "rtnl_fdbs.h"
#include "rtnl_message.h"

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	uint32_t ifindex;
	const char *address; /* NULL: no far end */
	uint16_t port;
} entries[] = {
	{ "a host",             RECORDED(fdb_host),           4, "203.0.113.9", 0    },
	{ "a port of its own",  RECORDED(fdb_port),           4, "203.0.113.9", 1234 },
	{ "IPv6",               RECORDED(fdb_six),            6, "2001:db8::7", 0    },
	{ "a multicast group",  RECORDED(fdb_group),          0, NULL,          0    },
	{ "of no VXLAN",        RECORDED(fdb_no_destination), 0, NULL,          0    },
};

static void test_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		struct nlmsghdr *message = copy_message(entries[i].bytes, entries[i].len);
		struct fdb_list list = { 0 };
		char text[PREFIX_TEXT_MAX];

		assert_int_equal(rtnl_parse_fdb(message, &list), 0);
		if (list.count != (entries[i].address != NULL))
			fail_msg("%s: %zu far ends", entries[i].name, list.count);
		if (list.count == 1 &&
		    (list.list[0].ifindex != entries[i].ifindex ||
		     list.list[0].port != entries[i].port ||
		     strcmp(address_format(&list.list[0].address, text), entries[i].address) != 0))
			fail_msg("%s: %s port %u", entries[i].name, text, list.list[0].port);
		fdb_list_done(&list);
		free(message);
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++) {
		for (size_t len = NLMSG_HDRLEN; len < entries[i].len; len++) {
			bool ends = ends_with_attribute(entries[i].bytes, sizeof(struct ndmsg), len);
			struct nlmsghdr *message = copy_message(entries[i].bytes, len);
			struct fdb_list list = { 0 };

			if (rtnl_parse_fdb(message, &list) != (ends ? 0 : -EBADMSG))
				fail_msg("%s cut to %zu", entries[i].name, len);
			assert_true(ends || list.count == 0);
			fdb_list_done(&list);
			free(message);
		}
	}
}

/* One change to an entry that names a host. */
static const struct {
	const char *name;
	uint16_t type;
	uint8_t family, flags;
	int ifindex, result;
	size_t count;
} changed[] = {
	{ "as it was",               RTM_NEWNEIGH, AF_BRIDGE, NTF_SELF,   4, 0,        1 },
	{ "learned",                 RTM_NEWNEIGH, AF_BRIDGE, NTF_SELF | NTF_EXT_LEARNED, 4, 0, 1 },
	{ "gone",                    RTM_DELNEIGH, AF_BRIDGE, NTF_SELF,   4, 0,        0 },
	{ "a neighbour",             RTM_NEWNEIGH, AF_INET,   NTF_SELF,   4, 0,        0 },
	{ "the bridge's",            RTM_NEWNEIGH, AF_BRIDGE, NTF_MASTER, 4, 0,        0 },
	{ "of no link",              RTM_NEWNEIGH, AF_BRIDGE, NTF_SELF,   0, -EBADMSG, 0 },
	{ "of an impossible link",   RTM_NEWNEIGH, AF_BRIDGE, NTF_SELF,  -1, -EBADMSG, 0 },
};

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changed); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(fdb_host));
		struct ndmsg *header = NLMSG_DATA(message);
		struct fdb_list list = { 0 };
		int r;

		message->nlmsg_type = changed[i].type;
		header->ndm_family = changed[i].family;
		header->ndm_flags = changed[i].flags;
		header->ndm_ifindex = changed[i].ifindex;
		r = rtnl_parse_fdb(message, &list);
		if (r != changed[i].result || list.count != changed[i].count)
			fail_msg("%s: %d, %zu far ends", changed[i].name, r, list.count);
		fdb_list_done(&list);
		free(message);
	}
}

/* NDA_DST is of one family or the other, NDA_PORT has two bytes at least. */
static void test_attributes_of_each_length(void **state)
{
	const struct attribute_path destination = { { NDA_DST } }, port = { { NDA_PORT } };

	(void)state;
	for (size_t len = 0; len <= 20; len++) {
		for (int which = 0; which < 2; which++) {
			_Alignas(struct nlmsghdr) uint8_t bytes[128];
			struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
			struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
			bool good = which ? len >= 2 : len == 4 || len == 16;
			struct fdb_list list = { 0 };

			message->nlmsg_type = RTM_NEWNEIGH;
			header->ndm_family = AF_BRIDGE;
			header->ndm_flags = NTF_SELF;
			header->ndm_ifindex = 7;
			message = end_with_attribute(message, which ? &port : &destination, len, 1);
			if (rtnl_parse_fdb(message, &list) != (good ? 0 : -EBADMSG) ||
			    list.count != (good && !which))
				fail_msg("%s of %zu bytes", which ? "port" : "address", len);
			fdb_list_done(&list);
			free(message);
		}
	}
}

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s: failed", command);
}

/* Two VXLAN links; many stations behind few far ends, and a veth pair that has a table too. */
static const char *const setup[] = {
	"ip link add v0 type veth peer name v1",
	"ip link add vx0 type vxlan id 1 remote 203.0.113.7 dstport 4789",
	"ip link add vx1 type vxlan id 2 group 239.1.2.3 dev v0 dstport 4790",
	"ip link add vx2 type vxlan id 3 remote 2001:db8::7 dstport 4791",
	"printf 'fdb add 02:00:00:00:00:%d dev vx1 dst 203.0.113.9\\n' $(seq 10 99) | bridge -batch -",
	"bridge fdb add 02:00:00:00:01:01 dev vx1 dst 203.0.113.9 port 1234",
	"bridge fdb add 02:00:00:00:01:02 dev vx1 dst 203.0.113.8",
	"bridge fdb append 00:00:00:00:00:00 dev vx0 dst 203.0.113.6",
	/* the state that the kernel gives to what it learns; one of them is set up as well */
	"bridge fdb add 02:00:00:00:01:03 dev vx1 dst 203.0.113.5 dynamic",
	"bridge fdb add 02:00:00:00:01:04 dev vx1 dst 203.0.113.8 dynamic",
	"bridge fdb add 02:00:00:00:01:05 dev vx1 dst 203.0.113.4 dynamic extern_learn",
};

static const struct { const char *link, *address; uint16_t port; bool learned; } expected[] = {
	{ "vx0", "203.0.113.6", 0, false },
	/* its own far end: an entry for every station not known */
	{ "vx0", "203.0.113.7", 0, false },
	{ "vx1", "203.0.113.4", 0, false },
	{ "vx1", "203.0.113.5", 0, true },
	{ "vx1", "203.0.113.8", 0, false },
	{ "vx1", "203.0.113.9", 0, false },
	{ "vx1", "203.0.113.9", 1234, false },
	{ "vx2", "2001:db8::7", 0, false },
};

static void check_dump(struct nl *nl, const char *link, size_t first, size_t count)
{
	struct fdb_list list = { 0 };
	char text[PREFIX_TEXT_MAX];

	assert_int_equal(rtnl_dump_fdb(nl, link ? if_nametoindex(link) : 0, &list), 0);
	assert_int_equal(list.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct fdb_entry *entry = &list.list[i];

		if (entry->ifindex != if_nametoindex(expected[first + i].link) ||
		    entry->port != expected[first + i].port ||
		    entry->learned != expected[first + i].learned ||
		    strcmp(address_format(&entry->address, text), expected[first + i].address) != 0)
			fail_msg("entry %zu: link %u, %s port %u%s", i, entry->ifindex, text,
				 entry->port, entry->learned ? ", learned" : "");
	}
	fdb_list_done(&list);
}

static void test_tables_of_the_kernel(void **state)
{
	struct nl *nl;

	(void)state;
	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &nl), 0);
	check_dump(nl, NULL, 0, COUNT(expected));
	check_dump(nl, "vx0", 0, 2);
	check_dump(nl, "vx1", 2, 5);
	check_dump(nl, "vx2", 7, 1);
	check_dump(nl, "v0", 0, 0);
	nl_close(nl);
}

/* What a look at a large table costs. */
static void test_cost(void **state)
{
	struct timespec begin, end;
	struct fdb_list list = { 0 };
	struct nl *nl;

	(void)state;
	run("for i in $(seq 1000 9999); do echo \"fdb add 02:00:00:01:${i%??}:${i#??} dev vx1 "
	    "dst 203.0.113.9\"; done | bridge -batch -");
	assert_int_equal(nl_open(NETLINK_ROUTE, 0, &nl), 0);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(rtnl_dump_fdb(nl, if_nametoindex("vx1"), &list), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(list.count, 5);
	print_message("%.1f ms for 9095 entries\n",
		      (double)(end.tv_sec - begin.tv_sec) * 1e3 +
			      (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
	fdb_list_done(&list);
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
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_attributes_of_each_length),
		cmocka_unit_test(test_tables_of_the_kernel),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests_name("rtnl_fdb", tests, enter_namespace, NULL);
}
